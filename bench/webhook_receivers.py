"""Customers' endpoints for `bench.webhooks`: one that answers, one that never does, one that answers 500; loopback.

    python -m bench.webhook_receivers

Prints the three ports. For each line on its standard input it prints, as JSON, what came to the one that answers
since the line before: for each request the number in its path and the milliseconds since its event's `timestamp`.
"""

import asyncio
import json
import re
import sys
from datetime import UTC, datetime

NUMBER = re.compile(rb"^POST /(\d+)")
LENGTH = re.compile(rb"content-length: *(\d+)", re.I)
TIMESTAMP = re.compile(rb'"timestamp":"([^"]+)"')
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
seen: list[tuple[int, float]] = []


class Endpoint(asyncio.Protocol):
    """Reads requests and answers each with the same bytes; None: never."""

    def __init__(self, answer: bytes | None, *, counts: bool) -> None:
        self._answer, self._counts = answer, counts
        self._bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # it is a socket

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        while (end := self._bytes.find(b"\r\n\r\n")) >= 0:
            head = self._bytes[:end]
            length = LENGTH.search(head)
            whole = end + 4 + int(length[1] if length else 0)
            if len(self._bytes) < whole:
                return
            if self._counts:
                self._note(head, self._bytes[end + 4 : whole])
            self._bytes = self._bytes[whole:]
            if self._answer is not None:
                self._transport.write(self._answer)

    def _note(self, head: bytes, body: bytes) -> None:
        number, moment = NUMBER.match(head), TIMESTAMP.search(body)
        if number and moment:
            happened = datetime.fromisoformat(moment[1].decode())
            seen.append((int(number[1]), (datetime.now(UTC) - happened).total_seconds() * 1000))


async def main() -> None:
    loop = asyncio.get_running_loop()
    kinds: list[tuple[bytes | None, bool]] = [(GOOD, True), (None, False), (BROKEN, False)]
    servers = [
        await loop.create_server(
            lambda answer=answer, counts=counts: Endpoint(answer, counts=counts),  # type: ignore[misc]
            "127.0.0.1",
            0,
            backlog=4096,
        )
        for answer, counts in kinds
    ]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        told, seen[:] = list(seen), []
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
