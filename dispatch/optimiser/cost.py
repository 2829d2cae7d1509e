"""What a plan costs, term by term. Every term is whole cost units, and their sum is what the optimiser lowers.

`recount.py` counts the same for `verify` with no line of this file.
"""

from collections.abc import Sequence

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.timing import Timed

TERMS = ("distance", "duration", "fixed", "overtime", "late", "early", "unserved", "change", "fairness")


def route_terms(ix: Indexed, vehicle: int, order: Sequence[int], timed: Timed) -> dict[str, int]:
    """The terms of one route that is driven; what hangs on other routes (fairness) is in `fairness_cost`."""
    one = ix.vehicles[vehicle]
    over = 0 if one.overtime_after_s is None else max(0, timed.duration_s - one.overtime_after_s)
    return {
        "distance": one.metre_price * timed.distance_m,
        "duration": one.second_price * timed.duration_s,
        "fixed": one.fixed_price,
        "overtime": one.overtime_price * over,
        "late": timed.late_cost,
        "early": timed.early_cost,
        "change": change_cost(ix, vehicle, order),
    }


def route_cost(ix: Indexed, vehicle: int, order: Sequence[int], timed: Timed) -> int:
    """The sum of `route_terms`, which a search asks many thousand times."""
    one = ix.vehicles[vehicle]
    duration = timed.end_s - timed.leave_s
    cost = one.metre_price * timed.distance_m + one.second_price * duration + one.fixed_price
    if one.overtime_after_s is not None and duration > one.overtime_after_s:
        cost += one.overtime_price * (duration - one.overtime_after_s)
    return cost + timed.late_cost + timed.early_cost + change_cost(ix, vehicle, order)


def change_cost(ix: Indexed, vehicle: int, order: Sequence[int]) -> int:
    """The price of every known stop of another driver on this route, and of every known one out of its order."""
    weights = ix.problem.weights
    if not ix.known_at or not (weights.change_driver_price or weights.change_order_price):
        return 0
    known = ix.known_at
    cost = weights.change_driver_price * sum(1 for stop in order if known.get(stop, vehicle) != vehicle)
    if weights.change_order_price and ix.previous[vehicle]:
        now = [s for s in (*ix.outsets[vehicle].prefix, *order) if known.get(s) == vehicle]
        kept = set(now)
        before = [s for s in ix.previous[vehicle] if s in kept]
        follows = dict(zip(before[1:], before, strict=False))
        moved = sum(1 for a, b in zip([None, *now], now, strict=False) if follows.get(b) != a)
        cost += weights.change_order_price * moved
    return cost


def unserved_cost(ix: Indexed, stop: int) -> int:
    """What leaving a stop out costs: its price, and the change where people expect it."""
    return ix.price[stop] + (ix.problem.weights.change_driver_price if stop in ix.known_at else 0)


def fairness_cost(ix: Indexed, driven: Sequence[tuple[int, int] | None]) -> int:
    """The price of hours and metres above the fair shares; `driven` holds (seconds, metres) by vehicle."""
    weights = ix.problem.weights
    if not (weights.fair_hours_price or weights.fair_metres_price):
        return 0
    lengths = [max(0, one.shift_end_s - one.shift_start_s) for one in ix.vehicles]
    if weights.fair_among_used:
        lengths = [length if done is not None else 0 for length, done in zip(lengths, driven, strict=True)]
    hours = [0 if done is None else done[0] for done in driven]
    metres = [0 if done is None else done[1] for done in driven]
    return weights.fair_hours_price * above_share(hours, lengths) + weights.fair_metres_price * above_share(
        metres, lengths
    )


def above_share(amounts: Sequence[int], lengths: Sequence[int]) -> int:
    """By how much those with more than their share are above it, in all, rounded down; shares go by `lengths`."""
    total, whole = sum(amounts), sum(lengths)
    if whole == 0:
        return 0
    excess = sum(max(0, a * whole - total * length) for a, length in zip(amounts, lengths, strict=True))
    return excess // whole
