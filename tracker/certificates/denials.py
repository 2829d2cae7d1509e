"""Takes what the brokers denied from Redis into the books: by device and day."""

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection

from tracker.devices.models import Device
from tracker.http.connections import redis_client
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id

WAITING = "edge:denied"
AT_ONCE = 5000
LOCK = 0x4D50_DE1D  # two ticks at once would count the same entries twice
LONGEST_TOPIC = 300
WHY = "a broker serves all tenants"

# On the number of the day and not on Django's save: two ticks add to the same row
COUNT = """
    INSERT INTO tracker_deniedpublish (environment_id, device_id, day, count, last_topic, last_at)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (environment_id, device_id, day) DO UPDATE SET
        count = tracker_deniedpublish.count + excluded.count,
        last_topic = CASE WHEN excluded.last_at >= tracker_deniedpublish.last_at
                          THEN excluded.last_topic ELSE tracker_deniedpublish.last_topic END,
        last_at = greatest(tracker_deniedpublish.last_at, excluded.last_at)
"""

logger = logging.getLogger(__name__)


class Denial(msgspec.Struct):
    """One entry, as a broker's keeper wrote it."""

    device: str
    count: int
    topic: str
    at_ms: int


def book() -> int:
    """Count what waits; returns how many publishes that were.

    An entry leaves Redis after the commit: a crash between the two counts it twice rather than not at all.
    """
    client = redis_client(settings.REDIS_URL)
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        waiting: list[bytes] = client.lrange(WAITING, 0, AT_ONCE - 1)  # type: ignore[assignment]  # sync client
        found = _readable(waiting)
        rows = Device.objects.unscoped(WHY).filter(uid__in={parse_id("dev", each.device) for each in found})
        devices = {device.public_id: device for device in rows}
        for each in found:
            if each.device in devices:
                cursor.execute(COUNT, _values(devices[each.device], each))
    if waiting:
        client.ltrim(WAITING, len(waiting), -1)
    return sum(each.count for each in found)


def _readable(waiting: list[bytes]) -> list[Denial]:
    found = []
    for data in waiting:
        try:
            denial = msgspec.json.decode(data, type=Denial)
            parse_id("dev", denial.device)
        except (msgspec.MsgspecError, BadIdentifier) as error:
            logger.warning("a denied publish could not be read", extra={"reason": str(error)})
        else:
            found.append(denial)
    return found


def _values(device: Device, denial: Denial) -> list[Any]:
    at = datetime.fromtimestamp(denial.at_ms / 1000, UTC)
    topic = denial.topic.replace("\x00", "")[:LONGEST_TOPIC]
    return [device.environment_id, device.pk, at.date(), denial.count, topic, at]
