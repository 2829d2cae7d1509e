"""Standard Webhooks signatures: made and checked. Pure.

https://github.com/standard-webhooks/standard-webhooks: HMAC-SHA256 over `id.timestamp.body` with the decoded secret,
in the header as `v1,` and base64; several, parted by spaces, while secrets overlap.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
TOLERANCE_S = 300
SECRET_BYTES = 32


class BadSecret(ValueError):
    """A text that is no signing secret."""


class BadSignature(ValueError):
    """A request that is not what it says it is; the text says what is wrong with it."""


def new_secret() -> bytes:
    """A fresh secret."""
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """As people copy it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secret).decode("ascii")


def secret_bytes(text: str) -> bytes:
    """What a secret's text stands for, with or without prefix and padding. Raises BadSecret."""
    digits = text.strip().removeprefix(PREFIX).rstrip("=")
    try:
        secret = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret("a secret is whsec_ and base64") from None
    if not secret:
        raise BadSecret("a secret must not be empty")
    return secret


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, `v1,…`. `timestamp` is in seconds since 1970."""
    signed = b"%s.%d.%s" % (message_id.encode("utf-8", "replace"), timestamp, body)
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")


def headers(in_force: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a request, with a signature by each secret in force."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(one, message_id, timestamp, body) for one in in_force),
    }


def verify(
    in_force: Iterable[bytes],
    given: Mapping[str, str],
    body: bytes,
    *,
    now: float,
    tolerance_s: int = TOLERANCE_S,
) -> None:
    """Check a request as its receiver. `given`: headers in any case; `now`: seconds since 1970. Raises BadSignature."""
    found = {name.lower(): value for name, value in given.items()}
    message_id, moment, signatures = (
        found.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not (message_id and moment and signatures):
        raise BadSignature("webhook-id, webhook-timestamp or webhook-signature is missing")
    if not (moment.isascii() and moment.isdecimal() and len(moment) < 16):
        raise BadSignature("webhook-timestamp is no number of seconds")
    if abs(now - int(moment)) > tolerance_s:
        raise BadSignature(
            f"webhook-timestamp is more than {tolerance_s} seconds away: a replay, or a wrong clock"
        )
    wanted = [signature(secret, message_id, int(moment), body).encode() for secret in in_force]
    # each is compared with each, in constant time: which one fits tells nobody anything
    fits = [
        hmac.compare_digest(one, each.encode("utf-8", "replace"))
        for one in wanted
        for each in signatures.split(" ")
    ]
    if not any(fits):
        raise BadSignature("no signature fits: another secret, or the body was changed on its way")
