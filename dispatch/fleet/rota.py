"""The drivers' hours as they stand in the database, made into intervals; and why somebody has none."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.fleet.hours import Interval, Other, Rest, Weekly, shift_intervals
from dispatch.fleet.models import Driver, Shift, ShiftChange
from tracker.tenants.models import Environment

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """A driver, and the shifts of theirs that touch a span of time; `why_none` where there is none."""

    driver: Driver
    intervals: tuple[Interval, ...]
    why_none: str = ""


def hours_between(
    environment: Environment | int,
    since: datetime,
    until: datetime,
    *,
    hub_ids: Collection[int] | None = None,
    driver_ids: Collection[int] | None = None,
) -> list[Hours]:
    """Drivers in service, of these hubs and with these row numbers (None: all), with the shifts that touch the span.

    Three queries, however many drivers. A driver whose hub's time zone is unknown here has no hours, and it is said.
    """
    # local dates lie within a day of the date in UTC, and a shift may have begun the day before
    dates = (since.date() - 2 * DAY, until.date() + DAY)
    found: list[Hours] = []
    for roster in _rosters(environment, dates, hub_ids, driver_ids):
        hours = roster.hours(dates)
        touching = tuple(one for one in hours.intervals if one.start < until and one.end > since)
        if not touching and not hours.why_none:
            hours = Hours(roster.driver, (), roster.why_none(since, until))
        found.append(Hours(roster.driver, touching, hours.why_none))
    return found


def hours_on(
    environment: Environment | int, day: date, *, hub_ids: Collection[int] | None = None
) -> list[Hours]:
    """The same with the shifts that begin on one local date, whole."""
    return [roster.hours((day, day)) for roster in _rosters(environment, (day, day), hub_ids, None)]


def working(
    environment: Environment | int, *, now: datetime, hub_ids: Collection[int] | None = None
) -> list[Driver]:
    """The drivers whose shift it is now."""
    found = hours_between(environment, now, now + timedelta(microseconds=1), hub_ids=hub_ids)
    return [hours.driver for hours in found if hours.intervals]


def weekly_of(shift: Shift) -> Weekly:
    """A row as the rules see it."""
    return Weekly(
        weekdays=frozenset(shift.weekdays),
        starts=shift.starts,
        ends=shift.ends,
        timezone=shift.timezone,
        rests=rests_of(shift.breaks),
        valid_from=shift.valid_from,
        valid_to=shift.valid_to,
    )


def other_of(change: ShiftChange) -> Other:
    """The same of a change."""
    return Other(change.date, change.starts, change.ends, rests_of(change.breaks))


def rests_of(breaks: Iterable[dict[str, Any]]) -> tuple[Rest, ...]:
    """Breaks as they are stored: `{"from": "12:00", "to": "14:00", "duration_s": 1800}`."""
    return tuple(
        Rest(time.fromisoformat(one["from"]), time.fromisoformat(one["to"]), int(one["duration_s"]))
        for one in breaks
    )


@dataclass(frozen=True)
class _Roster:
    """What is written down of one driver's hours."""

    driver: Driver
    weekly: list[Weekly]
    others: list[Other]

    def hours(self, dates: tuple[date, date]) -> Hours:
        """The shifts that begin on these local dates, both included."""
        zone = self.driver.hub.timezone
        try:
            return Hours(self.driver, tuple(shift_intervals(self.weekly, self.others, zone, *dates)))
        except (KeyError, ValueError):
            return Hours(self.driver, (), f"the time zone {zone!r} is not known")

    def why_none(self, since: datetime, until: datetime) -> str:
        """Why no shift touches a span."""
        zone = ZoneInfo(self.driver.hub.timezone)
        first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
        if any(first <= other.day <= last and other.starts is None for other in self.others):
            return "absent on this day"
        if not self.weekly and not self.others:
            return "no shift is set"
        if any(shift.starts == shift.ends for shift in self.weekly if shift.begins_on(first)):
            return "the shift has no length: it starts and ends at the same time"
        return "no shift at this time"


def _rosters(
    environment: Environment | int,
    dates: tuple[date, date],
    hub_ids: Collection[int] | None,
    driver_ids: Collection[int] | None,
) -> list[_Roster]:
    drivers = Driver.objects.for_environment(environment).filter(retired_at=None).select_related("hub")
    if hub_ids is not None:
        drivers = drivers.filter(hub_id__in=list(hub_ids))
    if driver_ids is not None:
        drivers = drivers.filter(pk__in=list(driver_ids))
    people = list(drivers.order_by("pk"))
    weekly, others = _weekly(environment, people), _others(environment, people, *dates)
    return [
        _Roster(one, [weekly_of(row) for row in weekly[one.pk]], [other_of(row) for row in others[one.pk]])
        for one in people
    ]


def _weekly(environment: Environment | int, people: list[Driver]) -> dict[int, list[Shift]]:
    found: dict[int, list[Shift]] = defaultdict(list)
    rows = Shift.objects.for_environment(environment).filter(driver_id__in=[one.pk for one in people])
    for shift in rows.order_by("pk"):
        found[shift.driver_id].append(shift)
    return found


def _others(
    environment: Environment | int, people: list[Driver], first: date, last: date
) -> dict[int, list[ShiftChange]]:
    found: dict[int, list[ShiftChange]] = defaultdict(list)
    rows = ShiftChange.objects.for_environment(environment).filter(date__gte=first, date__lte=last)
    for change in rows.filter(driver_id__in=[one.pk for one in people]):
        found[change.driver_id].append(change)
    return found
