"""A customer's plan as prices of the provider: which meter costs what, and the plan's own fee."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from billing.payments import in_money
from billing.payments.folding import next_month
from billing.payments.hours import Used
from billing.payments.port import Final, PriceOrder, Tier
from billing.plans import rating, selectors
from billing.plans.rating import Price

FEE_METER = "plan_fee"


class NotSayable(Final):
    """The plan has a price the provider's prices cannot express."""


def orders(tenant_id: int, now: datetime, *, scales: dict[str, int]) -> list[PriceOrder]:
    """All prices of the plan the tenant is on, the fee first. Raises NotSayable."""
    plan = selectors.plan_at(tenant_id, now)
    prices = selectors.prices_of(plan)
    if not prices:
        return []
    fee = (Tier(None, Decimal(1)),)
    found = [_order(plan.code, "Plan fee", plan.currency, FEE_METER, "graduated", fee)]
    for price in prices:
        if price.meter:
            mode = "volume" if price.scheme == "volume" else "graduated"
            tiers = tiers_of(price, scales.get(price.meter, 1))
            found.append(_order(plan.code, price.unit_name, plan.currency, price.meter, mode, tiers))
    return found


def _order(
    plan: str, label: str, currency: str, meter: str, mode: str, tiers: tuple[Tier, ...]
) -> PriceOrder:
    """Its key follows from its content, so a price that changes is another price."""
    content = json.dumps([plan, currency, meter, mode, [[t.up_to, str(t.unit), str(t.flat)] for t in tiers]])
    key = f"milepost:{plan}:{meter}:{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    return PriceOrder(key, plan, label, currency, meter, mode, tiers)


def tiers_of(price: Price, scale: int) -> tuple[Tier, ...]:
    """The price's steps in told units, the free ones before them. Bounds of ours begin behind the free units."""
    free = -(-price.free_quantity // scale)
    if price.scheme == "flat":
        if not free:
            raise NotSayable(f"{price.unit_name}: a flat price from the first unit cannot be sold online.")
        return (Tier(free, Decimal(0)), Tier(None, Decimal(0), Decimal(price.flat_minor)))
    if price.scheme == "volume":
        free = 0  # their tiers price all units alike, so the free ones are not told: see `not_told`
    if price.scheme == "per_unit":
        steps: Iterable[tuple[int | None, Decimal]] = [(None, price.unit_minor)]
    else:
        steps = [(tier.up_to, tier.unit_minor) for tier in price.tiers]
    told = [
        Tier(None if up_to is None else free + up_to // scale, unit * scale / price.unit_size)
        for up_to, unit in steps
    ]
    return ((Tier(free, Decimal(0)),) if free else ()) + tuple(told)


def not_told(tenant_id: int, meter: str, at: datetime) -> int:
    """How many of a month's units are free and left out of what is told: those before a volume price."""
    prices = selectors.prices_of(selectors.plan_at(tenant_id, at))
    found = (one.free_quantity for one in prices if one.meter == meter and one.scheme == "volume")
    return next(found, 0)


def fees(tenant_id: int, first: datetime, last: datetime) -> list[Used]:
    """The plan's fee of each month that begins within [first, last): its first hour, minor units, a revision.

    Of a month that is told in money it is all that our invoice comes to.
    """
    months = _months(first, last)
    return [in_money.amount(tenant_id, month, _fee(tenant_id, month)) for month in months]


def _months(first: datetime, last: datetime) -> list[datetime]:
    month = first.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = []
    while month < last:
        if month >= first:
            found.append(month)
        month = next_month(month)
    return found


def _fee(tenant_id: int, month: datetime) -> int:
    end, total = next_month(month), 0
    for part in selectors.tariff_of(tenant_id).parts(month, end):
        share = Fraction(int((part.last - part.first).total_seconds()), int((end - month).total_seconds()))
        for price in selectors.prices_of(part.plan):
            if not price.meter:
                total += rating.in_proportion(price, share).flat_minor
    return total
