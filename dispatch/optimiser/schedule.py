"""The times of one route: given a vehicle and its open stops in order, when to leave, serve and rest.

Lateness and the end come first, then leaving as late as neither of them suffers, but not so late that a slot is met in
its last minutes: ways take longer than tables say. What cannot be is a Refusal that
names the first rule in the way and by how much.
"""

from collections.abc import Sequence

from dispatch.optimiser.clock import arrival
from dispatch.optimiser.indexed import FAR, Indexed
from dispatch.optimiser.labels import best_timing
from dispatch.optimiser.timing import Refusal, Rule, Timed, finish

KEPT_S = 600  # before a slot's end, rather than waiting less, where an hour on the road has no price
COARSE_S = 60  # how nearly the latest leaving is found where times go by hour


def schedule(ix: Indexed, vehicle: int, order: Sequence[int], *, settled: bool = False) -> Timed | Refusal:
    """The best times found for `order`, or the first rule in the way.

    Leaving is put off until it has to be where time has a price, and always when the times are `settled` for people.

    Rules between routes (together) are not looked at here, those within one (apart) are in `crowded`.
    """
    refusal = overloaded(ix, vehicle, order)
    if refusal is not None:
        return refusal
    metres = length_m(ix, vehicle, order)
    if isinstance(metres, Refusal):
        return metres
    limit = ix.vehicles[vehicle].max_distance_m
    if limit is not None and metres > limit and order:
        return Refusal("distance", None, metres - limit)
    outset = ix.outsets[vehicle]
    begin = outset.left_s if outset.left_s is not None else outset.earliest_s
    timed = _timed(ix, vehicle, order, outset.earliest_s)
    if isinstance(timed, Refusal) and ix.rests[vehicle] and outset.left_s is None:
        timed = _after_a_rest(ix, vehicle, order, timed)
    if isinstance(timed, Refusal):
        return timed
    if outset.left_s is not None:
        timed.leave_s = begin
    elif settled or ix.time_matters[vehicle]:
        timed = _leave_later(ix, vehicle, order, timed)
    longest = ix.vehicles[vehicle].max_duration_s
    if longest is not None and timed.duration_s > longest and order:
        return Refusal("duration", None, timed.duration_s - longest)
    timed.distance_m = metres
    return timed


def overloaded(ix: Indexed, vehicle: int, order: Sequence[int]) -> Refusal | None:
    """Where the load first passes a capacity: deliveries are on board from the start, collections to the end."""
    capacity = ix.capacity[vehicle]
    for u, limit in enumerate(capacity):
        if limit is None:
            continue
        load = sum(ix.deliver[stop][u] for stop in order)
        if ix.collects:
            load += sum(ix.collect[stop][u] for stop in ix.outsets[vehicle].prefix)
        if load > limit and order:
            last = order[-1] if not ix.collects else order[0]
            return Refusal("capacity", last, load - limit, ix.units[u])
        if ix.collects:
            for stop in order:
                load += ix.collect[stop][u] - ix.deliver[stop][u]
                if load > limit:
                    return Refusal("capacity", stop, load - limit, ix.units[u])
    return None


def crowded(ix: Indexed, vehicle: int, order: Sequence[int]) -> Refusal | None:
    """The first stop of `order` that this vehicle may not serve, or not along with another on its route."""
    allowed = ix.allowed[vehicle]
    for stop in order:
        if not allowed[stop]:
            return Refusal(_why_not_allowed(ix, vehicle, stop), stop)
    if ix.apart:
        met = {group: stop for stop in ix.outsets[vehicle].prefix for group in ix.apart_of.get(stop, ())}
        for stop in order:
            for group in ix.apart_of.get(stop, ()):
                if group in met:
                    return Refusal("apart", stop, other=met[group])
                met[group] = stop
    return None


def _why_not_allowed(ix: Indexed, vehicle: int, stop: int) -> Rule:
    if stop in ix.fixed_at:
        return "begun"
    wanted, has = ix.stops[stop], ix.vehicles[vehicle]
    if not wanted.skills <= has.skills:
        return "skill"
    if has.id in wanted.never or (wanted.only is not None and has.id not in wanted.only):
        return "vehicle"
    return "depot"


def length_m(ix: Indexed, vehicle: int, order: Sequence[int]) -> int | Refusal:
    """Metres of the whole route with its prefix, or the first leg that no way is known for."""
    outset = ix.outsets[vehicle]
    if not order and not outset.on_the_way:
        return 0
    distance = ix.vehicle_legs[vehicle].distance
    here, total = outset.place, outset.driven_m
    if outset.load_place is not None and order:
        leg = distance[here, outset.load_place]
        if leg < 0:
            return Refusal("no_way", order[0])
        total += leg
        here = outset.load_place
    place = ix.place
    for stop in order:
        there = place[stop]
        leg = distance[here, there]
        if leg < 0:
            return Refusal("no_way", stop)
        total += leg
        here = there
    end = ix.vehicles[vehicle].end
    if end is not None:
        leg = distance[here, end]
        if leg < 0 and order:
            return Refusal("no_way", order[-1])
        total += max(leg, 0)
    return total


def _timed(ix: Indexed, vehicle: int, order: Sequence[int], leave_s: int) -> Timed | Refusal:
    """Times when leaving at `leave_s`, as early as everything allows."""
    outset, legs = ix.outsets[vehicle], ix.vehicle_legs[vehicle]
    here, now, loaded = outset.place, leave_s, None
    if outset.load_place is not None and order:
        reached = arrival(legs, here, outset.load_place, now)
        if reached is None:
            return Refusal("no_way", order[0])
        begin = reached if outset.opens_s is None else max(reached, outset.opens_s)
        now = loaded = begin + outset.loading_s
        if outset.closes_s is not None and now > outset.closes_s:
            return Refusal("loading", order[0], now - outset.closes_s)
        here = outset.load_place
    rests = ix.rests[vehicle]
    if rests or any(ix.windows[stop] is None for stop in order):
        timed = best_timing(ix, vehicle, order, leave_s, now, here)
    else:
        timed = _plain(ix, vehicle, order, leave_s, now, here)
    if isinstance(timed, Timed):
        timed.loaded_s = loaded
    return timed


def _plain(
    ix: Indexed, vehicle: int, order: Sequence[int], leave_s: int, now: int, here: int
) -> Timed | Refusal:
    """One hard slot a stop and no rest: as early as possible is best."""
    legs, place, windows, service = ix.vehicle_legs[vehicle], ix.place, ix.windows, ix.service
    flat = legs.durations[0] if len(legs.durations) == 1 else None
    timed = Timed(leave_s, now, 0)
    visits = timed.visits
    for stop in order:
        there = place[stop]
        if flat is not None:
            reached = now + flat[here, there]
        else:
            at = arrival(legs, here, there, now)
            if at is None:
                return Refusal("no_way", stop)
            reached = at
        window = windows[stop]
        assert window is not None  # noqa: S101 - the caller saw that each has one
        start = reached if reached > window[0] else window[0]
        if start > window[1]:
            return Refusal("slot", stop, start - window[1])
        now = start + service[stop]
        visits.append((reached, start, now, 0 if ix.stops[stop].slots else None))
        here = there
    return finish(ix, vehicle, order, timed, now, here)


def _after_a_rest(ix: Indexed, vehicle: int, order: Sequence[int], refusal: Refusal) -> Timed | Refusal:
    """A route that cannot hold a break may begin when it is no longer due."""
    for rest in ix.rests[vehicle]:
        if rest.latest_s >= ix.outsets[vehicle].earliest_s:
            timed = _timed(ix, vehicle, order, rest.latest_s + 1)
            if isinstance(timed, Timed):
                return timed
    return refusal


def _leave_later(ix: Indexed, vehicle: int, order: Sequence[int], timed: Timed) -> Timed:
    """Take waiting out at the start: the latest leaving that changes neither the end nor what is paid for slots."""
    waiting = sum(start - reached for reached, start, _, _ in timed.visits) + _loading_wait(
        ix, vehicle, timed
    )
    if not order or waiting <= 0:
        return timed
    one = ix.vehicles[vehicle]
    dear = bool(one.second_price or one.overtime_price or one.max_duration_s is not None)
    slack = _slack(ix, vehicle, order, timed, 0 if dear else KEPT_S)
    again = _timed(ix, vehicle, order, timed.leave_s + slack)
    if isinstance(again, Timed) and not _worse(again, timed):
        return again
    low, high, best = 0, min(slack, waiting), timed
    while (
        high - low > COARSE_S
    ):  # times by hour bend the slack; a few more passes over the route find most of it
        middle = (low + high + 1) // 2
        again = _timed(ix, vehicle, order, timed.leave_s + middle)
        if isinstance(again, Refusal) or _worse(again, best):
            high = middle - 1
        else:
            low, best = middle, again
    return best


def _slack(ix: Indexed, vehicle: int, order: Sequence[int], timed: Timed, kept_s: int) -> int:
    """Forward time slack (Savelsbergh 1992) over slots and rests as they were chosen, capped by the waiting.

    Slots are begun `kept_s` before their ends, or as early as they can be.
    """
    waited = _loading_wait(ix, vehicle, timed)
    closes = ix.outsets[vehicle].closes_s
    slack = waited + closes - timed.loaded_s if closes is not None and timed.loaded_s is not None else FAR
    ready = timed.leave_s
    for number, (stop, (reached, start, end, slot)) in enumerate(zip(order, timed.visits, strict=True)):
        for rest in timed.rests:
            if rest[2] == number:
                waited += rest[0] - (reached if rest[3] else ready)
                slack = min(slack, waited + _latest_rest(ix, vehicle, rest) - rest[0])
        rested = max((rest[1] for rest in timed.rests if rest[2] == number and rest[3]), default=reached)
        waited += start - rested
        latest = FAR if slot is None else ix.stops[stop].slots[slot].latest_s
        slack = min(slack, waited + max(latest - kept_s - start, 0))
        ready = end
    return min(slack, waited)


def _latest_rest(ix: Indexed, vehicle: int, rest: tuple[int, int, int, bool]) -> int:
    """How late the break that this rest is may begin."""
    for due in ix.rests[vehicle]:
        if due.earliest_s <= rest[0] <= due.latest_s and due.duration_s == rest[1] - rest[0]:
            return due.latest_s
    return rest[0]


def _worse(timed: Timed, best: Timed) -> bool:
    return timed.end_s > best.end_s or timed.late_cost + timed.early_cost > best.late_cost + best.early_cost


def _loading_wait(ix: Indexed, vehicle: int, timed: Timed) -> int:
    outset = ix.outsets[vehicle]
    if timed.loaded_s is None or outset.load_place is None:
        return 0
    reached = arrival(ix.vehicle_legs[vehicle], outset.place, outset.load_place, timed.leave_s)
    return 0 if reached is None else timed.loaded_s - outset.loading_s - reached
