"""Housekeeping of the history: a partition for every day ahead, nothing past its retention."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from tracker.positions.models import Position
from tracker.tenants.models import Environment

LONGEST_RETENTION_DAYS = 90
DAYS_BACK, DAYS_AHEAD = 91, 7  # one day more than the longest retention, for reports on its edge
LOCK_WAIT = "5s"


class Kept(NamedTuple):
    """How many partitions were made and dropped."""

    made: int
    dropped: int


def keep_partitions(days_back: int = DAYS_BACK, days_ahead: int = DAYS_AHEAD) -> Kept:
    """Make and drop partitions.

    Both need a lock on the whole table for a moment. While it waits for a long reader, everybody else waits
    behind it, so it gives up after 5 s (OperationalError) and the next tick tries again: there is a week in hand.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_WAIT])
        cursor.execute(
            "SELECT made, dropped FROM tracker_keep_position_partitions(%s, %s)", [days_back, days_ahead]
        )
        return Kept(*cursor.fetchone())


def forget_past_retention(*, now: datetime) -> int:
    """Delete the positions of environments that keep theirs for less than the longest retention; how many.

    The rest goes with its partition. One transaction an environment, so that no lock is held for long.
    """
    short = Environment.objects.unscoped("retention is kept for all customers").filter(
        retention_days__lt=LONGEST_RETENTION_DAYS
    )
    forgotten = 0
    for environment in short.only("pk", "retention_days"):
        bound = now - timedelta(days=environment.retention_days)
        # a raw delete: the rows have no children, and reading them first would cost more than they are worth
        rows = Position.objects.for_environment(environment).filter(recorded_at__lt=bound)
        forgotten += rows._raw_delete(rows.db)
    return forgotten
