"""Delivers due messages: claims them, sends them side by side, writes down what came of them. One event loop.

Whatever it has in memory is also in the database, under a lease: when this process dies at any point, another one
takes the messages over and sends them again.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import TypeVar

from django.db import Error as DatabaseTrouble
from django.db import InterfaceError, OperationalError, close_old_connections

from tracker.webhooks import claims, results, signing
from tracker.webhooks.body import trace_headers
from tracker.webhooks.claims import Delivery
from tracker.webhooks.client import Answer, Client
from tracker.webhooks.lanes import Lanes
from tracker.webhooks.results import Result

POLL_S = 0.1
SLOW_POLL_S = 0.5
FLUSH = 200  # results written down at once
PAUSE_S = 1.0  # when the database is away
T = TypeVar("T")
logger = logging.getLogger(__name__)


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def in_database(work: Callable[[], T]) -> T:
    """Do it in this thread, with a connection that is known to work; it goes back to the pool afterwards."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


class Deliverer:
    """Use `run_claims` and `run_records` as two tasks; `wake` when there is something new; `drain` at the end."""

    def __init__(self, client: Client, threads: Executor, *, lanes: Lanes | None = None) -> None:
        self._client = client
        self._threads = threads
        self.lanes = lanes or Lanes()
        self._done: asyncio.Queue[Result] = asyncio.Queue()
        self._writing = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._more = asyncio.Event()
        self._slow_looked = 0.0
        self._more_may_wait = False
        self.delivered = self.failed = 0

    def wake(self) -> None:
        """Look for due messages at once."""
        self._more.set()

    async def run_claims(self) -> None:
        """Claim and send until cancelled."""
        while True:
            self._more.clear()
            begun = time.monotonic()
            try:
                self._more_may_wait = await self.claim_once()
            except DatabaseTrouble as error:
                logger.error("deliveries wait, nothing is lost", extra={"reason": str(error).strip()[:200]})
                await asyncio.sleep(PAUSE_S)
                continue
            # a claim costs the same for one message as for hundreds: under load, let places come free meanwhile
            await asyncio.sleep(min(time.monotonic() - begun, POLL_S))
            try:
                async with asyncio.timeout(POLL_S):
                    await self._more.wait()
            except TimeoutError:
                continue

    async def claim_once(self) -> bool:
        """Fill what is free in both lanes; whether more may wait for a place in the fast one."""
        more = await self._fill(slow_lane=False)
        if time.monotonic() - self._slow_looked >= SLOW_POLL_S:
            self._slow_looked = time.monotonic()
            await self._fill(slow_lane=True)
        return more

    async def _fill(self, *, slow_lane: bool) -> bool:
        begun = time.monotonic()
        waiting = self._done.qsize() + self._writing
        limit = self.lanes.free(now=begun, slow_lane=slow_lane, waiting=waiting)
        if not limit:
            return True
        busy, slow, parked = self.lanes.busy(), self.lanes.slow(), self.lanes.parked(now=begun)
        found = await self.work(
            lambda: claims.claim(
                now=clock(), limit=limit, busy=busy, slow=slow, parked=parked, slow_lane=slow_lane
            )
        )
        for delivery in found:
            self.lanes.begin(
                delivery.message_id, delivery.endpoint_id, now=time.monotonic(), slow_lane=slow_lane
            )
            task = asyncio.create_task(self._send(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(found) > 0

    async def _send(self, delivery: Delivery) -> None:
        started = clock()
        timestamp = int(started.timestamp())
        headers = {
            "Content-Type": delivery.content_type,
            **signing.headers(delivery.secrets, delivery.event, timestamp, delivery.body),
            **trace_headers(delivery.request_id, delivery.message),
        }
        answer = Answer(None, "it could not be sent")
        try:
            answer = await self._client.post(delivery.url, headers, delivery.body)
        except Exception:  # a mistake of ours must cost this message an attempt, and nobody else anything
            logger.exception("a webhook could not be sent", extra={"endpoint": delivery.endpoint})
        finally:
            self.lanes.end(delivery.message_id, ok=answer.ok, now=time.monotonic())
            if self._more_may_wait:  # for the place that is free now
                self._more.set()
        self.delivered += answer.ok
        self.failed += not answer.ok
        self._done.put_nowait(results.result_of(delivery, answer, started_at=started, now=clock()))

    async def run_records(self) -> None:
        """Write results down until cancelled."""
        while True:
            await self.record_once([await self._done.get()])

    async def record_once(self, batch: list[Result]) -> None:
        """Write down the batch and what else is there; while the database is away, try again."""
        while len(batch) < FLUSH and not self._done.empty():
            batch.append(self._done.get_nowait())
        self._writing = len(batch)
        try:
            await self._record(batch)
        finally:
            self._writing = 0
            for _ in batch:
                self._done.task_done()

    async def _record(self, batch: list[Result]) -> None:
        while True:
            try:
                await self.work(lambda: results.record(batch, now=clock()))
                return
            except (OperationalError, InterfaceError) as error:
                logger.error("attempts wait to be written down", extra={"reason": str(error).strip()[:200]})
                await asyncio.sleep(PAUSE_S)
            except DatabaseTrouble:
                if len(batch) == 1:  # its lease ends, and it is tried again
                    logger.exception(
                        "an attempt cannot be written down", extra={"event": batch[0].delivery.event}
                    )
                    return
                for one in batch:
                    await self._record([one])
                return

    async def drain(self, *, within_s: float) -> None:
        """The end: let what is under way come home and write it down. Of the rest the leases end."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            async with asyncio.timeout(within_s):
                await self._done.join()
        except TimeoutError:
            logger.error("attempts were not written down: they will be made again")

    async def work(self, do: Callable[[], T]) -> T:
        """In a thread of the database's."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, in_database, do)
