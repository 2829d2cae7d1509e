"""No stop is left out although it fits: exact insertion everywhere, then one stop making room for another."""

from collections.abc import Sequence

from dispatch.optimiser.insertion import best_insertion, cheapest
from dispatch.optimiser.near import Near
from dispatch.optimiser.plan import Plan
from dispatch.optimiser.stop import Stop
from dispatch.optimiser.timing import Refusal

NEAREST = 20  # stops whose vehicles come by
MOST_IDLE = 3


def serve_left_out(
    plan: Plan, near: Near, stop: Stop, order: Sequence[int] | None = None, *, most: int | None = None
) -> int:
    """Insert unserved stops where it pays, the dearest to leave out first (or in `order`). Returns how many.

    Vehicles that come by are tried first, all others only for a stop that none of them can hold.
    """
    waiting = (
        list(order) if order is not None else sorted(plan.unserved, key=lambda s: (-plan.ix.price[s], s))
    )
    vehicles = _distinct(plan)
    served = 0
    for one in waiting:
        if one not in plan.unserved:
            continue
        place = cheapest(plan, one, near.vehicles(plan, one, NEAREST, MOST_IDLE), most=most)
        if place is None or place.delta >= 0:
            place = cheapest(plan, one, vehicles, most=most)
        if place is not None and place.delta < 0:
            was_idle = not plan.orders[place.vehicle]
            plan.put({place.vehicle: place.order})
            served += 1
            if was_idle:
                vehicles = _distinct(plan)
        if stop(plan.cost):
            break
    return served


def _distinct(plan: Plan) -> list[int]:
    """Vehicles that drive, and one of each kind of idle ones that no rule tells apart."""
    kinds: dict[object, int] = {}
    chosen = []
    for vehicle, order in enumerate(plan.orders):
        if order:
            chosen.append(vehicle)
            continue
        key = plan.ix.kind[vehicle]
        if key not in kinds:
            kinds[key] = vehicle
            chosen.append(vehicle)
    return chosen


def eject_for(plan: Plan, stop: int, near: Near, until: Stop) -> bool:
    """Serve `stop` in place of one other that finds room elsewhere, or is cheaper to leave out. True when it paid."""
    if stop not in plan.unserved:
        return True
    ix = plan.ix
    vehicles = sorted(
        (v for v, order in enumerate(plan.orders) if order and ix.allowed[v, stop]),
        key=lambda v: min(near.between(stop, other) for other in plan.orders[v]),
    )
    for vehicle in vehicles:
        order = plan.orders[vehicle]
        for out in sorted(order, key=lambda other: near.between(stop, other)):
            if until(plan.cost):
                return False
            rest = tuple(s for s in order if s != out)
            inserted = best_insertion(plan, stop, vehicle, rest, most=3)
            if inserted is not None and _settle(plan, out, vehicle, inserted.order, inserted.delta):
                return True
    return False


def _settle(plan: Plan, out: int, vehicle: int, order: tuple[int, ...], delta: int) -> bool:
    """Make the change when it pays as it is, or when `out` finds a place that makes it pay."""
    changed = plan.copy()
    changed.put({vehicle: order})
    place = cheapest(changed, out, _distinct(changed), most=3)
    total = delta + (0 if place is None else min(place.delta, 0))
    if total >= 0:
        return False
    plan.put({vehicle: order})
    if (
        place is not None
        and place.delta < 0
        and not isinstance(plan.price({place.vehicle: place.order}), Refusal)
    ):
        plan.put({place.vehicle: place.order})
    return True
