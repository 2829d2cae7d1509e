"""What a storm would have cost, had each of its registrations or repeats been billed like any other report."""

from datetime import datetime
from typing import NamedTuple

from billing.invoices.months import month_of, span
from billing.meters.selectors import billed_usage
from billing.plans.rating import amount
from billing.plans.selectors import plan_at, prices_of
from billing.storms.models import Storm


class Cost(NamedTuple):
    """An amount in minor units; None where the plan has no prices."""

    minor: int | None
    currency: str


def would_have_cost(tenant_id: int, storm: Storm, at: datetime) -> Cost:
    """What the month's bill would be higher by at the plan's prices, on top of what was used so far."""
    plan = plan_at(tenant_id, at)
    prices = prices_of(plan)
    if not prices:
        return Cost(None, "")
    used = billed_usage(tenant_id, span(month_of(at))[0], at)
    more = counted_as(storm)
    with_it = {meter: used.get(meter, 0) + more.get(meter, 0) for meter in used.keys() | more.keys()}
    return Cost(amount(prices, with_it) - amount(prices, used), plan.currency)


def counted_as(storm: Storm) -> dict[str, int]:
    """The units it would have been: a report each, and where ids were made up, an active device each too."""
    units = storm.repeats if storm.kind == Storm.Kind.REPEATS else storm.received
    found = {"fixes_accepted": units}
    if storm.reason == Storm.Reason.MUTE:
        found["active_devices"] = max(
            storm.devices, round(storm.received / (storm.evidence.get("each") or 1))
        )
    return found
