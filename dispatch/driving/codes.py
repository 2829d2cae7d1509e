"""The delivery code: four digits the customer sees on their page and tells the driver. Worked out, not stored."""

import hashlib
import hmac
import uuid

from django.conf import settings

DIGITS = 4
_PURPOSE = b"milepost/delivery-code/1"


def code_for(shipment_uid: uuid.UUID) -> str:
    """The code of a shipment, as text with leading zeros."""
    return _code(shipment_uid, settings.KEY_SIGNING_SECRETS[0])


def is_code_for(shipment_uid: uuid.UUID, code: str) -> bool:
    """Whether that is the shipment's code, also one shown before the secrets were rotated."""
    given = code.strip().encode()
    secrets = settings.KEY_SIGNING_SECRETS
    return any(hmac.compare_digest(given, _code(shipment_uid, secret).encode()) for secret in secrets)


def _code(shipment_uid: uuid.UUID, secret: bytes) -> str:
    raw = hmac.new(secret, _PURPOSE + shipment_uid.bytes, hashlib.sha256).digest()
    return f"{int.from_bytes(raw[:8], 'big') % 10**DIGITS:0{DIGITS}}"
