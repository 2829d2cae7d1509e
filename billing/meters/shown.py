"""Usage as the page and its CSV show it: a month of all environments of a tenant, by meter and by day."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from billing.meters.catalogue import METERS, Meter
from billing.meters.selectors import DayUsage, usage_by_day
from tracker.tenants.models import Environment

GIGABYTE = 1_000_000_000
FIRST_MONTH = date(2000, 1, 1)


@dataclass
class MeterMonth:
    """One meter in one month: live and test apart, in all and by day."""

    meter: Meter
    month: "Month"
    live: dict[date, int] = field(default_factory=dict)
    test: dict[date, int] = field(default_factory=dict)
    free: int | None = None  # what the plan lets be used of it each month; None where no plan says

    @property
    def live_total(self) -> str:
        """The month's live usage, in words."""
        return self.month.words(self.meter, sum(self.live.values()))

    @property
    def test_total(self) -> str:
        """The month's usage of test environments, in words."""
        return self.month.words(self.meter, sum(self.test.values()))

    @property
    def free_words(self) -> str:
        """The free allowance, in words; empty without one."""
        return self.month.words(self.meter, self.free) if self.free else ""

    @property
    def free_share(self) -> float:
        """How much of the free allowance is used, at most 1."""
        return min(1.0, sum(self.live.values()) / self.free) if self.free else 0.0

    @property
    def days(self) -> list[tuple[date, str, str]]:
        """Day, live and test, of every day that is not yet to come."""
        return [
            (day, self.month.day_words(self.meter, self.live.get(day, 0)),
             self.month.day_words(self.meter, self.test.get(day, 0)))
            for day in self.month.days
        ]  # fmt: skip

    @property
    def plot(self) -> dict[str, object]:
        """What the plot is drawn from: epoch seconds and numbers, the archive in gigabytes."""
        scale = GIGABYTE * 24 if self.meter.is_level else 1
        return {
            "days": [int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp()) for d in self.month.days],
            "live": [self.live.get(day, 0) / scale for day in self.month.days],
            "test": [self.test.get(day, 0) / scale for day in self.month.days],
            "name": self.meter.name,
            "unit": "GB" if self.meter.is_level else self.meter.unit,
        }


@dataclass(frozen=True)
class Month:
    """A calendar month in UTC, as far as it has gone."""

    first: date
    today: date

    @property
    def begins(self) -> datetime:
        """Its first instant."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """The first instant behind it."""
        after = self.after
        return datetime(after.year, after.month, 1, tzinfo=UTC)

    @property
    def before(self) -> date:
        """The month before."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        """The month behind."""
        return (self.first + timedelta(days=32)).replace(day=1)

    @property
    def is_running(self) -> bool:
        """Whether today lies in it."""
        return self.first == self.today.replace(day=1)

    @property
    def hours(self) -> int:
        """How many it has."""
        return 24 * calendar.monthrange(self.first.year, self.first.month)[1]

    @property
    def days(self) -> list[date]:
        """Its days up to today."""
        last = min(self.after - timedelta(days=1), self.today)
        return [self.first + timedelta(days=n) for n in range((last - self.first).days + 1)]

    def words(self, meter: Meter, quantity: int) -> str:
        """A month's quantity: byte-hours as GB-months, which are what a gigabyte held all month is one of."""
        if meter.is_level:
            return f"{quantity / GIGABYTE / self.hours:,.3f} GB-months"
        return f"{quantity:,}"

    def day_words(self, meter: Meter, quantity: int) -> str:
        """A day's quantity: of the archive what it held on average over the day's 24 hours."""
        return f"{quantity / GIGABYTE / 24:,.3f} GB" if meter.is_level else f"{quantity:,}"


def month_of(text: str, *, today: date) -> Month:
    """The month a page asks for as 2026-11; the running one where it asks for none that has begun."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today.replace(day=1)
    return Month(first if FIRST_MONTH <= first <= today else today.replace(day=1), today)


def months_usage(
    environments: Sequence[Environment], month: Month, free: dict[str, int]
) -> dict[str, MeterMonth]:
    """Every meter of the month, in the catalogue's order."""
    live = {one.pk for one in environments if one.kind == Environment.Kind.LIVE}
    found = {
        code: MeterMonth(meter, month, free=free.get(code) if free else None)
        for code, meter in METERS.items()
    }
    for row in usage_by_day([one.pk for one in environments], month.begins, month.ends):
        _add(found[row.meter].live if row.environment_id in live else found[row.meter].test, row)
    return found


def _add(days: dict[date, int], row: DayUsage) -> None:
    days[row.day] = days.get(row.day, 0) + row.quantity
