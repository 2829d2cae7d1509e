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
    drivers = Driver.objects.for_environment(environment).filter(retired_at=None).select_related("hub")
    if hub_ids is not None:
        drivers = drivers.filter(hub_id__in=list(hub_ids))
    if driver_ids is not None:
        drivers = drivers.filter(pk__in=list(driver_ids))
    people = list(drivers.order_by("pk"))
    # local dates lie within a day of the date in UTC, and a shift may have begun the day before
    first, last = since.date() - 2 * DAY, until.date() + DAY
    weekly, others = _weekly(environment, people), _others(environment, people, first, last)
    return [_hours(one, weekly[one.pk], others[one.pk], since, until, (first, last)) for one in people]


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


def _hours(
    driver: Driver,
    weekly: list[Shift],
    others: list[ShiftChange],
    since: datetime,
    until: datetime,
    dates: tuple[date, date],
) -> Hours:
    rules, changes = [weekly_of(one) for one in weekly], [other_of(one) for one in others]
    try:
        found = shift_intervals(rules, changes, driver.hub.timezone, *dates)
    except (KeyError, ValueError):
        return Hours(driver, (), f"the time zone {driver.hub.timezone!r} is not known")
    touching = tuple(one for one in found if one.start < until and one.end > since)
    return Hours(driver, touching, "" if touching else _why(driver, rules, changes, since, until))


def _why(driver: Driver, weekly: list[Weekly], others: list[Other], since: datetime, until: datetime) -> str:
    zone = ZoneInfo(driver.hub.timezone)
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    if any(day <= other.day <= last and other.starts is None for other in others):
        return "absent on this day"
    if not weekly and not others:
        return "no shift is set"
    if any(shift.starts == shift.ends for shift in weekly if shift.begins_on(day)):
        return "the shift has no length: it starts and ends at the same time"
    return "no shift at this time"


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
