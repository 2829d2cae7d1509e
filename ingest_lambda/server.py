"""The HTTP edge on one machine, `python -m ingest_lambda.server`: `accept` behind one socket, a process a core."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import uvloop

from ingest_lambda import config, log
from ingest_lambda.accept import Porch, accept, refuse
from ingest_lambda.addresses import shown
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.exchange import Reply, Request
from ingest_lambda.feed_redis import RedisFeed
from ingest_lambda.flood_post import FloodPost
from ingest_lambda.flood_tallies import Tallies
from ingest_lambda.health import Facts, keep_beating
from ingest_lambda.http_connection import Connection, Door
from ingest_lambda.leases import Leases
from ingest_lambda.problems import Problem, body_too_large
from ingest_lambda.quotas import Quotas
from ingest_lambda.registrations import Registrar
from ingest_lambda.request_post import RequestPost, clock_us
from ingest_lambda.stream import engine
from ingest_lambda.tally import Tally

COMPONENT, REGISTRATIONS = "edge", "registrations"
# Under a flood of registrations the processes of positions are served first.
NICER_BY = 10
# New connections wait here to be taken; it must hold the burst of phones that come back all at once.
BACKLOG = 4096
STOP_WITHIN_S = 20
TICK_S = 1.0
# Over quota, an answer waits this long: below Retry-After's second, so that nobody well behaved loses anything.
HELD_BACK_S, MOST_HELD_BACK = 0.5, 1_000

logger = logging.getLogger(__name__)


class Edge:
    """One process: its door, its stream, its feed and its signs of life. Made inside a running loop."""

    def __init__(self, settings: config.Config, component: str) -> None:
        self._feed = RedisFeed(settings.redis_url)
        self._stream = engine.positions_writer(settings)
        gatekeeper = Gatekeeper(settings.key_signing_secrets, self._feed.revoked)
        self._quotas = Quotas(self._feed)
        self._leases = Leases(settings.redis_url, self._quotas, f"{socket.gethostname()}:{os.getpid()}")
        self._registrations = engine.registrations_writer(settings)
        tallies = Tallies()
        self._floods = FloodPost(settings.redis_url, tallies)
        self._registrar = Registrar(self._registrations, self._quotas, tallies=tallies)
        self._porch = Porch(
            gatekeeper,
            self._stream,
            settings.max_body_bytes,
            limits=self._quotas,
            registrar=self._registrar,
            feed=self._feed,
        )
        self._tally = Tally()
        self._requests = RequestPost(settings.redis_url)
        self._held_back = 0
        self.door = Door(self.handle, self._too_large, settings.max_body_bytes)
        self._tasks = [
            asyncio.create_task(self._feed.keep_looking()),
            asyncio.create_task(self._leases.keep_settling()),
            asyncio.create_task(self._floods.keep_exchanging()),
            asyncio.create_task(self._requests.keep_handing_on()),
            asyncio.create_task(keep_beating(settings.redis_url, component, str(os.getpid()), self._facts)),
            asyncio.create_task(self._tally.keep_telling(self._facts)),
            asyncio.create_task(self._tick()),
        ]

    async def handle(self, request: Request) -> Reply:
        """One request, whatever happens; it is counted, and a refusal is written down."""
        began = clock_us()
        try:
            reply = await accept(request, self._porch)
        except Exception:
            logger.exception("a request failed in a way nobody foresaw")
            detail = "Something went wrong here, not with your request. Send it again."
            reply = refuse(Problem(500, "internal_error", detail), self._porch)
        self._count(reply, request.path, request.client_ip)
        self._requests.note(request, reply, began, max(0, clock_us() - began))
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            await self._hold_back()
        return reply

    async def _hold_back(self) -> None:
        """Let who is over quota wait for its 429, as long as not too many do.

        A client that sends again at once would take the processor from everybody else; one that waits sends
        no more than one request a connection in the time. Waiting costs a timer.
        """
        if self._held_back >= MOST_HELD_BACK or self.door.closing:
            return
        self._held_back += 1
        try:
            await asyncio.sleep(HELD_BACK_S)
        finally:
            self._held_back -= 1

    async def close(self) -> None:
        """Answer what is under way, then send what waits: nothing that was accepted may be lost."""
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await self.door.drain()
        except TimeoutError:
            logger.warning("requests were still under way at the end", extra={"left": len(self.door.tasks)})
        await asyncio.gather(self._stream.close(), self._registrations.close())
        with suppress(Exception):  # the last second's records: worth a try, not a delay
            await asyncio.wait_for(self._requests.hand_on(), TICK_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        logger.info(
            "the door is closed", extra={"requests": self._tally.total, "flushes": self._stream.flushes}
        )

    def _too_large(self) -> Reply:
        reply = refuse(body_too_large(self._porch.max_body_bytes), self._porch)
        self._count(reply, "", "")
        return reply

    def _count(self, reply: Reply, path: str, client: str) -> None:
        if reply.code:
            facts: Facts = {"status": reply.status, "path": shown(path), "client": client}
            self._tally.refused(reply.code, dict(reply.headers)["x-request-id"], facts)
        else:
            self._tally.taken(str(reply.status))

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            self.door.tick(loop.time())

    def _facts(self) -> dict[str, int]:
        return {
            "requests": self._tally.total,
            "waiting": self._stream.waiting,
            "flushes": self._stream.flushes,
            "retries": self._stream.retries,
            "revoked_keys": len(self._feed.revoked),
            "over_quota": self._quotas.refused,
            "cap_reached": self._quotas.capped,
            "requests_lost": self._requests.log.lost,
            **self._registrar.counts.facts(),
            "connections": len(self.door.connections),
        }


async def serve(settings: config.Config, path: str, component: str = COMPONENT) -> None:
    """Serve on a unix socket, or on the configured address where it is empty, until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    edge = Edge(settings, component)

    def connected() -> Connection:
        return Connection(edge.door, loop)

    server: asyncio.Server
    if path:
        Path(path).unlink(missing_ok=True)
        server = await loop.create_unix_server(connected, path, backlog=BACKLOG)
        # nginx's workers have an account of their own; the folder, closed by `bin/box`, lets in their group alone
        Path(path).chmod(0o666)
    else:
        server = await loop.create_server(
            connected, settings.edge_host, settings.edge_port, backlog=BACKLOG, reuse_port=True
        )
    gc.freeze()  # what is here now stays: the collector need not look at it again
    logger.info("the door is open", extra={"address": path or f"{settings.edge_host}:{settings.edge_port}"})
    await stop.wait()
    server.close()
    await edge.close()
    if path:
        Path(path).unlink(missing_ok=True)


def worker_socket(path: str, worker: int | str) -> str:
    """Where a worker listens when each has its own socket: `edge.sock` becomes `edge-0.sock`, and so on."""
    base = Path(path)
    return str(base.with_name(f"{base.stem}-{worker}{base.suffix}"))


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop. Returns the exit code.

    One process, one core. For more, start several with `--index`, each on a socket of its own: workers that
    share one unix socket share it badly, since nginx keeps its connections open and the worker that woke first
    has nearly all of them. One more, with `--registrations`, is for those: nginx sends it nothing else, and the
    kernel serves it last.
    """
    parser = argparse.ArgumentParser(prog="python -m ingest_lambda.server", description=main.__doc__)
    parser.add_argument("--index", type=int, help="be one worker of several, on a socket of its own")
    parser.add_argument("--registrations", action="store_true", help="be the worker for registrations")
    chosen = parser.parse_args(arguments)
    worker: int | str | None = REGISTRATIONS if chosen.registrations else chosen.index
    component = REGISTRATIONS if chosen.registrations else COMPONENT
    try:
        settings = config.load()
    except config.BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log.configure(component, settings.log_level)
    if chosen.registrations:
        os.nice(NICER_BY)
    path = settings.edge_socket
    if worker is not None and path:
        path = worker_socket(path, worker)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, path, component))
    return 0


if __name__ == "__main__":
    sys.exit(main())
