"""The next days of a driver as a page shows them: each local date with its hours. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from dispatch.fleet.hours import Interval


@dataclass(frozen=True)
class WeekDay:
    """A date and its shifts as local times; an end on the next day is marked."""

    day: date
    spans: tuple[str, ...]


def week_of(intervals: Sequence[Interval], today: date, zone: ZoneInfo) -> list[WeekDay]:
    """Seven days from today on."""
    days = [today + timedelta(days=n) for n in range(7)]
    return [
        WeekDay(
            day,
            tuple(span(one, zone) for one in intervals if one.start.astimezone(zone).date() == day),
        )
        for day in days
    ]


def span(one: Interval, zone: ZoneInfo) -> str:
    """`09:00 to 17:00`, `22:00 to 06:00 (+1)`; with the offset where a clock change lies between."""
    start, end = one.start.astimezone(zone), one.end.astimezone(zone)
    later = (end.date() - start.date()).days
    changed = start.utcoffset() != end.utcoffset()
    hours = f" ({one.seconds / 3600:g} h, the clock changes)" if changed else ""
    return f"{start:%H:%M} to {end:%H:%M}{f' (+{later})' if later else ''}{hours}"
