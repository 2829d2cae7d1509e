"""The times a customer may choose instead. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_AHEAD = 3
LEAD = timedelta(hours=2)  # a slot that begins sooner can hardly be planned any more
Slot = tuple[datetime, datetime]


def offered(hours: Sequence[tuple[time, time]], zone: ZoneInfo, *, now: datetime) -> list[Slot]:
    """Slots of the coming days at those local hours, the earliest first, none that begins within two hours.

    An end at or before its begin is on the next day. Where clocks go forward over a begin, it is the moment they do.
    """
    today = now.astimezone(zone).date()
    slots = []
    for away in range(DAYS_AHEAD + 1):
        day = today + timedelta(days=away)
        for begin, end in hours:
            last = day + timedelta(days=1) if end <= begin else day
            slot = _at(day, begin, zone), _at(last, end, zone)
            if slot[0] >= now + LEAD and slot[0] < slot[1]:
                slots.append(slot)
    return sorted(slots)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Through UTC and back: a time that does not exist becomes one that does."""
    return datetime.combine(day, clock, zone).astimezone(UTC)
