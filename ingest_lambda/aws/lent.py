"""Credentials that a container's or function's host lends over HTTP, kept until shortly before they expire.

A function restored from a snapshot (SnapStart) has no key in its environment, for that would have expired with the
snapshot: it has an address and a token to ask with, as containers do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from ingest_lambda.aws.signature import Credentials
from ingest_lambda.aws.wire import Wire

ADDRESS, TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
SPARE_S = 300.0  # asked anew this long before they expire
TIMEOUT_S = 2.0


class _Lent(msgspec.Struct):
    AccessKeyId: str
    SecretAccessKey: str
    Token: str
    Expiration: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(_Lent).decode
_moment = msgspec.json.Decoder(float | str).decode


class Lender:
    """Asks the host and remembers. Its errors are LookupError: without credentials no call can be signed."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._held: Credentials | None = None
        self._until = 0.0

    def credentials(self, environ: Mapping[str, str]) -> Credentials:
        """The lent credentials, asked for where none are held or those held are about to expire."""
        now = self._clock()
        if self._held is None or now >= self._until - SPARE_S:
            try:
                lent = _decode(_ask(environ))
            except (OSError, msgspec.MsgspecError) as error:
                if self._held is not None and now < self._until:
                    return self._held
                raise LookupError(f"no credentials at {environ.get(ADDRESS)}: {error}") from error
            self._held = Credentials(lent.AccessKeyId, lent.SecretAccessKey, lent.Token)
            self._until = _expiry(lent.Expiration, now)
        return self._held


def _ask(environ: Mapping[str, str]) -> bytes:
    parts = urlsplit(environ[ADDRESS])
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    headers = {"host": parts.netloc}
    if token := environ.get(TOKEN):
        headers["authorization"] = token
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    wire = Wire(parts.hostname or "", port, secure=secure, timeout_s=TIMEOUT_S)
    try:
        answer = wire.exchange("GET", path, headers, b"", TIMEOUT_S)
    finally:
        wire.close()
    if answer.status != 200:
        raise OSError(f"status {answer.status}")
    return answer.body


def _expiry(told: msgspec.Raw, now: float) -> float:
    """Epoch seconds; an hour from now where the host does not say, or not in a form we know."""
    text = bytes(told)
    if not text:
        return now + 3600
    moment = _moment(text)
    if isinstance(moment, float):
        return moment
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return now + 3600


LENDER = Lender()
