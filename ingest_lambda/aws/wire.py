"""HTTP/1.1 as a client of AWS needs it: one kept connection, a request written whole, its answer read whole.

The standard library's client does more and imports the e-mail package for it, a tenth of a function's cold start.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache
from typing import BinaryIO, NamedTuple

LONGEST_LINE = 65_536
MOST_HEADERS = 200


class BadAnswer(ConnectionError):
    """What came back is no HTTP answer."""


class Answer(NamedTuple):
    """Status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """What every connection trusts, read once: some 20 ms."""
    return ssl.create_default_context()


class Wire:
    """An open connection. Whatever fails raises OSError, and then it is of no more use: close it."""

    def __init__(self, host: str, port: int, *, secure: bool, timeout_s: float) -> None:
        self._socket = socket.create_connection((host, port), timeout_s)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                self._socket = tls_context().wrap_socket(self._socket, server_hostname=host)
        except BaseException:
            self._socket.close()
            raise
        self._answers: BinaryIO = self._socket.makefile("rb")
        self.kept = True  # whether the other side waits for another request

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        """One request and its answer; `timeout_s` bounds each wait for the other side."""
        self._socket.settimeout(timeout_s)
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        if body or method in {"POST", "PUT"}:
            lines.append(f"content-length: {len(body)}")
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        while True:
            status, found = self._head()
            if status >= 200:
                break
        return Answer(status, found, self._body(method, status, found))

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._socket.close()

    def _head(self) -> tuple[int, dict[str, str]]:
        first = self._line().split(" ", 2)
        if len(first) < 2 or not first[0].startswith("HTTP/1.") or not first[1].isdigit():
            raise BadAnswer("what came back is no HTTP answer")
        found: dict[str, str] = {}
        while line := self._line():
            name, colon, value = line.partition(":")
            if not colon or len(found) >= MOST_HEADERS:
                raise BadAnswer("what came back has no headers of HTTP")
            found[name.strip().lower()] = value.strip()
        if first[0] == "HTTP/1.0" or found.get("connection", "").lower() == "close":
            self.kept = False
        return int(first[1]), found

    def _body(self, method: str, status: int, headers: Mapping[str, str]) -> bytes:
        if method == "HEAD" or status in {204, 304}:
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        if "content-length" in headers:
            return self._exactly(_whole(headers["content-length"], 10))
        self.kept = False
        return self._answers.read()

    def _chunks(self) -> bytes:
        parts = []
        while size := _whole(self._line().partition(";")[0], 16):
            parts.append(self._exactly(size))
            self._line()
        while self._line():
            pass  # trailers
        return b"".join(parts)

    def _exactly(self, size: int) -> bytes:
        data = self._answers.read(size)
        if len(data) != size:
            raise ConnectionResetError("the connection ended within an answer")
        return data

    def _line(self) -> str:
        line = self._answers.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the connection ended before an answer")
        return line.rstrip(b"\r\n").decode("latin-1")


def _whole(text: str, base: int) -> int:
    try:
        value = int(text.strip(), base)
    except ValueError:
        raise BadAnswer(f"{text[:40]!r} is no length") from None
    if value < 0:
        raise BadAnswer(f"{text[:40]!r} is no length")
    return value
