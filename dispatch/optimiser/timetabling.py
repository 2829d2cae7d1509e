"""The times of orders a person made: as good as they can be, broken rules and all, for `verify` to name."""

import itertools
from collections.abc import Mapping, Sequence

from dispatch.optimiser.clock import arrival
from dispatch.optimiser.cost import TERMS
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.labels import slot_choices
from dispatch.optimiser.plan import Plan
from dispatch.optimiser.problem import Problem, Stop
from dispatch.optimiser.recount import recount
from dispatch.optimiser.schedule import length_m, schedule
from dispatch.optimiser.solution import Route, Solution, Visit
from dispatch.optimiser.timing import Refusal


def timetable(problem: Problem, orders: Mapping[str, Sequence[str]]) -> Solution:
    """Routes with these stops in this order; begun visits come first by themselves and may be given or left out.

    A route that holds by every rule has the times `solve` would give it. One that does not is driven as early as it
    can be, without rests, late where it is late: `verify` then says what is broken and what it costs. Ids that are
    not in the problem are passed over; every stop on no route is unserved.
    """
    ix = Indexed(problem)
    plan = Plan(ix)  # only to write routes down: rules between routes are for `verify`
    routes = []
    served: set[int] = set(ix.fixed_at)
    for vehicle, one in enumerate(ix.vehicles):
        order = tuple(
            n
            for n in (ix.stop_no.get(stop) for stop in dict.fromkeys(orders.get(one.id, ())))
            if n is not None
        )
        order = tuple(n for n in order if n not in served)
        served.update(order)
        if not order and not ix.outsets[vehicle].on_the_way:
            continue
        timed = schedule(ix, vehicle, order, settled=True)
        if isinstance(timed, Refusal):
            routes.append(_forced(ix, vehicle, order))
        else:
            routes.append(plan.route(vehicle, order, timed))
    unserved = tuple(stop.id for n, stop in enumerate(ix.stops) if n not in served)
    solution = Solution(routes=tuple(routes), unserved=unserved)
    terms = recount(problem, solution)
    return Solution(routes=solution.routes, unserved=unserved, terms={name: terms[name] for name in TERMS})


def _forced(ix: Indexed, vehicle: int, order: Sequence[int]) -> Route:
    """As early as the legs allow; a leg that nobody knows takes no time."""
    one, outset, legs = ix.vehicles[vehicle], ix.outsets[vehicle], ix.vehicle_legs[vehicle]
    now, here, loaded = outset.earliest_s, outset.place, None
    if outset.load_place is not None:
        reached = arrival(legs, here, outset.load_place, now)
        begin = max(
            now if reached is None else reached, outset.opens_s if outset.opens_s is not None else now
        )
        now = loaded = begin + outset.loading_s
        here = outset.load_place
    visits = [Visit(stop=b.stop, arrive_s=b.arrive_s, start_s=b.start_s, end_s=b.end_s) for b in one.begun]
    for stop in order:
        known = arrival(legs, here, ix.place[stop], now)
        reached = now if known is None else known
        start, slot = _least_late(ix.stops[stop], reached)
        now = start + ix.service[stop]
        visits.append(Visit(stop=ix.stops[stop].id, arrive_s=reached, start_s=start, end_s=now, slot=slot))
        here = ix.place[stop]
    if one.end is not None:
        home = arrival(legs, here, one.end, now)
        now = now if home is None else home
    leave = outset.left_s if outset.left_s is not None else outset.earliest_s
    metres = length_m(ix, vehicle, order)
    return Route(
        vehicle=one.id, leave_s=leave, end_s=now, visits=tuple(visits), loaded_s=loaded,
        distance_m=metres if isinstance(metres, int) else _known_metres(ix, vehicle, order),
    )  # fmt: skip


def _least_late(stop: Stop, ready_s: int) -> tuple[int, int | None]:
    """The begin in the cheapest slot that holds, or in the one that is missed by least."""
    choices = list(slot_choices(stop, ready_s))
    if choices:
        start, _, _, slot = min(choices, key=lambda choice: (choice[1] + choice[2], choice[0]))
        return start, slot
    slot = max(range(len(stop.slots)), key=lambda n: stop.slots[n].latest_s)
    return max(ready_s, stop.slots[slot].earliest_s), slot


def _known_metres(ix: Indexed, vehicle: int, order: Sequence[int]) -> int:
    outset, distance = ix.outsets[vehicle], ix.vehicle_legs[vehicle].distance
    places = [outset.place, *([outset.load_place] if outset.load_place is not None else [])]
    places += [ix.place[stop] for stop in order]
    end = ix.vehicles[vehicle].end
    places += [end] if end is not None else []
    return outset.driven_m + sum(max(distance[a, b], 0) for a, b in itertools.pairwise(places))
