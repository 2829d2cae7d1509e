"""The relay process: hands events on, verifies endpoints, delivers messages, and says that it is there."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import redis.asyncio
from django.conf import settings
from django.db import Error as DatabaseTrouble
from redis.exceptions import RedisError

from tracker.outbox.relay import BATCH, relay_batch
from tracker.outbox.stuck import Stuck
from tracker.webhooks import signing, verification
from tracker.webhooks.claims import waiting_since
from tracker.webhooks.client import Client
from tracker.webhooks.deliverer import Deliverer, clock
from tracker.webhooks.verification import Challenge

POLL_S = 0.1  # an event waits this long at most before it is seen: one look at an index that is empty then
VERIFY_POLL_S = 0.5
BEAT_S = 5.0
BEAT_LASTS_S = 15
PAUSE_S = 1.0
PARKED_S = 30.0  # how long an event that a subscriber failed at waits for its next time
DRAIN_S = 16.0  # a little more than an attempt may take
THREADS = 4
logger = logging.getLogger(__name__)


class RelayProcess:
    """`run` lasts until `stop` is set. Several may run at once, on one machine or on many."""

    def __init__(self, *, allow_private: bool | None = None) -> None:
        self._allow_private = settings.WEBHOOKS_ALLOW_PRIVATE if allow_private is None else allow_private
        self._threads = ThreadPoolExecutor(THREADS, "relay")
        self._parked: dict[int, float] = {}
        self._stuck = Stuck(forget_s=3 * PARKED_S)
        self._relayed = 0
        self._worked_at = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; then finish what is under way."""
        async with (
            Client(allow_private=self._allow_private) as client,
            Client(allow_private=self._allow_private, timeout_s=verification.TIMEOUT_S) as asker,
        ):
            deliverer = Deliverer(client, self._threads)
            records = asyncio.create_task(deliverer.run_records())
            rest = [
                asyncio.create_task(each)
                for each in (
                    self._run("events wait, nothing is lost", POLL_S, lambda: self.relay_once(deliverer)),
                    self._run(
                        "verifications wait", VERIFY_POLL_S, lambda: self.verify_once(asker, deliverer)
                    ),
                    deliverer.run_claims(),
                    self._beat(deliverer),
                )
            ]
            stopped = asyncio.create_task(_until(stop))
            # a task that ends by itself has met a mistake of ours: better to start afresh than to limp
            ended, _ = await asyncio.wait([stopped, records, *rest], return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            await deliverer.drain(within_s=DRAIN_S)
            records.cancel()
            await asyncio.gather(records, return_exceptions=True)
            for task in ended - {stopped}:
                task.result()
        self._threads.shutdown(wait=True)

    async def _run(self, trouble: str, poll_s: float, once: Callable[[], Awaitable[bool]]) -> None:
        """Once and again: at once while there is more, after `poll_s` otherwise, after a pause in trouble."""
        while True:
            try:
                if not await once():
                    await asyncio.sleep(poll_s)
            except DatabaseTrouble as error:
                logger.error(trouble, extra={"reason": str(error).strip()[:200]})
                await asyncio.sleep(PAUSE_S)

    async def relay_once(self, deliverer: Deliverer) -> bool:
        """One batch; whether there may be more."""
        now = time.monotonic()
        self._parked = {event: until for event, until in self._parked.items() if until > now}
        parked = list(self._parked)
        batch = await deliverer.work(lambda: relay_batch(now=clock(), parked=parked))
        self._parked |= dict.fromkeys(batch.failed, time.monotonic() + PARKED_S)
        self._stuck.failed(batch.kinds, at=time.monotonic())
        self._relayed += batch.count
        self._worked_at = time.monotonic()
        if batch.count:
            deliverer.wake()
        return batch.count + len(batch.failed) >= BATCH

    async def verify_once(self, asker: Client, deliverer: Deliverer) -> bool:
        """Ask every endpoint that somebody wants verified, side by side."""
        asked = await deliverer.work(lambda: verification.claim(now=clock()))
        await asyncio.gather(*(self._verify(each, asker, deliverer) for each in asked))
        return False

    async def _verify(self, challenge: Challenge, asker: Client, deliverer: Deliverer) -> None:
        timestamp = int(clock().timestamp())
        headers = signing.headers(challenge.secrets, challenge.id, timestamp, challenge.body)
        answer = await asker.post(
            challenge.url, {"Content-Type": challenge.content_type, **headers}, challenge.body
        )
        fault = await deliverer.work(lambda: verification.settle(challenge, answer, now=clock()))
        facts = {"endpoint": challenge.endpoint, "environment_id": challenge.environment_id, "reason": fault}
        logger.info("a webhook endpoint was asked whether it wants to be told", extra=facts)

    async def _beat(self, deliverer: Deliverer) -> None:
        """Write `health:relay:<pid>` with what there is to do; while Redis is away it expires, and webhooks go on."""
        client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3)
        try:
            while True:
                try:
                    text = msgspec.json.encode(await self._facts(deliverer))
                    await client.set(f"health:relay:{os.getpid()}", text, ex=BEAT_LASTS_S)
                except (RedisError, OSError, TimeoutError, DatabaseTrouble) as error:
                    logger.warning("heartbeat not written", extra={"reason": str(error)[:200]})
                await asyncio.sleep(BEAT_S)
        finally:
            await client.aclose()

    async def _facts(self, deliverer: Deliverer) -> dict[str, Any]:
        lags = await deliverer.work(lambda: waiting_since(now=clock()))
        return {
            "at": round(time.time(), 3),
            "relayed": self._relayed,
            "delivered": deliverer.delivered,
            "failed": deliverer.failed,
            "under_way": len(deliverer.lanes),
            "parked_events": len(self._parked),
            "stuck": self._stuck.kinds(at=time.monotonic()),
            **{name: round(lag / timedelta(seconds=1), 1) for name, lag in lags.items()},
        }


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
