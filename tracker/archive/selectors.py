"""Which days are complete, which ask to be archived, and how an environment's archive stands."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Q, Sum

from tracker.archive.snapshot import Facts, Span
from tracker.archive.trouble import Trouble, trouble_of
from tracker.positions.models import ArchivedDay
from tracker.tenants.models import Environment

SLACK = timedelta(minutes=10)  # a batch's stored_at is taken before its commit
PARTITIONS = """
    SELECT substring(c.relname from '\\d{8}$') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'tracker_position'::regclass AND c.relname ~ '^tracker_position_\\d{8}$' ORDER BY 1"""
# One probe of the partition's key for each environment that has no archive of the day: without the LIMIT the planner
# would read the whole partition instead.
NOT_YET = """
    SELECT e.id FROM tracker_environment e
    CROSS JOIN LATERAL (
        SELECT FROM tracker_position p WHERE p.environment_id = e.id
            AND p.recorded_at >= %(since)s AND p.recorded_at < %(until)s LIMIT 1) AS has_some
    WHERE NOT EXISTS (
        SELECT FROM tracker_archivedday a WHERE a.environment_id = e.id AND a.day = %(day)s
            AND (a.location <> '' OR NOT %(files)s))"""
# the block range index on stored_at leads to what came later than the oldest archive of that day
CAME_LATER = """
    SELECT DISTINCT a.environment_id FROM tracker_position p
    JOIN tracker_archivedday a ON a.environment_id = p.environment_id AND a.day = %(day)s
    WHERE p.recorded_at >= %(since)s AND p.recorded_at < %(until)s AND p.stored_at > %(oldest)s
        AND p.stored_at > a.archived_at - %(slack)s"""
# over the key alone: finds the days from which late judging took rows back out
COUNTED = """
    SELECT environment_id, count(*) FROM tracker_position
    WHERE recorded_at >= %(since)s AND recorded_at < %(until)s GROUP BY environment_id"""

WAITING = """
    SELECT day FROM unnest(%(days)s::date[]) AS wanted (day)
    CROSS JOIN LATERAL (
        SELECT FROM tracker_position p WHERE p.environment_id = %(environment)s
            AND p.recorded_at >= wanted.day::timestamp AT TIME ZONE 'UTC'
            AND p.recorded_at < (wanted.day + 1)::timestamp AT TIME ZONE 'UTC' LIMIT 1) AS has_some
    WHERE NOT EXISTS (
        SELECT FROM tracker_archivedday a WHERE a.environment_id = %(environment)s AND a.day = wanted.day
            AND (a.location <> '' OR NOT %(files)s))"""


class Due(NamedTuple):
    """A day of an environment that may have to be archived (again)."""

    environment_id: int
    day: date


class ArchiveState(NamedTuple):
    """How an environment's archive stands."""

    is_on: bool
    days: int
    last_day: date | None
    rows: int
    bytes: int
    waiting: Sequence[date]
    trouble: Trouble | None


def is_current(archived: ArchivedDay | None, facts: Facts) -> bool:
    """Whether a day's archive (its lines, where archiving is off) holds what the table does."""
    if archived is None:
        return facts.rows == 0
    if archived.location and not settings.ARCHIVE:
        return True  # its place is out of reach: what came since waits until archiving is on again
    if archived.rewrite_asked_at is not None or (settings.ARCHIVE and not archived.location and facts.rows):
        return False
    known = facts.newest_stored_at is None or facts.newest_stored_at <= archived.newest_stored_at
    # of a released day the table holds latecomers at most; of any other it holds everything
    return known and (facts.rows == archived.rows or archived.released_at is not None)


def last_complete_day(*, now: datetime) -> date:
    """The last UTC day that is over for longer than the delay of the settings."""
    return (now - timedelta(hours=settings.ARCHIVE_DELAY_HOURS)).astimezone(UTC).date() - timedelta(days=1)


def stored_days() -> list[date]:
    """The UTC days that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS)
        return [datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for (name,) in cursor]


def due_days(*, now: datetime, exact: bool, since: date | None = None) -> Iterator[Due]:
    """Complete days that were not archived, or to which something came since, oldest first.

    `exact` counts as well, and so finds days that lost rows. A day found here may turn out to be current.
    """
    last = last_complete_day(now=now)
    asked = ArchivedDay.objects.unscoped("the archive is kept for all customers").filter(
        rewrite_asked_at__isnull=False
    )
    found = {Due(*pair) for pair in asked.values_list("environment_id", "day") if settings.ARCHIVE}
    for day in stored_days():
        if day <= last:
            found |= {Due(environment, day) for environment in _due_on(day, exact=exact)}
    yield from sorted((due for due in found if since is None or due.day >= since), key=lambda due: due[::-1])


def _due_on(day: date, *, exact: bool) -> set[int]:
    span = Span.of(0, day)
    values: dict[str, Any] = {
        "day": day,
        "since": span.since,
        "until": span.until,
        "files": settings.ARCHIVE,
        "slack": SLACK,
    }
    archived = list(ArchivedDay.objects.unscoped("all customers' archives of a day").filter(day=day))
    with connection.cursor() as cursor:
        cursor.execute(NOT_YET, values)
        found = {environment for (environment,) in cursor}
        if archived:
            oldest = min(row.archived_at for row in archived) - SLACK
            cursor.execute(CAME_LATER, values | {"oldest": oldest})
            found |= {environment for (environment,) in cursor}
        if exact and archived:
            cursor.execute(COUNTED, values)
            counted = dict(cursor.fetchall())
            found |= {
                row.environment_id
                for row in archived
                if row.released_at is None and counted.get(row.environment_id, 0) != row.rows
            }
    return found


def state_of(environment: Environment, *, now: datetime) -> ArchiveState:
    """The archive of one environment, and which of its days wait."""
    rows = ArchivedDay.objects.for_environment(environment)
    archived = Q() if not settings.ARCHIVE else ~Q(location="")
    facts = rows.filter(archived).aggregate(
        days=Count("day"), last=Max("day"), rows=Sum("rows"), size=Sum("bytes")
    )
    asked = set(rows.filter(rewrite_asked_at__isnull=False).values_list("day", flat=True))
    days = [day for day in stored_days() if day <= last_complete_day(now=now)]
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"environment": environment.pk, "days": days, "files": settings.ARCHIVE})
        waiting = asked | {day for (day,) in cursor}
    return ArchiveState(
        settings.ARCHIVE,
        facts["days"],
        facts["last"],
        facts["rows"] or 0,
        facts["size"] or 0,
        sorted(waiting),
        trouble_of(environment.pk),
    )


def newest_archives(environment: Environment | None, *, limit: int) -> list[ArchivedDay]:
    """The days archived last, of one environment or of all of them, for the staff."""
    if environment is not None:
        rows = ArchivedDay.objects.for_environment(environment)
    else:
        rows = ArchivedDay.objects.unscoped("the staff's list of all customers' days")
    return list(rows.select_related("environment__tenant").order_by("-archived_at", "-day")[:limit])
