"""Billing months: calendar months in UTC, named by their first day."""

from datetime import UTC, date, datetime, timedelta


def span(month: date) -> tuple[datetime, datetime]:
    """From its first moment to the next month's."""
    return _begin(month), _begin(after(month))


def month_of(moment: datetime) -> date:
    """The month a moment lies in."""
    return moment.astimezone(UTC).date().replace(day=1)


def after(month: date) -> date:
    """The next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def before(month: date) -> date:
    """The month before."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def _begin(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
