"""The HTTP edge on one machine, `python -m ingest_lambda.server`: `accept` behind Granian, one worker a core."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server

from ingest_lambda import config, log
from ingest_lambda.accept import Porch, accept, refuse
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.exchange import Reply, Request
from ingest_lambda.health import keep_beating
from ingest_lambda.problems import Problem, body_too_large
from ingest_lambda.revocations import Revocations
from ingest_lambda.stream.redis_streams import RedisStreamWriter
from ingest_lambda.tally import Tally

COMPONENT = "edge"
# Connections kept open at once per worker. Beyond it new ones wait to be accepted, so it must hold all that
# wait for a stream that is away for some seconds.
CONNECTIONS = 4096
STOP_WITHIN_S = 20
DRAINED_BYTES = 32 * 1024 * 1024

logger = logging.getLogger(__name__)


class Edge:
    """One worker: an RSGI application with its stream, its revocations and its signs of life."""

    def __init__(self) -> None:
        self._config = config.load()
        log.configure(COMPONENT, self._config.log_level)
        self._revocations = Revocations(self._config.redis_url)
        self._gatekeeper = Gatekeeper(self._config.key_signing_secrets, self._revocations)
        self._tally = Tally()
        self._tasks: list[asyncio.Task[None]] = []
        self._stream: RedisStreamWriter
        self._porch: Porch

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this before the worker takes requests."""
        loop.run_until_complete(self._start())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this when the last request is answered: nothing that was accepted may be lost."""
        loop.run_until_complete(self._stop())

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """One request."""
        reply = await self._answer(scope, protocol)
        if reply.code:
            facts = {"status": reply.status, "path": scope.path, "client": scope.client}
            self._tally.refused(reply.code, dict(reply.headers)["x-request-id"], facts)
        else:
            self._tally.taken(str(reply.status))
        protocol.response_bytes(reply.status, reply.headers, reply.body)

    async def _answer(self, scope: Any, protocol: Any) -> Reply:
        limit = self._config.max_body_bytes
        try:
            body = await _read_body(scope.headers.get("content-length"), protocol, limit)
            request = Request(scope.method, scope.path, scope.headers, scope.query_string, body, scope.client)
            return await accept(request, self._porch)
        except _TooLarge:
            return refuse(body_too_large(limit), self._porch)
        except Exception:
            logger.exception("a request failed in a way nobody foresaw")
            detail = "Something went wrong here, not with your request. Send it again."
            return refuse(Problem(500, "internal_error", detail), self._porch)

    async def _start(self) -> None:
        self._stream = RedisStreamWriter(self._config.redis_url, self._config.lanes)
        self._porch = Porch(self._gatekeeper, self._stream, self._config.max_body_bytes)
        url, instance = self._config.redis_url, str(os.getpid())
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._revocations.keep_looking()),
            loop.create_task(keep_beating(url, COMPONENT, instance, self._facts)),
            loop.create_task(self._tally.keep_telling(self._facts)),
        ]

    async def _stop(self) -> None:
        await self._stream.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        logger.info(
            "the door is closed", extra={"requests": self._tally.total, "flushes": self._stream.flushes}
        )

    def _facts(self) -> dict[str, int]:
        return {
            "requests": self._tally.total,
            "waiting": self._stream.waiting,
            "flushes": self._stream.flushes,
            "retries": self._stream.retries,
            "revoked_keys": len(self._revocations),
        }


class _TooLarge(Exception):
    """The body is over the limit; what there was of it is gone."""


async def _read_body(content_length: str | None, protocol: Any, limit: int) -> bytes:
    """The whole body, never holding more than `limit` bytes and one chunk.

    A body that is too large is still taken off the wire, up to DRAINED_BYTES, and thrown away: a client that is
    answered while it writes sees a broken connection instead of the answer.
    """
    if content_length is not None and content_length.isdigit() and int(content_length) <= limit:
        return bytes(await protocol())
    chunks: list[bytes] = []
    size = 0
    async for chunk in protocol:
        size += len(chunk)
        if size > DRAINED_BYTES:
            break
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
    if size > limit:
        raise _TooLarge
    return b"".join(chunks)


def make_edge() -> Edge:
    """The application of one worker; Granian calls this in each."""
    return Edge()


def worker_socket(path: str, index: int) -> str:
    """Where worker `index` listens when each has its own socket: `edge.sock` becomes `edge-0.sock`, and so on."""
    base = Path(path)
    return str(base.with_name(f"{base.stem}-{index}{base.suffix}"))


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop. Returns the exit code.

    Workers that share one unix socket share it badly: nginx keeps its connections open, and the worker that woke
    first has nearly all of them. So the front should have one process and one socket a worker (`--index`).
    """
    parser = argparse.ArgumentParser(prog="python -m ingest_lambda.server", description=main.__doc__)
    parser.add_argument("--index", type=int, help="be one worker of several, on a socket of its own")
    index: int | None = parser.parse_args(arguments).index
    try:
        settings = config.load()
    except config.BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log.configure(COMPONENT, settings.log_level)
    _serve(settings, index)
    return 0


def _serve(settings: config.Config, index: int | None) -> None:
    socket = settings.edge_socket
    if index is not None and socket:
        socket = worker_socket(socket, index)
    Server(
        "ingest_lambda.server:make_edge",
        factory=True,
        address=settings.edge_host,
        port=settings.edge_port,
        uds=Path(socket) if socket else None,
        uds_permissions=0o666,  # nginx's workers have an account of their own; the folder keeps others away
        interface=Interfaces.RSGI,
        workers=settings.edge_workers if index is None else 1,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
        websockets=False,
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN_S,
    ).serve()


if __name__ == "__main__":
    sys.exit(main())
