"""From weekly hours and other hours of single dates to intervals of real time. Pure.

A shift belongs to the local date on which it begins. Where the clock is put forward over a time, the moment of the jump
takes its place: whoever begins at 02:30 in a night without that hour begins when the clock says 03:00. Where an hour
comes twice, its first pass counts, for begins and ends alike: nobody is planned to work an hour they may not know of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rest:
    """A break as it is written down: so long, taken between two local times."""

    earliest: time
    latest: time  # over by then; at or before `earliest` it is on the next day
    duration_s: int


@dataclass(frozen=True, slots=True)
class Weekly:
    """Hours that come back every week. An end before the start is on the next day; equal ones have no length."""

    weekdays: frozenset[int]  # on which it begins: 1 is Monday, 7 Sunday
    starts: time
    ends: time
    timezone: str = ""  # empty: the one given for all
    rests: tuple[Rest, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None  # its last day

    def begins_on(self, day: date) -> bool:
        """Whether one begins on that local date."""
        return (
            day.isoweekday() in self.weekdays
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class Other:
    """What is in force on one date instead of the weekly hours; without times: absent."""

    day: date
    starts: time | None = None
    ends: time | None = None
    rests: tuple[Rest, ...] = ()


@dataclass(frozen=True, slots=True)
class Break:
    """A rest that begins between two moments (UTC) and lasts so long."""

    earliest: datetime
    latest: datetime
    duration_s: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A shift in real time (UTC), with its breaks in order."""

    start: datetime
    end: datetime
    breaks: tuple[Break, ...] = ()

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


def shift_intervals(
    shifts: Iterable[Weekly], changes: Iterable[Other], timezone: str, date_from: date, date_to: date
) -> list[Interval]:
    """The shifts that begin on the local dates from `date_from` to `date_to`, both included, in order of time.

    Shifts that touch or overlap become one. Those without a length, as a clock change may leave them, are left out.
    Raises ValueError (or ZoneInfoNotFoundError, which is a KeyError) for a time zone that does not exist.
    """
    weekly, others = tuple(shifts), {change.day: change for change in changes}
    found: list[Interval] = []
    day = date_from
    while day <= date_to:
        other = others.get(day)
        if other is None:
            for shift in weekly:
                if shift.begins_on(day):
                    found += _on(day, shift.starts, shift.ends, shift.timezone or timezone, shift.rests)
        elif other.starts is not None and other.ends is not None:
            found += _on(day, other.starts, other.ends, timezone, other.rests)
        day += DAY
    return _joined(found)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which it is `at` there on that date; see the module's first lines for clock changes."""
    local = datetime.combine(day, at, zone)  # fold 0: of an hour that comes twice the first pass
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    return _jump(moment - DAY, moment, zone)


@lru_cache(maxsize=4096)  # two thousand drivers share a handful of shifts
def _on(day: date, starts: time, ends: time, timezone: str, rests: tuple[Rest, ...]) -> tuple[Interval, ...]:
    if starts == ends:
        return ()
    zone = ZoneInfo(timezone)
    start = instant(day, starts, zone)
    end = instant(day if ends > starts else day + DAY, ends, zone)
    if end <= start:
        return ()
    breaks = [one for rest in rests if (one := _break(day, rest, start, end, zone)) is not None]
    return (Interval(start, end, tuple(sorted(breaks, key=lambda one: one.earliest))),)


def _break(day: date, rest: Rest, start: datetime, end: datetime, zone: ZoneInfo) -> Break | None:
    """The break inside the shift; None where it does not fit in."""
    length = timedelta(seconds=rest.duration_s)
    for begins in (day, day + DAY):
        earliest = instant(begins, rest.earliest, zone)
        latest = instant(begins if rest.latest > rest.earliest else begins + DAY, rest.latest, zone) - length
        earliest, latest = max(earliest, start), min(latest, end - length)
        if rest.duration_s > 0 and earliest <= latest:
            return Break(earliest, latest, rest.duration_s)
    return None


def _joined(found: Sequence[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for one in sorted(found, key=lambda interval: (interval.start, interval.end)):
        if joined and one.start <= joined[-1].end:
            last = joined[-1]
            breaks = sorted({*last.breaks, *one.breaks}, key=lambda rest: (rest.earliest, rest.latest))
            joined[-1] = Interval(last.start, max(last.end, one.end), tuple(breaks))
        else:
            joined.append(one)
    return joined


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between two at which the zone's offset changes, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
