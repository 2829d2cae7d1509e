"""Housekeeping of the history: a partition for every day ahead, none past the longest retention."""

from typing import NamedTuple

from django.db import connection, transaction

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
