"""The first rule that keeps a vehicle from serving a stop, in words and numbers."""

from dataclasses import dataclass

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.insertion import best_insertion
from dispatch.optimiser.plan import Order, Plan
from dispatch.optimiser.schedule import crowded, overloaded, schedule
from dispatch.optimiser.timing import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why one vehicle does not serve a stop.

    `rule` is one of skill, vehicle, depot, begun, no_way, capacity, apart, together, slot, loading, shift, break,
    duration, distance, or price where it could and the stop is not worth it. `by` is how much of `unit` (s, m, a unit
    of load) is missing, `other` the stop that is in the way, where there is one.
    """

    vehicle: str
    rule: str
    by: int = 0
    unit: str = ""
    other: str | None = None
    says: str = ""


def refused_by(plan: Plan, stop: int, vehicle: int) -> Refused:
    """The first rule in the way: what holds wherever the stop goes, then alone, then on the route as it is."""
    ix = plan.ix
    refusal = crowded(ix, vehicle, (stop,)) or _alone(ix, stop, vehicle)
    if refusal is None:
        refusal = _on_the_route(plan, stop, vehicle)
    if refusal is None:
        place = best_insertion(plan, stop, vehicle)
        more = 0 if place is None else place.delta
        return Refused(
            vehicle=ix.vehicles[vehicle].id, rule="price", by=more,
            says=f"it fits, and serving it costs {more} more than leaving it out",
        )  # fmt: skip
    return _told(ix, stop, vehicle, refusal)


def refused_route(plan: Plan, changes: dict[int, Order], vehicle: int, other: int) -> Refused:
    """What keeps `other` from driving the route of `vehicle`, or `vehicle` from driving the other's in exchange."""
    ix = plan.ix
    refusal = plan.price({other: changes[other], vehicle: ()})
    driver = other
    if not isinstance(refusal, Refusal):
        driver, refusal = vehicle, plan.price(changes)
    if not isinstance(refusal, Refusal):
        raise ValueError("nothing keeps them from it")
    return _told(ix, changes[driver][0] if refusal.stop is None else refusal.stop, driver, refusal)


def untimely(ix: Indexed, stop: int) -> str | None:
    """A reason that lies in the stop alone: its slots are over, or hold nothing."""
    one = ix.stops[stop]
    if one.slots and all(slot.earliest_s > slot.latest_s for slot in one.slots):
        return "every slot ends before it begins"
    now = ix.problem.now_s
    if one.slots and now is not None and ix.high[stop] < now:
        return f"its last slot was over {now - ix.high[stop]} s ago"
    return None


def _alone(ix: Indexed, stop: int, vehicle: int) -> Refusal | None:
    """What forbids a route with this stop only (and the prefix)."""
    found = schedule(ix, vehicle, (stop,))
    return found if isinstance(found, Refusal) else None


def _on_the_route(plan: Plan, stop: int, vehicle: int) -> Refusal | None:
    """What forbids it on the route as it is: the rule that is missed by least over all places, None where it fits."""
    ix, order = plan.ix, plan.orders[vehicle]
    refusal = crowded(ix, vehicle, (*order, stop)) or _full(ix, vehicle, order, stop)
    if refusal is not None:
        return refusal
    nearest: Refusal | None = None
    for position in range(len(order) + 1):
        candidate = (*order[:position], stop, *order[position:])
        found = plan.price({vehicle: candidate})
        if not isinstance(found, Refusal):
            return None
        if nearest is None or found.by < nearest.by:
            nearest = found
    return nearest


def _full(ix: Indexed, vehicle: int, order: Order, stop: int) -> Refusal | None:
    """Too much wherever it goes: only then is the load the reason and not the order."""
    found = [overloaded(ix, vehicle, (*order[:n], stop, *order[n:])) for n in range(len(order) + 1)]
    if any(one is None for one in found):
        return None
    return min((one for one in found if one is not None), key=lambda one: one.by)


def _told(ix: Indexed, stop: int, vehicle: int, refusal: Refusal) -> Refused:
    other = refusal.other
    if (
        other is None
        and refusal.stop is not None
        and refusal.stop != stop
        and refusal.rule in ("slot", "no_way")
    ):
        other = refusal.stop
    name = None if other is None else ix.stops[other].id
    unit = refusal.unit or {"distance": "m"}.get(refusal.rule, "s" if refusal.by else "")
    return Refused(
        vehicle=ix.vehicles[vehicle].id, rule=refusal.rule, by=refusal.by, unit=unit, other=name,
        says=_sentence(ix, stop, vehicle, refusal, name),
    )  # fmt: skip


def _sentence(ix: Indexed, stop: int, vehicle: int, refusal: Refusal, other: str | None) -> str:
    who, by = ix.vehicles[vehicle].id, refusal.by
    missing = ", ".join(sorted(ix.stops[stop].skills - ix.vehicles[vehicle].skills))
    told = {
        "skill": f"{who} lacks {missing}",
        "vehicle": f"{who} may not serve it",
        "depot": f"{who} does not load at {ix.stops[stop].depot}",
        "begun": "it is on a route that was begun",
        "no_way": f"no way is known for {who}"
        + (f" between it and {other}" if other else " to it or on from it"),
        "capacity": f"{who} has {by} {refusal.unit} too little room",
        "apart": f"{who} carries {other}, which it must be apart from",
        "together": f"{other} is on another vehicle, and they go together",
        "slot": f"{who} comes {_time(by)} late to {'it' if other is None else other}",
        "loading": f"{who} is at its depot {_time(by)} after it closes",
        "shift": f"{who} would be back {_time(by)} after the shift",
        "break": f"{who} could not take the break of {_time(by)} in time",
        "duration": f"{who} would be on the road {_time(by)} longer than allowed",
        "distance": f"{who} would drive {by} m more than allowed",
        "now": "it would have had to begin before now",
    }
    return told[refusal.rule]


def _time(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
