"""Says every few seconds that this live process is there, and starts the hub with the process.

uvicorn sends `lifespan` events; `LiveLifespan` belongs under that name in the protocol router, so that a
live process without a single socket counts as healthy too.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from tracker.live.hub import Hub, current_hub

logger = logging.getLogger(__name__)

EVERY_S = 5.0
EXPIRES_S = 15


async def beat_forever(hub: Hub, *, every_s: float = EVERY_S) -> None:
    """Write `health:live:<pid>` until cancelled. While Redis is away the key expires, which is the truth."""
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3)
    try:
        while True:
            facts = {
                "at": round(time.time(), 3),
                "sockets": hub.sockets,
                "environments": hub.environments,
                "subscribed": hub.listener.connected,
                **hub.facts,
            }
            try:
                await client.set(f"health:live:{os.getpid()}", msgspec.json.encode(facts), ex=EXPIRES_S)
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("heartbeat not written: %s", error)
            await asyncio.sleep(every_s)
    finally:
        await client.aclose()


class LiveLifespan:
    """The ASGI lifespan of a live process: hub and heartbeat from start to end."""

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                hub = current_hub()
                hub.start()
                hub.keep(beat_forever(hub))
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await current_hub().stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
