"""How the running month goes in money: what each day came to, and where it will end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from billing.guard import sources
from billing.guard.forecast import KEPT, Band, forecast, forecast_distinct
from billing.guard.months import begin_of, days_in, month_before, month_of

DISTINCT = "active_devices"  # counted once a month: most of it comes early
Days = dict[str, dict[date, int]]


@dataclass(frozen=True)
class Outlook:
    """The month so far and its band, all in minor units; `days` are the sums at the end of each day so far."""

    currency: str
    plan: str
    spent: int
    today: int
    band: Band
    month: date
    days: Sequence[int]
    length: int


def outlook(tenant_id: int, *, now: datetime) -> Outlook:
    """Of the tenant's live environments. Inside its scope.

    Use is forecast meter by meter and then priced, so that free units and tiers count as they will. What has come so
    far is the running invoice's sum; days before today, and the rest of the month, are priced by the plan of now.
    """
    month, tariff = month_of(now), sources.tariff_of(tenant_id)
    plan = tariff.at(now)
    first = min(begin_of(month_before(month)), begin_of(month) - timedelta(days=KEPT))
    used = _by_day(tenant_id, first, now)
    spend = sources.spent(tenant_id, now, tariff)
    so_far = _until(used, month, now.astimezone(UTC).date())
    price = sources.pricing_of(plan)
    priced = price(so_far)
    bands = {meter: _band(meter, days, first.date(), month, now) for meter, days in used.items()}
    low, likely, high = (
        spend.minor - priced + price({meter: getattr(band, edge) for meter, band in bands.items()})
        for edge in ("low", "likely", "high")
    )
    sums = [price(_until(used, month, month + timedelta(days=n))) for n in range(now.astimezone(UTC).day - 1)]
    before = sums[-1] if sums else 0
    return Outlook(
        currency=spend.currency,
        plan=plan.name,
        spent=spend.minor,
        today=max(0, priced - before),
        band=Band(low, max(low, likely), max(low, likely, high)),
        month=month,
        days=[*sums, spend.minor],
        length=days_in(month),
    )


def _by_day(tenant_id: int, first: datetime, now: datetime) -> Days:
    found: Days = {}
    for row in sources.daily(tenant_id, first, now):
        days = found.setdefault(row.meter, {})
        days[row.day] = days.get(row.day, 0) + row.quantity
    return found


def _until(used: Days, month: date, last: date) -> Mapping[str, int]:
    """What was used from the month's first day to the end of `last`."""
    return {meter: sum(q for day, q in days.items() if month <= day <= last) for meter, days in used.items()}


def _band(meter: str, days: Mapping[date, int], first: date, month: date, now: datetime) -> Band:
    """Days before the meter was first used are no history of it."""
    today = now.astimezone(UTC).date()
    begin = min(max(first, min(days)), month)
    daily = [days.get(begin + timedelta(days=n), 0) for n in range((today - begin).days + 1)]
    return (forecast_distinct if meter == DISTINCT else forecast)(daily, month, now)
