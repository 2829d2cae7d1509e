"""Who is reporting: the Authorization header to a verified publishable key, with no database."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Container, Sequence
from functools import lru_cache

from ingest_lambda import keys
from ingest_lambda.keys import BadKey, Kind, VerifiedKey
from ingest_lambda.problems import unauthorized

# Verifying costs 15 us, looking up 0.1 us. Only genuine keys are remembered, so strangers cannot push them
# out.
REMEMBERED_KEYS = 65_536
MAX_HEADER_CHARS = 1024


class Gatekeeper:
    """Checks credentials against the signing secrets and the set of revoked key ids."""

    def __init__(self, secrets: Sequence[bytes], revoked: Container[int]) -> None:
        self._secrets = tuple(secrets)
        self._revoked = revoked
        self._read: Callable[[str], VerifiedKey] = lru_cache(maxsize=REMEMBERED_KEYS)(self._read_header)
        self._verify: Callable[[str], VerifiedKey] = lru_cache(maxsize=REMEMBERED_KEYS)(self._verify_text)

    def from_header(self, authorization: str | None) -> VerifiedKey:
        """The key in an Authorization header, `Bearer KEY` or Basic with the key as user name.

        Raises Problem 401. The revocation is looked up each time: a remembered key must still end within
        seconds.
        """
        if not authorization:
            raise unauthorized(
                "missing_key",
                "Send your publishable key: Authorization: Bearer pk_..., or Basic as user name.",
            )
        return self._not_revoked(self._read(authorization))

    def from_text(self, text: str) -> VerifiedKey:
        """The key written as `text`, for clients that have no headers. Raises Problem 401."""
        return self._not_revoked(self._verify(text))

    def _not_revoked(self, key: VerifiedKey) -> VerifiedKey:
        if key.key_id in self._revoked:
            problem = unauthorized("key_revoked", "This key was revoked. Make a new one on the keys page.")
            problem.key = key
            raise problem
        return key

    def _read_header(self, authorization: str) -> VerifiedKey:
        scheme, _, value = authorization[:MAX_HEADER_CHARS].strip().partition(" ")
        scheme, value = scheme.lower(), value.strip()
        if scheme == "bearer":
            return self._verify_text(value)
        if scheme == "basic":
            return self._verify_text(_user_name(value))
        raise unauthorized("invalid_key", "The Authorization header must be Bearer or Basic, with your key.")

    def _verify_text(self, text: str) -> VerifiedKey:
        try:
            key = keys.verify(text, self._secrets)
        except BadKey as error:
            raise unauthorized("invalid_key", _WHY[error.reason]) from None
        if key.kind is not Kind.PUBLISHABLE:
            problem = unauthorized(
                "wrong_key_kind",
                "This is a secret key, which must stay on your server. Devices report with the publishable key, pk_...",
            )
            problem.key = key
            raise problem
        return key


_WHY = {
    "malformed": "This is not a Milepost key. Copy the whole publishable key, pk_..., from the keys page.",
    "unknown_version": "This key has a format that is not known here.",
    "bad_signature": "This key was not made here, or a character of it is wrong.",
}


def _user_name(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        raise unauthorized("invalid_key", "The Basic credentials are not valid base64 of KEY: .") from None
