"""Which hour of ours is told as which hour of the provider's. Pure."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from billing.payments.hours import Used

HOUR = timedelta(hours=1)


def first_hour(started_at: datetime) -> datetime:
    """The first whole hour of a subscription: only what lies within its periods is billed by the provider."""
    hour = started_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if hour == started_at else hour + HOUR


def month_of(moment: datetime) -> datetime:
    """The beginning of its month in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(month: datetime) -> datetime:
    """The beginning of the month after the one that begins at `month`."""
    month = month.astimezone(UTC)
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def as_told(
    hours: Sequence[Used], metered_from: datetime, *, by_themselves: Collection[datetime] = ()
) -> list[Used]:
    """The hours as they are told: what the month held before `metered_from` goes with that hour.

    Our invoice is of the whole month and the provider's of its subscription, so the two would differ by what came
    before. A sum of totals under a sum of revisions is a total again: it may be told any number of times. Hours in
    `by_themselves` were told under an earlier subscription and stay what they are.
    """
    month = month_of(metered_from)
    told, carried = [], Used(metered_from, 0, 0)
    for one in hours:
        if one.hour > metered_from or (one.hour < metered_from and one.hour in by_themselves):
            told.append(one)
        elif one.hour >= month:
            carried = Used(metered_from, carried.quantity + one.quantity, carried.revision + one.revision)
    return sorted([carried, *told]) if carried.revision else told


def beyond(hours: Sequence[Used], free: int) -> list[Used]:
    """Each hour's part of what a month holds beyond its free units; the hours begin with a month.

    An hour's part changes with every hour of the month before it, so its revision is the sum of theirs.
    """
    found: list[Used] = []
    month, held, revisions = None, 0, 0
    for one in sorted(hours):
        if month_of(one.hour) != month:
            month, held, revisions = month_of(one.hour), 0, 0
        before, held = max(0, held - free), held + one.quantity
        revisions += one.revision
        found.append(Used(one.hour, max(0, held - free) - before, revisions))
    return found
