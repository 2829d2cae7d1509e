"""The key that signs evidence packs: Ed25519, drawn from the installation's secret, so there is nothing to keep."""

import hashlib
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


def sign(message: bytes) -> dict[str, str]:
    """What stands in a pack's signature.json."""
    return {
        "algorithm": "Ed25519",
        "public_key": public_key(),
        "signature": _key(settings.SECRET_KEY).sign(message).hex(),
    }


def public_key() -> str:
    """Hexadecimal; another one after the installation's secret was changed."""
    return _key(settings.SECRET_KEY).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


@cache
def _key(secret: str) -> Ed25519PrivateKey:
    seed = hashlib.sha512(b"milepost.evidence." + secret.encode()).digest()[:32]
    return Ed25519PrivateKey.from_private_bytes(seed)
