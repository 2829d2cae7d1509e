"""One connection to Redis for asyncio: commands out in one write, replies in order. Small because a door needs little.

The whole of redis-py costs some 200 us a pipeline; this costs 20 us, and a door sends hundreds a second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

Argument = bytes | str | int
# hiredis' stub asks for a tuple of exactly one element; it packs any number
_pack = cast(Callable[[tuple[bytes | str | int, ...]], bytes], hiredis.pack_command)
CONNECT_TIMEOUT_S = 3.0


class ConnectionLost(ConnectionError):
    """Redis closed the connection or cannot be reached: it reads nothing more of what was sent on it."""


class RedisRefused(Exception):
    """Redis answered a command with an error: it did not carry it out."""


class Address(NamedTuple):
    """Where a Redis listens, from a URL `unix:///path?db=0` or `redis://user:password@host:6379/0`."""

    path: str
    host: str
    port: int
    database: int
    username: str
    password: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raises ValueError for another kind of URL."""
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if parts.scheme in {"unix", "redis+socket"}:
            database = int(query.get("db", ["0"])[0])
            return cls(unquote(parts.path), "", 0, database, username, password)
        if parts.scheme == "redis":
            database = int(query.get("db", [parts.path.strip("/") or "0"])[0])
            return cls("", parts.hostname or "127.0.0.1", parts.port or 6379, database, username, password)
        raise ValueError(f"a Redis URL begins with unix:// or redis://, not {parts.scheme}://")


class _Awaited(NamedTuple):
    future: asyncio.Future[list[Any]]
    expected: int
    replies: list[Any]


class RedisConnection(asyncio.Protocol):
    """An open connection. Use `open`; a lost one is never mended, open another."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._awaited: deque[_Awaited] = deque()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, url: str) -> RedisConnection:
        """Connect, sign in, select the database. Raises ConnectionLost or RedisRefused."""
        address, connection = Address.parse(url), cls()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await connection._connect(address)
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | TimeoutError):
                raise ConnectionLost(f"Redis cannot be reached: {type(error).__name__}: {error}") from error
            raise
        return connection

    async def _connect(self, address: Address) -> None:
        loop = asyncio.get_running_loop()
        if address.path:
            await loop.create_unix_connection(lambda: self, address.path)
        else:
            await loop.create_connection(lambda: self, address.host, address.port)
        if address.password:
            user = (address.username,) if address.username else ()
            await self.execute("AUTH", *user, address.password)
        if address.database:
            await self.execute("SELECT", address.database)

    async def execute(self, *command: Argument) -> Any:
        """The reply to one command. Raises RedisRefused or ConnectionLost."""
        reply = (await self.pipeline([command]))[0]
        if isinstance(reply, Exception):
            raise RedisRefused(str(reply))
        return reply

    async def pipeline(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """The replies to several commands sent in one write; an error reply is an exception in the list."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLost("the connection to Redis is closed")
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._awaited.append(_Awaited(future, len(commands), []))
        self._transport.write(b"".join([_pack(command) for command in commands]))
        return await future

    def close(self) -> None:
        """Let go of the connection; who still waits gets ConnectionLost."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while self._awaited:
            reply = self._reader.gets()
            if reply is False:
                return
            awaited = self._awaited[0]
            awaited.replies.append(reply)
            if len(awaited.replies) == awaited.expected:
                self._awaited.popleft()
                if not awaited.future.done():
                    awaited.future.set_result(awaited.replies)

    def connection_lost(self, exc: Exception | None) -> None:
        while self._awaited:
            future = self._awaited.popleft().future
            if not future.done():
                future.set_exception(ConnectionLost("Redis closed the connection before it answered"))
