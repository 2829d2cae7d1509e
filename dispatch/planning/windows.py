"""When a window is due next, in real time: local hours on weekdays, over clock changes. Pure.

On a night whose hour is skipped, the moment of the jump takes the place of a time inside it; of an hour that comes
twice the first pass counts. So a window is due once on each of its days, and on no other.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.fleet.hours import instant

DEFAULTS = (time(6), time(9), time(12))
DAY = timedelta(days=1)
AHEAD = 9  # days: a week and one, and one for a day that a zone skips whole


def next_due(at: time, weekdays: Collection[int], timezone: str, after: datetime) -> datetime | None:
    """The first moment (UTC) after `after` at which it is `at` there on one of `weekdays` (1 is Monday).

    None where there is no weekday. Raises ZoneInfoNotFoundError for a time zone that does not exist.
    """
    zone = ZoneInfo(timezone)
    day = after.astimezone(zone).date() - DAY
    for _ in range(AHEAD + 1):
        if day.isoweekday() in weekdays:
            moment = instant(day, at, zone)
            if moment > after and moment.astimezone(zone).date() == day:
                return moment
        day += DAY
    return None


def last_due(at: time, weekdays: Collection[int], timezone: str, until: datetime) -> datetime | None:
    """The last such moment at or before `until`, looking back over a week: of many missed, the one that counts."""
    found = None
    moment = next_due(at, weekdays, timezone, until - AHEAD * DAY)
    while moment is not None and moment <= until:
        found = moment
        moment = next_due(at, weekdays, timezone, moment)
    return found


def local_day(moment: datetime, timezone: str) -> date:
    """The date there at that moment."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def day_ends(day: date, timezone: str) -> datetime:
    """The moment (UTC) at which the date there is over."""
    return instant(day + DAY, time(0), ZoneInfo(timezone)).astimezone(UTC)
