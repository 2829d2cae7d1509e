"""Signs of life: each process says every few seconds in Redis that it is up, and a key that ran out says it is not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import msgspec

from ingest_lambda.stream.resp import RedisConnection

BEAT_S = 5.0
TIME_TO_LIVE_S = 15

log = logging.getLogger(__name__)

Facts = Mapping[str, str | int | float | bool | None]


def beat(component: str, instance: str, facts: Facts, now: float) -> tuple[str, bytes, int]:
    """Redis key, value and seconds to live of one sign of life at epoch second `now`."""
    value = msgspec.json.encode({"at": now, **facts})
    return f"health:{component}:{instance}", value, TIME_TO_LIVE_S


async def keep_beating(url: str, component: str, instance: str, facts: Callable[[], Facts]) -> None:
    """Set the sign of life every BEAT_S seconds, for ever. A Redis that is away is tried again at the next beat."""
    connection: RedisConnection | None = None
    failing = False
    while True:
        try:
            if connection is None:
                connection = await RedisConnection.open(url)
            key, value, seconds = beat(component, instance, facts(), time.time())
            await asyncio.wait_for(connection.execute("SET", key, value, "EX", seconds), BEAT_S)
            failing = False
        except Exception as error:
            if connection is not None:
                connection.close()
                connection = None
            if not failing:
                log.warning("the sign of life could not be set", extra={"reason": str(error)})
            failing = True
        await asyncio.sleep(BEAT_S)
