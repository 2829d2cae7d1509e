"""Lets positions go once their day is archived and has its lines, and not before."""

import logging
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection

from tracker.archive.selectors import is_current, stored_days
from tracker.archive.snapshot import Busy, Facts, Span, facts_of, held
from tracker.positions.models import ArchivedDay, Position
from tracker.tenants.models import Environment

logger = logging.getLogger(__name__)
# of every customer at once: a partition goes as a whole
IN_THE_TABLE = """
    SELECT environment_id, count(*), max(stored_at) FROM tracker_position
    WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
        AND environment_id IN (SELECT id FROM tracker_environment)
        AND device_id NOT IN (SELECT id FROM tracker_device WHERE deleted_at IS NOT NULL)
    GROUP BY environment_id"""


def release_before(horizon: date, *, now: datetime) -> date | None:
    """Mark the days before `horizon` as free to be dropped; the first that is not archived, which must stay.

    In the transaction of the drop: each partition is locked against writers before it is looked at, so that no
    report slips in between. Where archiving is off everything may go.
    """
    every = ArchivedDay.objects.unscoped("a partition holds all customers' days")
    for day in stored_days():
        if day >= horizon:
            break
        if settings.ARCHIVE:
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE tracker_position_{day:%Y%m%d} IN SHARE MODE")
            waiting = _not_archived(day)
            if waiting:
                facts = {"day": day.isoformat(), "environments": waiting[:20]}
                logger.error(
                    "positions past their retention are kept, for they are not archived", extra=facts
                )
                return day
        every.filter(day=day, released_at=None).update(released_at=now)
    return None


def forget_past_retention(*, now: datetime, longest_days: int) -> int:
    """Delete the positions of environments that keep theirs for less than `longest_days`; how many.

    By whole UTC days, once the last moment of a day is past the retention: half a day could not be archived again.
    The rest goes with its partition.
    """
    short = Environment.objects.unscoped("retention is kept for all customers").filter(
        retention_days__lt=longest_days
    )
    days, forgotten = stored_days(), 0
    for environment in short.order_by("pk"):
        bound = (now - timedelta(days=environment.retention_days)).astimezone(UTC).date()
        for day in days:
            if day < bound and _has_rows(environment, day):
                forgotten += _forget_day(environment, day, now=now)
    return forgotten


def _forget_day(environment: Environment, day: date, *, now: datetime) -> int:
    """Delete a day's positions, in the snapshot in which they were seen to be archived."""
    facts = {"environment": environment.public_id, "day": day.isoformat()}
    try:
        with held(environment.pk, day) as span:
            rows = ArchivedDay.objects.for_environment(environment).filter(day=day)
            if settings.ARCHIVE and not is_current(rows.first(), facts_of(span)):
                logger.error(
                    "positions past their retention are kept, for they are not archived", extra=facts
                )
                return 0
            rows.filter(released_at=None).update(released_at=now)
            # a raw delete: the rows have no children, and reading them first would cost more than they are worth
            gone = Position.objects.for_environment(environment).filter(
                recorded_at__gte=span.since, recorded_at__lt=span.until
            )
            return gone._raw_delete(gone.db)
    except (Busy, DatabaseError) as error:
        logger.warning("a day is forgotten by the next run", extra=facts | {"reason": str(error)})
        return 0


def _has_rows(environment: Environment, day: date) -> bool:
    span = Span.of(environment.pk, day)
    rows = Position.objects.for_environment(environment)
    return rows.filter(recorded_at__gte=span.since, recorded_at__lt=span.until).exists()


def _not_archived(day: date) -> list[int]:
    """Environments whose day is not in the archive as it is in the table."""
    rows = ArchivedDay.objects.unscoped("a partition holds all customers' days").filter(day=day)
    archived = {row.environment_id: row for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(IN_THE_TABLE, Span.of(0, day)._asdict())
        return sorted(
            environment
            for environment, *facts in cursor
            if not is_current(archived.get(environment), Facts(*facts))
        )
