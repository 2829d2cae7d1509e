"""Says on the live channel what no batch of the consumer says: a rename, a risk, an alert, new geofences, a notice.

Called by services after their transaction committed. A map that misses the message learns it from its
next snapshot, so a Redis that is away costs no error here, only a line in the log.
"""

import logging
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import redis
from django.conf import settings

from tracker.live.frames import channel_of

logger = logging.getLogger(__name__)


def announce_rename(environment_id: int, device_id: str, name: str) -> None:
    """Tell open maps that a device (public id) has a new name."""
    announce_facts(environment_id, device_id, name=name)


def announce_removal(environment_id: int, device_id: str) -> None:
    """Tell open maps that a device (public id) is gone."""
    _publish(environment_id, [{"id": device_id, "removed": True}])


def announce_facts(environment_id: int, device_id: str, **facts: Any) -> None:
    """Tell open maps of `name`, `risk`, `hub` or `offline_after_s` of a device (public id)."""
    _publish(environment_id, [{"id": device_id, **facts}])


def announce_risks(environment_id: int, risks: dict[str, str]) -> None:
    """Tell open maps the risk of these devices (public id -> "", late, off_route)."""
    _publish(environment_id, [{"id": device_id, "risk": risk} for device_id, risk in risks.items()])


def announce_zones(environment_id: int, zones: Iterable[tuple[str, Sequence[str], int]]) -> None:
    """Tell open maps in which geofences devices are, where no new position of theirs says it.

    Each is (device, public ids of geofences, `recorded_at` in epoch ms of the fix by which that is so): a map that
    knows a newer fix does not listen.
    """
    _publish(
        environment_id, [{"id": device, "zones": list(ids), "as_of": as_of} for device, ids, as_of in zones]
    )


def announce_alerts(environment_id: int, alerts: Sequence[dict[str, Any]]) -> None:
    """Tell open maps of alerts as they are now, each as `alerts.schemas.live_alert` has it."""
    _publish(environment_id, [{"alert": alert} for alert in alerts])


def announce_geofences(environment_id: int, version: int) -> None:
    """Tell open maps that this version of the geofences was published; it is in force a second later."""
    _publish(environment_id, [{"geofences": version}])


def announce_notice(environment_id: int, key: str, notice: dict[str, Any], zones: Iterable[str]) -> None:
    """Tell open pages that something changed which they read again, such as a hub's day.

    `zones` are public ids of geofences: limited members hear of it only if they see one of these. Of notices with the
    same key that wait for a slow reader only the last is told.
    """
    _publish(environment_id, [{"notice_key": key, "notice": notice, "zones": sorted(zones)}])


def _publish(environment_id: int, items: Sequence[dict[str, Any]]) -> None:
    if not items:
        return
    try:
        _client(settings.REDIS_URL).publish(channel_of(environment_id), msgspec.json.encode(items))
    except redis.RedisError as error:
        logger.warning(
            "live maps of environment %s were not told of %s: %s", environment_id, items[:3], error
        )


@lru_cache(maxsize=4)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
