"""Housekeeping of the history: a partition for every day ahead, nothing past its retention."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from tracker.archive import retention

LONGEST_RETENTION_DAYS = 90
DAYS_BACK, DAYS_AHEAD = 91, 7  # one day more than the longest retention, for reports on its edge
MOST_DAYS_BACK = 400  # what the database's function takes
LOCK_WAIT = "5s"


class NotArchived(Exception):
    """Days wait for the archive for so long that partitions can no longer be kept."""


class Kept(NamedTuple):
    """How many partitions were made and dropped."""

    made: int
    dropped: int


def keep_partitions(days_back: int = DAYS_BACK, days_ahead: int = DAYS_AHEAD, *, now: datetime) -> Kept:
    """Make and drop partitions. Where archiving is on, none is dropped from the first day on that is not archived.

    Both need a lock on the whole table for a moment. While it waits for a long reader, everybody else waits
    behind it, so it gives up after 5 s (OperationalError) and the next tick tries again: there is a week in hand.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), (now() AT TIME ZONE 'UTC')::date", [LOCK_WAIT]
        )
        today = cursor.fetchone()[1]
        stays = retention.release_before(today - timedelta(days=days_back), now=now)
        if stays is not None:
            days_back = (today - stays).days
        if days_back > MOST_DAYS_BACK:
            raise NotArchived(
                f"{stays} is not archived, so no partition can be dropped: see the archive's runbook"
            )
        cursor.execute(
            "SELECT made, dropped FROM tracker_keep_position_partitions(%s, %s)", [days_back, days_ahead]
        )
        return Kept(*cursor.fetchone())


def forget_past_retention(*, now: datetime) -> int:
    """Delete the positions of environments that keep theirs for less than the longest retention; how many."""
    return retention.forget_past_retention(now=now, longest_days=LONGEST_RETENTION_DAYS)
