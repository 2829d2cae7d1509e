"""A plan while it is being worked on: orders of open stops by vehicle, their times and costs, what is left out.

Every change goes through `price` and `put`, so the plan is feasible at every moment and its cost is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatch.optimiser.cost import TERMS, fairness_cost, route_cost, route_terms, unserved_cost
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.schedule import crowded, schedule
from dispatch.optimiser.solution import Rest, Route, Solution, Visit
from dispatch.optimiser.timing import Refusal, Timed

Order = tuple[int, ...]


@dataclass(slots=True)
class Bounds:
    """What `insertion` knows of an order: the earliest each place is left, the latest each next visit is reached."""

    left: list[int]  # [0]: the outset; [k]: after visit k-1
    places: list[int]
    reach: list[int]  # [k]: visit k; the last: the end


class Plan:
    """Begins with nothing served but what is already on the way."""

    def __init__(self, ix: Indexed) -> None:
        self.ix = ix
        self.orders: list[Order] = [() for _ in ix.vehicles]
        self.timed: list[Timed | None] = [None for _ in ix.vehicles]
        self.costs: list[int] = [0 for _ in ix.vehicles]
        self.unserved: set[int] = {n for n in range(len(ix.stops)) if n not in ix.fixed_at}
        self.at: dict[int, int] = {}
        self.bounds: dict[int, tuple[Order, Indexed, Bounds]] = {}  # kept by `insertion`
        weights = ix.problem.weights
        self.fair = bool(weights.fair_hours_price or weights.fair_metres_price)
        for vehicle, outset in enumerate(ix.outsets):
            if outset.on_the_way:
                self._set(vehicle, (), *self._evaluate(vehicle, ()))
        self.fairness = self._fairness({})

    def evaluate(self, vehicle: int, order: Order) -> tuple[Timed | None, int] | Refusal:
        """Times and cost of a route with this order, or what forbids it. Together is looked at by `price`."""
        if not order:
            return self._evaluate(vehicle, order)
        refusal = crowded(self.ix, vehicle, order)
        if refusal is not None:
            return refusal
        timed = schedule(self.ix, vehicle, order)
        if isinstance(timed, Refusal):
            return timed
        return timed, route_cost(self.ix, vehicle, order, timed)

    def _evaluate(self, vehicle: int, order: Order) -> tuple[Timed | None, int]:
        if not self.ix.outsets[vehicle].on_the_way:
            return None, 0
        timed = schedule(self.ix, vehicle, order)
        if isinstance(timed, Refusal):  # an empty route breaks no rule; its prefix is history
            return None, 0
        return timed, route_cost(self.ix, vehicle, order, timed)

    def price(self, changes: Mapping[int, Order]) -> int | Refusal:
        """What putting these orders in place adds to the cost (less than 0: it pays), or what forbids it."""
        delta, evaluated = 0, {}
        for vehicle, order in changes.items():
            result = self.evaluate(vehicle, order)
            if isinstance(result, Refusal):
                return result
            evaluated[vehicle] = result
            delta += result[1] - self.costs[vehicle]
        delta += self._unserved_delta(changes)
        broken = self._torn(changes)
        if broken is not None:
            return broken
        if self.fair:
            delta += (
                self._fairness({vehicle: timed for vehicle, (timed, _) in evaluated.items()}) - self.fairness
            )
        return delta

    def put(self, changes: Mapping[int, Order]) -> None:
        """Put orders in place that `price` allowed. Stops that no route holds any more are unserved."""
        gone = {stop for vehicle in changes for stop in self.orders[vehicle]}
        for vehicle, order in changes.items():
            result = self.evaluate(vehicle, order)
            if isinstance(result, Refusal):
                raise ValueError(f"vehicle {vehicle} cannot drive {order}: {result}")
            self._set(vehicle, order, *result)
            gone.difference_update(order)
        for stop in gone:
            self.at.pop(stop, None)
        self.unserved |= gone
        self.fairness = self._fairness({})

    def _set(self, vehicle: int, order: Order, timed: Timed | None, cost: int) -> None:
        self.orders[vehicle], self.timed[vehicle], self.costs[vehicle] = order, timed, cost
        self.unserved.difference_update(order)
        self.at.update(dict.fromkeys(order, vehicle))

    def _unserved_delta(self, changes: Mapping[int, Order]) -> int:
        after = {stop for order in changes.values() for stop in order}
        before = {stop for vehicle in changes for stop in self.orders[vehicle]}
        lost = sum(unserved_cost(self.ix, stop) for stop in before - after)
        return lost - sum(unserved_cost(self.ix, stop) for stop in after - before)

    def _torn(self, changes: Mapping[int, Order]) -> Refusal | None:
        """A stop that would go with another vehicle than the rest of its group."""
        if not self.ix.together_of:
            return None
        moved = {stop: vehicle for vehicle, order in changes.items() for stop in order}
        for stop, vehicle in moved.items():
            for group in self.ix.together_of.get(stop, ()):
                for other in self.ix.together[group]:
                    there = self.ix.fixed_at.get(other, moved.get(other))
                    if there is None and (held := self.at.get(other)) is not None and held not in changes:
                        there = held
                    if there is not None and there != vehicle:
                        return Refusal("together", stop, other=other)
        return None

    def _fairness(self, instead: Mapping[int, Timed | None]) -> int:
        if not self.fair:
            return 0
        rows = [instead.get(vehicle, timed) for vehicle, timed in enumerate(self.timed)]
        return fairness_cost(self.ix, [None if t is None else (t.duration_s, t.distance_m) for t in rows])

    @property
    def cost(self) -> int:
        return sum(self.costs) + self.fairness + sum(unserved_cost(self.ix, stop) for stop in self.unserved)

    def terms(self) -> dict[str, int]:
        """The cost by name."""
        total = dict.fromkeys(TERMS, 0)
        for vehicle, timed in enumerate(self.timed):
            if timed is not None:
                for name, amount in route_terms(self.ix, vehicle, self.orders[vehicle], timed).items():
                    total[name] += amount
        change = self.ix.problem.weights.change_driver_price
        total["unserved"] = sum(self.ix.price[stop] for stop in self.unserved)
        total["change"] += change * sum(1 for stop in self.unserved if stop in self.ix.known_at)
        total["fairness"] = self.fairness
        return total

    def copy(self) -> "Plan":
        """An equal plan that can be changed alone."""
        other = Plan.__new__(Plan)
        other.ix, other.fair, other.fairness = self.ix, self.fair, self.fairness
        other.orders, other.timed, other.costs = [*self.orders], [*self.timed], [*self.costs]
        other.unserved, other.at, other.bounds = {*self.unserved}, {**self.at}, {**self.bounds}
        return other

    def solution(self) -> Solution:
        """The plan with ids and settled times, begun visits first on each route."""
        routes = []
        for vehicle, timed in enumerate(self.timed):
            if timed is not None:
                order = self.orders[vehicle]
                settled = schedule(self.ix, vehicle, order, settled=True)
                routes.append(self.route(vehicle, order, settled if isinstance(settled, Timed) else timed))
        unserved = tuple(self.ix.stops[stop].id for stop in sorted(self.unserved))
        return Solution(routes=tuple(routes), unserved=unserved, terms=self.terms())

    def route(self, vehicle: int, order: Order, timed: Timed) -> Route:
        """One route with ids."""
        one = self.ix.vehicles[vehicle]
        done = [Visit(stop=b.stop, arrive_s=b.arrive_s, start_s=b.start_s, end_s=b.end_s) for b in one.begun]
        for stop, (arrive, start, end, slot) in zip(order, timed.visits, strict=True):
            name = self.ix.stops[stop].id
            done.append(Visit(stop=name, arrive_s=arrive, start_s=start, end_s=end, slot=slot))
        rests = [
            Rest(begin_s=begin, end_s=end, before=before + len(one.begun), on_arrival=on_arrival)
            for begin, end, before, on_arrival in timed.rests
        ]
        return Route(
            vehicle=one.id, leave_s=timed.leave_s, end_s=timed.end_s, distance_m=timed.distance_m,
            visits=tuple(done), rests=tuple(rests), loaded_s=timed.loaded_s,
        )  # fmt: skip


def plan_of(ix: Indexed, orders: Iterable[tuple[int, Sequence[int]]]) -> Plan:
    """A feasible plan near these orders: what forbids a route is taken off it stop by stop, and is unserved."""
    plan = Plan(ix)
    seen = set(ix.fixed_at)
    for vehicle, order in orders:
        fresh = tuple(stop for stop in dict.fromkeys(order) if stop not in seen)
        seen.update(fresh)
        kept = _feasible_part(plan, vehicle, (*plan.orders[vehicle], *fresh))
        plan.put({vehicle: kept})
    return plan


def _feasible_part(plan: Plan, vehicle: int, order: Order) -> Order:
    while order:
        result = plan.price({vehicle: order})
        if not isinstance(result, Refusal):
            return order
        stop = (
            result.stop
            if result.stop is not None and result.rule != "shift"
            else _dearest(plan, vehicle, order)
        )
        order = tuple(s for s in order if s != stop)
    return order


def _dearest(plan: Plan, vehicle: int, order: Order) -> int:
    """The stop whose leaving out shortens the route most for its price."""
    ix = plan.ix
    distance, service = ix.vehicle_legs[vehicle].distance, ix.service
    end = ix.vehicles[vehicle].end
    places = [ix.outsets[vehicle].place, *(ix.place[s] for s in order)]
    places.append(places[-1] if end is None else end)

    def saved(n: int) -> float:
        a, b, c = places[n], places[n + 1], places[n + 2]
        return (distance[a, b] + distance[b, c] - distance[a, c] + service[order[n]] + 1) / (
            ix.price[order[n]] + 1
        )

    return order[max(range(len(order)), key=saved)]
