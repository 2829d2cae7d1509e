"""One day of one environment, held still: a snapshot of the database, and a lock against a second run at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection, transaction

LOCKS = 0x4D41 << 48  # the family of these advisory locks: "MA"
FACTS = """
    SELECT count(*), max(stored_at) FROM tracker_position
    WHERE environment_id = %(environment)s AND recorded_at >= %(since)s AND recorded_at < %(until)s
        AND device_id NOT IN (
            SELECT id FROM tracker_device WHERE environment_id = %(environment)s AND deleted_at IS NOT NULL)"""


class Busy(Exception):
    """Another run is at this day; it will do what there is to do."""


class Facts(NamedTuple):
    """What the table holds of a day, deleted devices left out."""

    rows: int
    newest_stored_at: datetime | None


class Span(NamedTuple):
    """A UTC day of an environment, as the parameters of a statement."""

    environment: int
    since: datetime
    until: datetime

    @classmethod
    def of(cls, environment_id: int, day: date) -> "Span":
        """From midnight to midnight."""
        since = datetime.combine(day, time(), UTC)
        return cls(environment_id, since, since + timedelta(days=1))


@contextmanager
def held(environment_id: int, day: date) -> Iterator[Span]:
    """A REPEATABLE READ transaction with the day's lock: all that is read is of one moment.

    The lock is taken before the snapshot, so that whoever comes second sees what the first one did; it goes with
    the session where the process dies. Raises Busy where another run has it. A row that somebody else changed
    meanwhile refuses the write (OperationalError), and the next run does the day again.
    """
    number = LOCKS | (environment_id & 0xFFFFFFF) << 20 | (day.toordinal() & 0xFFFFF)
    if not _ask("SELECT pg_try_advisory_lock(%s)", number):
        raise Busy(f"another run is at {day} of environment {environment_id}")
    try:
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield Span.of(environment_id, day)
    finally:
        _ask("SELECT pg_advisory_unlock(%s)", number)


def facts_of(span: Span) -> Facts:
    """How many rows the day has in the table, and when the newest was stored."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, span._asdict())
        return Facts(*cursor.fetchone())


def _ask(statement: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [number])
        return bool(cursor.fetchone()[0])
