"""What the database holds of one request. Nothing is indexed by request id: the id's own time says where to look.

An id begins with the millisecond in which the door made it, and rows enter a table in the order they are stored;
so the block range index on `stored_at` finds a few blocks of each day's partition, however large those are.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction

from tracker.devices.models import Device, DeviceState
from tracker.follow.ids import made_at
from tracker.ingestion.models import DeadLetter, SetAsideReport
from tracker.tenants.models import Environment

# How long after its making a request is looked for. The first two are always looked through: one request may be
# stored in several transactions. The others only while something is missing.
REACHES = (timedelta(seconds=30), timedelta(minutes=15), timedelta(days=1), timedelta(days=400))
CLOCKS_DIFFER = timedelta(seconds=5)  # the door's clock and the consumer's
MOST_ROWS = 2_000  # a request holds 1,000 fixes at most
LONGEST_SEARCH_MS = 8_000
LATE_FIX = timedelta(minutes=10)  # how far ahead of its storing a fix may be recorded

# `+ 0`: the key begins with the environment too, and reading a customer's whole history by it is no way to find one
# request. Ids are compared last; the times decide which blocks are read at all.
POSITIONS = """
    SELECT p.environment_id, p.device_id, p.recorded_at, p.received_at, p.stored_at, ST_X(p.location), ST_Y(p.location)
    FROM tracker_position p
    WHERE p.stored_at >= %(since)s AND p.stored_at < %(until)s AND p.request_id = %(request)s
        AND (%(environment)s::bigint IS NULL OR p.environment_id + 0 = %(environment)s::bigint)
    ORDER BY p.recorded_at LIMIT %(limit)s"""
TWINS = """
    SELECT recorded_at, request_id FROM tracker_position
    WHERE environment_id = %s AND device_id = %s AND recorded_at = ANY(%s)"""
NEWER_BEFORE = """
    SELECT EXISTS (SELECT 1 FROM tracker_position
    WHERE environment_id = %s AND device_id = %s AND recorded_at > %s AND recorded_at <= %s AND stored_at < %s)"""


@dataclass(frozen=True)
class Kept:
    """A position of the request."""

    environment_id: int
    device_id: int
    recorded_at: datetime
    received_at: datetime
    stored_at: datetime
    longitude: float
    latitude: float


@dataclass
class Held:
    """All the database holds of a request. `cut_short`: the search was ended before it had looked everywhere."""

    kept: list[Kept] = field(default_factory=list)
    aside: list[SetAsideReport] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    cut_short: bool = False

    @property
    def reports(self) -> int:
        """How many reports the rows stand for."""
        return (
            len(self.kept) + len(self.aside) + sum(one.fixes for one in self.letters if not one.redriven_at)
        )


def hold_of(request: UUID, environment: Environment | None, *, expected: int | None, now: datetime) -> Held:
    """Rows of the request, in one environment or, for staff, in all (None).

    `expected` is how many reports it had, where the stream still tells; the search goes on while some are missing.
    """
    held = Held(letters=_letters(request, environment))
    since = (made_at(request) or now) - CLOCKS_DIFFER
    begin = since if made_at(request) else datetime(2000, 1, 1, tzinfo=UTC)
    if since > now + CLOCKS_DIFFER:
        return held  # an id of the future is none of ours
    for number, reach in enumerate(REACHES):
        until = min(since + reach, now + CLOCKS_DIFFER) if made_at(request) else now + CLOCKS_DIFFER
        try:
            _look(held, request, environment, begin, until)
        except OperationalError:  # the statement's time was up
            held.cut_short = True
            break
        if until > now or (number and not _is_missing(held, expected)):
            break
        begin = until
    return held


def _is_missing(held: Held, expected: int | None) -> bool:
    """Whether more may be stored later: a redrive does that, and so does a second look at a filtered fix."""
    if expected is not None:
        return held.reports < expected
    return not held.reports or any(letter.redriven_at for letter in held.letters)


def _look(
    held: Held, request: UUID, environment: Environment | None, since: datetime, until: datetime
) -> None:
    facts: dict[str, Any] = {
        "request": request,
        "since": since,
        "until": until,
        "environment": environment.pk if environment else None,
        "limit": MOST_ROWS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        usual = cursor.fetchone()[0]
        cursor.execute(
            # compiling a plan over a hundred partitions takes longer than running it
            "SELECT set_config('statement_timeout', %s, true), set_config('jit', 'off', true)",
            [str(LONGEST_SEARCH_MS)],
        )
        cursor.execute(POSITIONS, facts)
        held.kept += [Kept(*row) for row in cursor.fetchall()]
        aside = _of(SetAsideReport, environment).filter(stored_at__gte=since, stored_at__lt=until)
        held.aside += list(
            aside.filter(request_id=request).select_related("device").order_by("pk")[:MOST_ROWS]
        )
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [usual])


def _letters(request: UUID, environment: Environment | None) -> list[DeadLetter]:
    return list(_of(DeadLetter, environment).filter(request_id=request).order_by("pk")[:MOST_ROWS])


def _of(model: Any, environment: Environment | None) -> Any:
    if environment is not None:
        return model.objects.for_environment(environment)
    return model.objects.unscoped("staff follow a report of any customer")


def twins_of(environment_id: int, device_id: int, times: list[datetime]) -> dict[datetime, UUID]:
    """Whose position is stored for the device at each of these times: that is what made a report a duplicate."""
    if not times:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(TWINS, [environment_id, device_id, times])
        return dict(cursor.fetchall())


def moved_the_marker(newest: Kept) -> bool:
    """Whether this position was the device's newest when it was stored."""
    latest = newest.stored_at + LATE_FIX
    with connection.cursor() as cursor:
        cursor.execute(
            NEWER_BEFORE,
            [newest.environment_id, newest.device_id, newest.recorded_at, latest, newest.stored_at],
        )
        return not cursor.fetchone()[0]


def devices_named(environment_id: int, external_ids: set[str]) -> dict[str, Device]:
    """Devices of an environment by their owner's id."""
    rows = Device.objects.for_environment(environment_id).filter(external_id__in=external_ids)
    return {device.external_id: device for device in rows}


def devices_numbered(environment_id: int, numbers: set[int]) -> dict[int, Device]:
    """Devices of an environment by row."""
    rows = Device.objects.for_environment(environment_id).filter(pk__in=numbers)
    return {device.pk: device for device in rows}


def states_of(environment_id: int, numbers: set[int]) -> dict[int, DeviceState]:
    """Where those devices stand now."""
    rows = DeviceState.objects.for_environment(environment_id).filter(device_id__in=numbers)
    return {state.device_id: state for state in rows}
