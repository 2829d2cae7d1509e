"""The first rule that keeps a vehicle from serving a stop, in words and numbers."""

from dataclasses import dataclass

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.insertion import best_insertion, least_missed
from dispatch.optimiser.plan import Order, Plan
from dispatch.optimiser.schedule import crowded, overloaded, schedule
from dispatch.optimiser.timing import Refusal

LOOKED_AT = 3  # places of a route that are priced for the reason, those that are missed by least


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


def refused_by(
    plan: Plan, stop: int, vehicle: int, alone: dict[object, Refusal | None] | None = None
) -> Refused:
    """The first rule in the way: what holds wherever the stop goes, then alone, then on the route as it is.

    `alone` is kept by the caller for one stop: vehicles of one kind are refused alone by the same rule.
    """
    ix = plan.ix
    refusal = crowded(ix, vehicle, (stop,))
    if refusal is None:
        kept: dict[object, Refusal | None] = {} if alone is None else alone
        kind = ix.kind[vehicle]
        if kind not in kept:
            kept[kind] = _alone(ix, stop, vehicle)
        refusal = kept[kind]
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
    if best_insertion(plan, stop, vehicle, most=1) is not None:
        return None
    nearest: Refusal | None = None
    for position in least_missed(plan, vehicle, stop, LOOKED_AT):
        found = plan.price({vehicle: (*order[:position], stop, *order[position:])})
        if isinstance(found, Refusal) and (nearest is None or found.by < nearest.by):
            nearest = found
    return nearest


def _full(ix: Indexed, vehicle: int, order: Order, stop: int) -> Refusal | None:
    """Too much wherever it goes: only then is the load the reason and not the order."""
    if not ix.collects:
        return overloaded(ix, vehicle, (*order, stop))
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


_SENTENCES = {
    "skill": "{who} lacks {missing}",
    "vehicle": "{who} may not serve it",
    "depot": "{who} does not load at {depot}",
    "begun": "it is on a route that was begun",
    "no_way": "no way is known for {who} {between}",
    "capacity": "{who} has {by} {unit} too little room",
    "apart": "{who} carries {other}, which it must be apart from",
    "together": "{other} is on another vehicle, and they go together",
    "slot": "{who} comes {time} late to {whom}",
    "loading": "{who} is at its depot {time} after it closes",
    "shift": "{who} would be back {time} after the shift",
    "break": "{who} could not take the break of {time} in time",
    "duration": "{who} would be on the road {time} longer than allowed",
    "distance": "{who} would drive {by} m more than allowed",
}


def _sentence(ix: Indexed, stop: int, vehicle: int, refusal: Refusal, other: str | None) -> str:
    wanted, has = ix.stops[stop], ix.vehicles[vehicle]
    return _SENTENCES[refusal.rule].format(
        who=has.id, by=refusal.by, unit=refusal.unit, time=_time(refusal.by), depot=wanted.depot, other=other,
        missing=", ".join(sorted(wanted.skills - has.skills)), whom=other or "it",
        between=f"between it and {other}" if other else "to it or on from it",
    )  # fmt: skip


def _time(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
