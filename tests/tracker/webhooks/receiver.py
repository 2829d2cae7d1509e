"""Customers' endpoints for tests: a real HTTP server of the loopback that answers as it is told and remembers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Reply = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answers(status: int, body: bytes = b"", **headers: str) -> Reply:
    """A plain answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    async def reply(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return reply


async def never(_: Request, writer: asyncio.StreamWriter) -> None:
    """Takes the request and does not answer."""
    await writer.wait_closed()


async def repeats_the_challenge(request: Request, writer: asyncio.StreamWriter) -> None:
    """What an endpoint must do to be verified."""
    await answers(200, json.dumps({"challenge": request.json.get("challenge", "")}).encode())(request, writer)


@dataclass
class Receiver:
    """`async with Receiver() as one:`; `one.reply` may be changed at any time, `one.by_path` wins over it."""

    reply: Reply = field(default_factory=lambda: answers(200))
    by_path: dict[str, Reply] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._writers: set[asyncio.StreamWriter] = set()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def events(self) -> list[str]:
        """Ids of the events that came, in order, each as often as it came."""
        return [r.headers["webhook-id"] for r in self.requests if r.headers["webhook-id"].startswith("evt_")]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:-2])
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(head[0].split(" ")[1], headers, body)
                self.requests.append(request)
                await self.by_path.get(request.path, self.reply)(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
