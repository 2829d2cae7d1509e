"""What a storm would have cost, had each of its registrations or repeats been billed like any other report."""

import importlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from billing.storms.models import Storm


class Cost(NamedTuple):
    """An amount in minor units; None where the plan has no price for it."""

    minor: int | None
    currency: str


UNKNOWN = Cost(None, "")


def would_have_cost(tenant_id: int, storm: Storm, at: datetime) -> Cost:
    """What the month's bill would be higher by at the plan's prices, on top of what was used so far."""
    plans, rating, usage = (
        _module("billing.plans.selectors"),
        _module("billing.plans.rating"),
        _module("billing.meters.selectors"),
    )
    if plans is None or rating is None:
        return UNKNOWN
    plan = plans.plan_at(tenant_id, at)
    prices = plans.prices_of(plan)
    if not prices:
        return UNKNOWN
    first = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    used: dict[str, int] = usage.billed_usage(tenant_id, first, at) if usage is not None else {}
    more = counted_as(storm)
    with_it = {meter: used.get(meter, 0) + more.get(meter, 0) for meter in used.keys() | more.keys()}
    return Cost(_total(rating, prices, with_it) - _total(rating, prices, used), plan.currency)


def counted_as(storm: Storm) -> dict[str, int]:
    """The units it would have been: a report each, and where ids were made up, an active device each too."""
    units = storm.repeats if storm.kind == Storm.Kind.REPEATS else storm.received
    found = {"fixes_accepted": units}
    if storm.reason == Storm.Reason.MUTE:
        found["active_devices"] = max(
            storm.devices, round(storm.received / (storm.evidence.get("each") or 1))
        )
    return found


def _total(rating: Any, prices: Any, usage: Mapping[str, int]) -> int:
    return sum(line.amount_minor for line in rating.rate(prices, usage))


def _module(name: str) -> Any:
    """A part of billing, None where this installation goes without."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None
