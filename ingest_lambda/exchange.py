"""One request and one reply, in plain values, so that any server or a Lambda function can carry them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ingest_lambda.keys import VerifiedKey


class Headers(Protocol):
    """Request headers looked up by lower-case name."""

    def get(self, name: str, /) -> str | None:
        """The value of a header, or None."""
        ...


class Request(NamedTuple):
    """What came in. `path` has no query string; `client_ip` is only ever logged."""

    method: str
    path: str
    headers: Headers
    query: str
    body: bytes
    client_ip: str = ""


class Seen(NamedTuple):
    """What the customers' request log says of a request: whose it is, its first device, and how many of its reports
    (or registrations) were taken and refused, -1 where it came to none. `reason` is that of the first refused."""

    key: VerifiedKey
    device: str = ""
    accepted: int = -1
    refused: int = -1
    reason: str = ""


class Reply(NamedTuple):
    """What goes out. `code` is the stable word of a problem, for counting; it is empty on success. `seen` is None
    where the request had no key of ours."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    code: str = ""
    seen: Seen | None = None
