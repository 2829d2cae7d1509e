"""Whether an address can be written to, and how much of it a log line may show. Pure."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254
_PHONE = re.compile(r"\+?[0-9]{5,20}")
_PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")


def usable(channel: str, text: str) -> str:
    """The address as a channel takes it; empty where it cannot be one."""
    if channel == "mail":
        return _mail(text)
    if channel == "sms":
        bare = _PUNCTUATION.sub("", text)
        return bare if _PHONE.fullmatch(bare) else ""
    token = text.strip()
    return token if token.isascii() and token.isprintable() and len(token) <= LONGEST else ""


def masked(address: str) -> str:
    """Enough to recognise it, too little to use it."""
    name, at, host = address.rpartition("@")
    if at:
        return f"{name[:1]}…@{host}"
    return f"…{address[-3:]}" if len(address) > 3 else "…"


def _mail(text: str) -> str:
    address = text.strip()
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address if len(address) <= LONGEST else ""
