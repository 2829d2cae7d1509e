"""The address of the customer's page of a shipment. Nothing is stored: the token is the shipment's id, sealed.

A link must be told again and again (out for delivery, arriving, attempt failed), so it cannot be kept as a hash only.
The seal is an HMAC under the secrets that sign keys: the first seals, all are accepted, so they can be rotated.
"""

import base64
import binascii
import hashlib
import hmac
import struct
import uuid
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from dispatch.shipments.models import Shipment

SEAL_BYTES = 12  # 96 bits: nobody guesses one, and a link still fits a text message
_HEAD = struct.Struct(">I16s")
_PURPOSE = b"milepost/customer-page/1"
TOKEN_CHARACTERS = 43


class Opened(NamedTuple):
    """Whose page a token opens."""

    environment_id: int
    shipment_uid: uuid.UUID


def url_for(shipment: Shipment) -> str:
    """The absolute address of the customer's page."""
    return settings.BASE_URL + reverse("customer_page", args=[token_for(shipment)])


def token_for(shipment: Shipment) -> str:
    """43 characters that may stand in an address."""
    head = _HEAD.pack(shipment.environment_id, shipment.uid.bytes)
    return base64.urlsafe_b64encode(head + _seal(head, settings.KEY_SIGNING_SECRETS[0])).decode().rstrip("=")


def opened(token: str) -> Opened | None:
    """What a token opens; None for one that nobody here made."""
    if len(token) != TOKEN_CHARACTERS:
        return None
    try:
        raw = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    head, seal = raw[: _HEAD.size], raw[_HEAD.size :]
    if not any(hmac.compare_digest(seal, _seal(head, secret)) for secret in settings.KEY_SIGNING_SECRETS):
        return None
    environment_id, uid = _HEAD.unpack(head)
    return Opened(environment_id, uuid.UUID(bytes=uid))


def _seal(head: bytes, secret: bytes) -> bytes:
    key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()
    return hmac.new(key, head, hashlib.sha256).digest()[:SEAL_BYTES]
