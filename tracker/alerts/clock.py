"""When an expectation is due: a time of day on some weekdays in a time zone. Pure."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_due(by: time, zone: ZoneInfo, weekdays: Collection[int], *, after: datetime) -> datetime:
    """The first moment strictly later than `after` at which it is `by` there, on one of the weekdays (0 Monday; none
    named: every day), in UTC.

    Where the clock jumps over `by`, the moment is as long after midnight as ever, an hour later by that day's clock;
    where the hour comes twice, the first counts.
    """
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        local = datetime.combine(day, by, zone)
        moment = local.astimezone(UTC)
        if moment > after and (not weekdays or day.weekday() in weekdays):
            return moment
        day += timedelta(days=1)


def last_due(by: time, zone: ZoneInfo, weekdays: Collection[int], *, upto: datetime) -> datetime | None:
    """The newest such moment that is not later than `upto`, of the fortnight before it."""
    found, moment = None, upto - timedelta(days=15)
    while (moment := next_due(by, zone, weekdays, after=moment)) <= upto:
        found = moment
    return found
