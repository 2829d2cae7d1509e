"""Says on the live channel what the console or the API changed: a rename, a removal.

Called by services after their transaction committed. A map that misses the message learns it from its
next snapshot, so a Redis that is away costs no error here, only a line in the log.
"""

import logging
from functools import lru_cache
from typing import Any

import msgspec
import redis
from django.conf import settings

from tracker.live.frames import channel_of

logger = logging.getLogger(__name__)


def announce_rename(environment_id: int, device_id: str, name: str) -> None:
    """Tell open maps that a device (public id) has a new name."""
    _publish(environment_id, {"id": device_id, "name": name})


def announce_removal(environment_id: int, device_id: str) -> None:
    """Tell open maps that a device (public id) is gone."""
    _publish(environment_id, {"id": device_id, "removed": True})


def _publish(environment_id: int, change: dict[str, Any]) -> None:
    try:
        _client(settings.REDIS_URL).publish(channel_of(environment_id), msgspec.json.encode([change]))
    except redis.RedisError as error:
        logger.warning("live maps were not told of %s: %s", change["id"], error)


@lru_cache(maxsize=4)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
