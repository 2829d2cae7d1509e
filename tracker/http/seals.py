"""Small texts that leave the house and come back: nobody else can make, change or read them.

AES-SIV (RFC 5297) with the purpose as associated data. It is deterministic: the same contents give the same
bytes each time, which an id needs and a cursor does not mind.
"""

import hashlib
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

OVERHEAD_BYTES = 16


class BrokenSeal(ValueError):
    """Bytes that we did not seal, or not for this purpose."""


def seal(purpose: str, contents: bytes) -> bytes:
    """The contents, sealed for a purpose; OVERHEAD_BYTES longer. Empty contents cannot be sealed."""
    return _cipher(settings.SECRET_KEY).encrypt(contents, [purpose.encode()])


def unseal(purpose: str, sealed: bytes) -> bytes:
    """The contents sealed for this purpose; raises BrokenSeal."""
    try:
        return _cipher(settings.SECRET_KEY).decrypt(sealed, [purpose.encode()])
    except (InvalidTag, ValueError):
        raise BrokenSeal from None


@cache
def _cipher(secret: str) -> AESSIV:
    return AESSIV(hashlib.sha512(b"milepost.seals." + secret.encode()).digest())
