"""Positions of many trips in one read, and how many there are by now: what shows that late ones came."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from tracker.trips.progress import Fix

AHEAD = timedelta(days=2)  # no kept fix lies farther in the future
MOST_FIXES = 100_000  # of one trip in one read
# The bounds in numbers let PostgreSQL pass over partitions; the trip's own bounds are in the rows of `wanted`.
READ = """
    SELECT wanted.trip_id, (extract(epoch FROM p.recorded_at) * 1000000)::bigint, ST_X(p.location), ST_Y(p.location),
        p.accuracy_m, p.stored_at
    FROM unnest(%(trips)s::bigint[], %(environments)s::bigint[], %(devices)s::bigint[], %(since)s::timestamptz[],
        %(until)s::timestamptz[]) AS wanted (trip_id, environment_id, device_id, since, until)
    CROSS JOIN LATERAL (
        SELECT recorded_at, location, accuracy_m, stored_at FROM tracker_position
        WHERE environment_id = wanted.environment_id AND device_id = wanted.device_id
            AND recorded_at > wanted.since AND recorded_at <= wanted.until
            AND recorded_at > %(first)s AND recorded_at <= %(last)s
        ORDER BY recorded_at LIMIT %(most)s
    ) p
    ORDER BY wanted.trip_id, p.recorded_at"""
COUNT = """
    SELECT wanted.trip_id, p.fixes, p.stored_to
    FROM unnest(%(trips)s::bigint[], %(environments)s::bigint[], %(devices)s::bigint[], %(since)s::timestamptz[],
        %(until)s::timestamptz[]) AS wanted (trip_id, environment_id, device_id, since, until)
    CROSS JOIN LATERAL (
        SELECT count(*) AS fixes, max(stored_at) AS stored_to FROM tracker_position
        WHERE environment_id = wanted.environment_id AND device_id = wanted.device_id
            AND recorded_at > wanted.since AND recorded_at <= wanted.until
            AND recorded_at > %(first)s AND recorded_at <= %(last)s
    ) p"""


class Stretch(NamedTuple):
    """The positions wanted of one trip: recorded after `since`, up to `until`."""

    trip_id: int
    environment_id: int
    device_id: int
    since: datetime
    until: datetime


class Read(NamedTuple):
    """What was found of one trip, in recorded order; `stored_to` is the newest time of storing among it."""

    fixes: list[Fix]
    stored_to: datetime | None


class Count(NamedTuple):
    """How many positions there are by now, and the newest time of storing among them."""

    fixes: int
    stored_to: datetime | None


def read(stretches: Sequence[Stretch]) -> dict[int, Read]:
    """The positions of each trip that has any in its stretch: one query for all."""
    found: dict[int, Read] = {}
    for trip_id, at_us, longitude, latitude, accuracy_m, stored_at in _rows(READ, stretches):
        fixes, stored_to = found.get(trip_id, Read([], None))
        fixes.append(Fix(at_us, longitude, latitude, accuracy_m))
        found[trip_id] = Read(fixes, max(stored_at, stored_to or stored_at))
    return found


def count(stretches: Sequence[Stretch]) -> dict[int, Count]:
    """How many positions each stretch holds: one query for all."""
    return {trip_id: Count(*rest) for trip_id, *rest in _rows(COUNT, stretches)}


def _rows(statement: str, stretches: Sequence[Stretch]) -> list[tuple]:  # type: ignore[type-arg]  # columns differ
    if not stretches:
        return []
    columns = [list(column) for column in zip(*stretches, strict=True)]
    names = ("trips", "environments", "devices", "since", "until")
    bounds = {"first": min(columns[3]), "last": max(columns[4]), "most": MOST_FIXES}
    with connection.cursor() as cursor:
        cursor.execute(statement, dict(zip(names, columns, strict=True)) | bounds)
        return list(cursor.fetchall())
