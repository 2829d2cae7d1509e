"""Where one more stop fits into a route: every place that can hold it, exactly priced.

Bounds on time throw out most places in a microsecond; none that is feasible is thrown out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dispatch.optimiser.clock import arrival
from dispatch.optimiser.indexed import FAR, Indexed
from dispatch.optimiser.plan import Bounds, Order, Plan
from dispatch.optimiser.timing import Refusal


@dataclass(frozen=True, slots=True)
class Insertion:
    """Putting a stop into a vehicle's route: the new order, and what it adds to the cost with the stop served."""

    vehicle: int
    order: Order
    delta: int


def best_insertion(
    plan: Plan, stop: int, vehicle: int, base: Order | None = None, *, most: int | None = None
) -> Insertion | None:
    """The cheapest feasible place for `stop` among the stops of `base` (default: the vehicle's route).

    `base` may leave stops of the route out; they count as unserved. `most`: look no further than so many feasible
    places, the shortest detours first (None: all).
    """
    ix = plan.ix
    order = plan.orders[vehicle] if base is None else base
    if not ix.allowed[vehicle, stop] or not _fits(ix, vehicle, order, stop):
        return None
    best: Insertion | None = None
    seen = 0
    for _, position in sorted(_places(plan, vehicle, order, stop)):
        candidate = (*order[:position], stop, *order[position:])
        delta = plan.price({vehicle: candidate})
        if isinstance(delta, Refusal):
            if delta.rule in ("apart", "together"):
                return best  # wherever it goes on this route
            continue
        seen += 1
        if best is None or delta < best.delta:
            best = Insertion(vehicle, candidate, delta)
        if most is not None and seen >= most:
            break
    return best


def cheapest(plan: Plan, stop: int, vehicles: Sequence[int], *, most: int | None = None) -> Insertion | None:
    """The cheapest place for `stop` on any of the vehicles."""
    found = (best_insertion(plan, stop, vehicle, most=most) for vehicle in vehicles)
    return min(
        (one for one in found if one is not None), key=lambda one: (one.delta, one.vehicle), default=None
    )


def _fits(ix: Indexed, vehicle: int, order: Order, stop: int) -> bool:
    if ix.collects:
        return True  # the load along the way decides, and `price` looks at it
    for u, limit in enumerate(ix.capacity[vehicle]):
        if limit is not None and ix.deliver[stop][u] + sum(ix.deliver[s][u] for s in order) > limit:
            return False
    return True


def _places(plan: Plan, vehicle: int, order: Order, stop: int) -> Iterator[tuple[int, int]]:
    """(metres more, position) of each place that the bounds on time leave."""
    ix = plan.ix
    legs = ix.vehicle_legs[vehicle]
    distance = legs.distance
    bounds = _known_bounds(plan, vehicle, order)
    there, service = ix.place[stop], ix.service[stop]
    low, high = ix.low[stop], ix.high[stop]
    end = ix.vehicles[vehicle].end
    for position in range(len(order) + 1):
        here = bounds.places[position]
        reached = arrival(legs, here, there, bounds.left[position])
        if reached is None or reached > high:
            continue
        over = (reached if reached > low else low) + service
        onward = ix.place[order[position]] if position < len(order) else end
        if onward is None:
            if over <= bounds.reach[position]:
                yield distance[here, there], position
            continue
        next_at = arrival(legs, there, onward, over)
        if next_at is None or next_at > bounds.reach[position]:
            continue
        skipped = distance[here, onward]
        yield distance[here, there] + distance[there, onward] - (max(skipped, 0)), position


def least_missed(plan: Plan, vehicle: int, stop: int, count: int) -> list[int]:
    """The places on a vehicle's route whose bounds on time `stop` misses by least, those that it meets first."""
    ix, order = plan.ix, plan.orders[vehicle]
    legs, bounds = ix.vehicle_legs[vehicle], _known_bounds(plan, vehicle, order)
    end = ix.vehicles[vehicle].end
    missed = []
    for position in range(len(order) + 1):
        reached = arrival(legs, bounds.places[position], ix.place[stop], bounds.left[position])
        if reached is None:
            missed.append((FAR, position))
            continue
        over = max(reached, ix.low[stop]) + ix.service[stop]
        onward = ix.place[order[position]] if position < len(order) else end
        next_at = over if onward is None else arrival(legs, ix.place[stop], onward, over)
        late = FAR if next_at is None else next_at - bounds.reach[position]
        missed.append((max(reached - ix.high[stop], late, 0), position))
    return [position for _, position in sorted(missed)[:count]]


def _known_bounds(plan: Plan, vehicle: int, order: Order) -> Bounds:
    """The bounds of a route as it is are asked for many times between two changes of it."""
    if order is not plan.orders[vehicle]:
        return bounds_of(plan.ix, vehicle, order)
    known = plan.bounds.get(vehicle)
    if known is None or known[0] is not order or known[1] is not plan.ix:
        known = plan.bounds[vehicle] = (order, plan.ix, bounds_of(plan.ix, vehicle, order))
    return known[2]


def bounds_of(ix: Indexed, vehicle: int, order: Order) -> Bounds:
    """Bounds for `order`, without rests and with soft slots as wide as they go."""
    legs, outset = ix.vehicle_legs[vehicle], ix.outsets[vehicle]
    here, now = outset.place, outset.earliest_s
    if outset.load_place is not None:
        reached = arrival(legs, here, outset.load_place, now)
        if reached is None:
            return Bounds([FAR] * (len(order) + 1), [here] * (len(order) + 1), [-FAR] * (len(order) + 1))
        now = max(reached, outset.opens_s or reached) + outset.loading_s
        here = outset.load_place
    left, places = [now], [here]
    for stop in order:
        reached = arrival(legs, here, ix.place[stop], now)
        here = ix.place[stop]
        now = FAR if reached is None else max(reached, ix.low[stop]) + ix.service[stop]
        left.append(now)
        places.append(here)
    return Bounds(left, places, _latest(ix, vehicle, order))


def _latest(ix: Indexed, vehicle: int, order: Order) -> list[int]:
    """Latest arrivals; with times by hour each visit's own limit only, which is still a bound."""
    legs = ix.vehicle_legs[vehicle]
    end = ix.vehicles[vehicle].end
    latest = [ix.vehicles[vehicle].shift_end_s]
    flat = legs.durations[0] if len(legs.durations) == 1 else None
    onward = end
    for stop in reversed(order):
        bound = ix.high[stop]
        if flat is not None:
            leg = 0 if onward is None else max(flat[ix.place[stop], onward], 0)
            bound = min(bound, latest[-1] - leg - ix.service[stop])
        latest.append(bound)
        onward = ix.place[stop]
    latest.reverse()
    return latest
