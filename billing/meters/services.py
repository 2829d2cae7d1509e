"""Writes usage records: `pull` for what is at hand, `recount` for any time. Both may run as often as one likes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from billing.meters.counting import BY_REPORTS, COUNTERS
from billing.meters.models import PullMark
from tracker.archive.usage import has_changed_since
from tracker.ingestion.usage import changed_late
from tracker.privacy.selectors import environments_under_erasure
from tracker.tenants import scope
from tracker.tenants.hourly import HourCount

HOUR = timedelta(hours=1)
# what is written may be committed a little later, and clocks differ; what changes older hours is marked by who does it
REACH = timedelta(minutes=15)
FIRST_REACH = timedelta(days=92)  # where nothing was pulled yet: as far as positions go back
LOCK = 0x4D50_5553_4147  # "MPUSAG"
WHY = "usage of every customer is pulled at once"

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%s)"
WAIT_LOCK = "SELECT pg_advisory_xact_lock(%s)"
OLDEST_RUNNING = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
KEEP = """
    INSERT INTO billing_usagerecord AS r (environment_id, meter, hour, quantity, revision, computed_at)
    SELECT c.environment_id, %(meter)s, c.hour, greatest(c.quantity, 0), 1, %(now)s
    FROM unnest(%(environments)s::bigint[], %(hours)s::timestamptz[], %(quantities)s::bigint[])
        AS c (environment_id, hour, quantity)
    WHERE c.quantity > 0 OR EXISTS (
        SELECT 1 FROM billing_usagerecord was
        WHERE was.environment_id = c.environment_id AND was.meter = %(meter)s AND was.hour = c.hour)
    ON CONFLICT (environment_id, meter, hour) DO UPDATE
        SET quantity = excluded.quantity, revision = r.revision + 1, computed_at = excluded.computed_at
        WHERE r.quantity <> excluded.quantity"""
EMPTY = """
    UPDATE billing_usagerecord r SET quantity = 0, revision = r.revision + 1, computed_at = %(now)s
    WHERE r.meter = %(meter)s AND r.hour >= %(first)s AND r.hour < %(last)s AND r.quantity > 0 {which}
        AND NOT r.environment_id = ANY(%(erased)s::bigint[])
        AND NOT EXISTS (
            SELECT 1 FROM unnest(%(environments)s::bigint[], %(hours)s::timestamptz[]) AS c (environment_id, hour)
            WHERE c.environment_id = r.environment_id AND c.hour = r.hour)"""


class Pulled(NamedTuple):
    """What a pull did: rows made or changed, and environments whose long past hours were counted again."""

    changed: int
    late: int


def pull(now: datetime) -> Pulled | None:
    """Bring the records up to date: the running hour, the ones just over, and whatever changed of older ones.

    None where another worker is at it. One statement a meter serves all environments, so an idle one costs nothing.
    """
    with scope.scope(unscoped=WHY):
        if not _ask(TRY_LOCK, LOCK):
            return None
        upto = _ask(OLDEST_RUNNING)  # first: what commits from here on is found by the next pull
        mark = PullMark.objects.first()
        first = hour_of(mark.pulled_at - REACH if mark is not None else now - FIRST_REACH)
        last = hour_of(now) + HOUR
        meters = [meter for meter in COUNTERS if meter != "archive_bytes" or _is_archive_due(mark, now)]
        changed = sum(_settle(meter, first, last, None, now) for meter in meters)
        late = changed_late(mark.transaction) if mark is not None else []
        for one in late:
            since = one.first.astimezone(UTC).replace(day=1, hour=0)
            changed += sum(_settle(meter, since, last, one.environment_id, now) for meter in BY_REPORTS)
        PullMark.objects.update_or_create(id=1, defaults={"pulled_at": now, "transaction": upto})
    return Pulled(changed, len(late))


def recount(environment_id: int, first: datetime, last: datetime, *, now: datetime | None = None) -> int:
    """Count an environment's hours that touch [first, last) anew from the source rows; how many records that changed.

    A second call changes none, unless something came meanwhile. The sources are never thinned out: see the catalogue.
    """
    first = hour_of(first)
    last = hour_of(last - timedelta(microseconds=1)) + HOUR
    if last <= first:
        return 0
    with scope.scope(unscoped=f"usage of environment {environment_id} is counted again"):
        _ask(WAIT_LOCK, LOCK)
        at = now or datetime.now(UTC)
        last = min(last, hour_of(at) + HOUR)  # a level is not held in hours to come
        return sum(_settle(meter, first, last, environment_id, at) for meter in COUNTERS)


def hour_of(moment: datetime) -> datetime:
    """The full hour at or before a moment, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _is_archive_due(mark: PullMark | None, now: datetime) -> bool:
    """A level changes with the hour, or with the archive; anything else would count the same again."""
    return (
        mark is None or hour_of(mark.pulled_at) != hour_of(now) or has_changed_since(mark.pulled_at - REACH)
    )


def _settle(meter: str, first: datetime, last: datetime, environment_id: int | None, now: datetime) -> int:
    """Make the records of a span what the source rows say."""
    if last <= first:
        return 0
    erased = environments_under_erasure()  # what they used stays as it was: their source rows go
    facts = _columns(
        row for row in COUNTERS[meter](first, last, environment_id) if row.environment_id not in erased
    )
    facts |= {"erased": sorted(erased)}
    facts |= {"meter": meter, "first": first, "last": last, "environment": environment_id, "now": now}
    which = "" if environment_id is None else "AND r.environment_id = %(environment)s"
    with connection.cursor() as cursor:
        cursor.execute(KEEP, facts)
        changed = int(cursor.rowcount)
        cursor.execute(EMPTY.format(which=which), facts)
        return changed + int(cursor.rowcount)


def _columns(counts: Iterable[HourCount]) -> dict[str, Any]:
    rows = sorted(counts)
    return {
        "environments": [row.environment_id for row in rows],
        "hours": [row.hour for row in rows],
        "quantities": [row.quantity for row in rows],
    }


def _ask(statement: str, *values: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]
