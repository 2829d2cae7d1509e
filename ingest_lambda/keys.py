"""The format of API keys: mint and verify them with no database. Pure, standard library only."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

# pk_live_ + base62 of: version (1) | key id (8) | environment id (8) | random (16) | cut HMAC-SHA256 (16)
# The HMAC covers the prefix text and all bytes before it, so a test key cannot be relabelled live.
FORMAT_VERSION = 1
RANDOM_BYTES = 16
SIGNATURE_BYTES = 16
SIGNED_BYTES = 1 + 8 + 8 + RANDOM_BYTES
PAYLOAD_BYTES = SIGNED_BYTES + SIGNATURE_BYTES
PAYLOAD_CHARS = 66  # the smallest n with 62**n >= 256**PAYLOAD_BYTES
MAX_ID = 2**63 - 1

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = {char: value for value, char in enumerate(ALPHABET)}


class Kind(StrEnum):
    """Publishable keys live in devices and may only report; secret keys live on servers and may do all."""

    PUBLISHABLE = "pk"
    SECRET = "sk"  # noqa: S105 a prefix, no password


class Mode(StrEnum):
    """Test data never bills and never mixes with live data."""

    TEST = "test"
    LIVE = "live"


class BadKey(Exception):
    """A text that is no key of ours; `reason` is `malformed`, `unknown_version` or `bad_signature`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class VerifiedKey(NamedTuple):
    """What a key's own signature vouches for. Whether it was revoked is not in it."""

    kind: Kind
    mode: Mode
    key_id: int
    environment_id: int


_PREFIXES = {f"{kind}_{mode}_": (kind, mode) for kind in Kind for mode in Mode}
PREFIX_CHARS = 8
KEY_CHARS = PREFIX_CHARS + PAYLOAD_CHARS


def mint(
    kind: Kind,
    mode: Mode,
    key_id: int,
    environment_id: int,
    secret: bytes | str,
    *,
    random: Callable[[int], bytes] = os.urandom,
) -> str:
    """A new key text signed with `secret`. Raises ValueError for ids outside 0..2**63-1, an empty secret."""
    if not 0 <= key_id <= MAX_ID or not 0 <= environment_id <= MAX_ID:
        raise ValueError(f"key id {key_id} and environment id {environment_id} must lie within 0..2**63-1")
    prefix = f"{Kind(kind)}_{Mode(mode)}_"
    ids = key_id.to_bytes(8, "big") + environment_id.to_bytes(8, "big")
    signed = bytes([FORMAT_VERSION]) + ids + random(RANDOM_BYTES)
    if len(signed) != SIGNED_BYTES:
        raise ValueError(f"the source of randomness gave {len(signed) - 17} bytes instead of {RANDOM_BYTES}")
    return prefix + _to_base62(signed + _signature(prefix, signed, secret))


def verify(text: str, secrets: Sequence[bytes | str]) -> VerifiedKey:
    """What `text` vouches for if one of `secrets` signed it.

    Raises BadKey and nothing else, whatever the text. Every secret is compared in constant time; none given
    is a mistake of the operator and fails every key.
    """
    prefix, payload = text[:PREFIX_CHARS], text[PREFIX_CHARS:]
    kind_and_mode = _PREFIXES.get(prefix)
    if kind_and_mode is None or len(payload) != PAYLOAD_CHARS:
        raise BadKey("malformed")
    data = _from_base62(payload)
    if data[0] != FORMAT_VERSION:
        raise BadKey("unknown_version")
    signed, given = data[:SIGNED_BYTES], data[SIGNED_BYTES:]
    genuine = False
    for secret in secrets:
        genuine |= hmac.compare_digest(_signature(prefix, signed, secret), given)
    if not genuine:
        raise BadKey("bad_signature")
    kind, mode = kind_and_mode
    return VerifiedKey(kind, mode, int.from_bytes(data[1:9], "big"), int.from_bytes(data[9:17], "big"))


def fingerprint(text: str) -> bytes:
    """SHA-256 of a key text: what the database stores. Fast on purpose: 128 random bits cannot be guessed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _signature(prefix: str, signed: bytes, secret: bytes | str) -> bytes:
    key = secret.encode() if isinstance(secret, str) else secret
    if not key:
        raise ValueError("an empty signing secret would let anyone mint keys")
    return hmac.digest(key, prefix.encode() + signed, "sha256")[:SIGNATURE_BYTES]


def _to_base62(data: bytes) -> str:
    number, chars = int.from_bytes(data, "big"), []
    for _ in range(PAYLOAD_CHARS):
        number, digit = divmod(number, 62)
        chars.append(ALPHABET[digit])
    return "".join(reversed(chars))


def _from_base62(text: str) -> bytes:
    number = 0
    for char in text:
        digit = _DIGITS.get(char)
        if digit is None:
            raise BadKey("malformed")
        number = number * 62 + digit
    try:
        return number.to_bytes(PAYLOAD_BYTES, "big")
    except OverflowError:
        raise BadKey("malformed") from None
