"""One HTTP/1.1 connection of the edge: bytes in, `Request`s out to a handler, replies back in order.

The parser is httptools (llhttp). A general server spends more on a small post than all of ours does on accepting
it: the decision record on the edge's server has the figures. Nothing here knows keys, positions or streams.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

import httptools

from ingest_lambda.exchange import Reply, Request

WANTED_HEADERS = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"traceparent",
        b"x-real-ip",
        b"expect",
        b"x-limit-u",
        b"x-limit-d",
    }
)  # no other is looked at, so no other is kept
MOST_HEADER_BYTES = 32 * 1024
MOST_QUEUED = 8  # requests of one connection that came before the first of them was answered
DRAINED_BYTES = 32 * 1024 * 1024
UNFINISHED_S, IDLE_S = 30.0, 75.0  # nginx lets go of an idle connection after 60 s, so it is first

Handler = Callable[[Request], Awaitable[Reply]]
TooLarge = Callable[[], Reply]

_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in HTTPStatus}
_UNREADABLE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Door:
    """What all connections of a process share: the handler, the limits, and who is connected."""

    def __init__(self, handle: Handler, too_large: TooLarge, max_body_bytes: int) -> None:
        self.handle = handle
        self.too_large = too_large
        self.max_body_bytes = max_body_bytes
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()  # referenced, or they could be collected while they run
        self.closing = False
        self.date = b""
        self.tick(0.0)

    def tick(self, now: float) -> None:
        """Once a second: refresh the date header, and end connections that hang or idle. `now` is loop time."""
        self.date = b"date: " + formatdate(usegmt=True).encode() + b"\r\n"
        for connection in list(self.connections):
            if connection.overdue(now):
                connection.end()

    async def drain(self) -> None:
        """Take no more requests, and return when those under way are answered."""
        self.closing = True
        for connection in list(self.connections):
            if not connection.busy:
                connection.end()
        while self.tasks:
            await asyncio.wait(self.tasks)


class Connection(asyncio.Protocol):
    """One client, or one of nginx's kept-alive connections."""

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        self._door = door
        self._loop = loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._peer = ""
        self._waiting: deque[tuple[Request | None, bool]] = deque()  # None: its body is too large
        self._since = loop.time()
        self._reading = False  # in the middle of a request
        self.busy = False
        self._paused = False
        self._begin()

    # --- asyncio ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) and peer else ""
        self._door.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._door.connections.discard(self)
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        self._since = self._loop.time()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.end()
        except httptools.HttpParserError:
            if not self._transport.is_closing():
                self._transport.write(_UNREADABLE)
                self._transport.close()

    def eof_received(self) -> bool:
        return self.busy  # a client may close its half and still read the answer

    # --- httptools ---

    def on_message_begin(self) -> None:
        self._begin()
        self._reading = True

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._weigh(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._weigh(len(name) + len(value))
        lowered = name.lower()
        if lowered in WANTED_HEADERS:
            self._headers[lowered.decode()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue":
            self._transport.write(_CONTINUE)

    def on_body(self, chunk: bytes) -> None:
        """Keep up to the limit. What is over it is taken off the wire and thrown away: a client that is answered
        while it still writes sees a broken connection instead of the answer."""
        self._size += len(chunk)
        if self._size <= self._door.max_body_bytes:
            self._chunks.append(chunk)
        elif self._size > DRAINED_BYTES:
            self.end()
        else:
            self._chunks.clear()

    def on_message_complete(self) -> None:
        self._reading = False
        keep = self._parser.should_keep_alive()
        self._waiting.append((self._request(), keep))
        if not self.busy:
            self.busy = True
            task = self._loop.create_task(self._answer_all())
            self._door.tasks.add(task)
            task.add_done_callback(self._door.tasks.discard)
        elif len(self._waiting) >= MOST_QUEUED and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    # --- ours ---

    def overdue(self, now: float) -> bool:
        """Whether it has sat too long in the middle of a request, or doing nothing at all."""
        return not self.busy and now - self._since > (UNFINISHED_S if self._reading else IDLE_S)

    def end(self) -> None:
        """Close, after what is written has gone."""
        if not self._transport.is_closing():
            self._transport.close()

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._chunks: list[bytes] = []
        self._size = 0
        self._weight = 0

    def _weigh(self, size: int) -> None:
        self._weight += size
        if self._weight > MOST_HEADER_BYTES:
            raise httptools.HttpParserError("headers too long")

    def _request(self) -> Request | None:
        if self._size > self._door.max_body_bytes:
            return None
        path, _, query = self._url.partition(b"?")
        chunks = self._chunks
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return Request(
            self._parser.get_method().decode("latin-1"),
            path.decode("latin-1"),
            self._headers,
            query.decode("latin-1"),
            body,
            self._peer or self._headers.get("x-real-ip", ""),
        )

    async def _answer_all(self) -> None:
        """Answer what has come, in order; what comes meanwhile too."""
        try:
            while self._waiting:
                request, keep = self._waiting.popleft()
                reply = self._door.too_large() if request is None else await self._door.handle(request)
                if self._transport.is_closing():
                    return
                keep = keep and not self._door.closing
                self._write(reply, keep=keep, headless=request is not None and request.method == "HEAD")
                if not keep:
                    self.end()
                    return
                if self._paused and not self._waiting:
                    self._paused = False
                    self._transport.resume_reading()
        finally:
            self.busy = False
            self._since = self._loop.time()

    def _write(self, reply: Reply, *, keep: bool, headless: bool) -> None:
        head = "".join([f"{name}: {value}\r\n" for name, value in reply.headers])
        length = "" if reply.status == HTTPStatus.NO_CONTENT else f"content-length: {len(reply.body)}\r\n"
        close = "" if keep else "connection: close\r\n"
        end = f"{head}{length}{close}\r\n".encode("latin-1")
        body = b"" if headless else reply.body
        self._transport.write(b"".join((_STATUS_LINES[reply.status], self._door.date, end, body)))
