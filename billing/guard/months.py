"""Billing months: calendar months in UTC, named by their first day. Pure."""

from datetime import UTC, date, datetime, timedelta


class NoTimeZone(ValueError):
    """A time that does not say in which zone it is: which month it lies in cannot be told."""


def month_of(now: datetime) -> date:
    """The first day of the billing month of that moment. Raises NoTimeZone."""
    if now.tzinfo is None:
        raise NoTimeZone("the time has no time zone: a month is one of UTC")
    return now.astimezone(UTC).date().replace(day=1)


def begin_of(month: date) -> datetime:
    """The first instant of the month."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_before(month: date) -> date:
    """The first day of the month before."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def days_in(month: date) -> int:
    """How many days it has."""
    return (next_month(month) - month).days
