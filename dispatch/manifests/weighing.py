"""What an order of stops costs and breaks: timed as well as the rules allow, and as it would be where they do not.

A supervisor may break a rule knowingly, so a route that no plan would hold must still have its times. Those come from
the same problem with its rules let go; what is broken is then found by the optimiser's verification against the
problem as it is. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch.manifests.errors import ManifestRefusal
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.problem import Problem, Slot, Stop, Vehicle
from dispatch.optimiser.schedule import schedule
from dispatch.optimiser.solution import Rest, Route, Solution, Visit
from dispatch.optimiser.timing import Refusal, Timed
from dispatch.optimiser.verification import Violation, verify

LONG_S = 2 * 86_400


class CannotBeDriven(ManifestRefusal):
    """No way is known between two of the places, so nothing can be said of the route."""

    code = "cannot_be_driven"

    def __init__(self, vehicle: str, stop: str | None) -> None:
        super().__init__("No way to this stop is known: the route cannot be timed.")
        self.vehicle, self.stop = vehicle, stop


@dataclass(frozen=True, slots=True)
class Weighed:
    """The cost of a plan by name, what it breaks, its routes by vehicle, and the metres to each visit of those."""

    terms: Mapping[str, int]
    violations: tuple[Violation, ...]
    routes: Mapping[str, Route]
    legs_m: Mapping[str, list[int]]

    @property
    def total(self) -> int:
        return sum(self.terms.values())


class Scales:
    """Weighs orders of one problem; made once, asked for many drops."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.strict = Indexed(problem)
        self._loose: Indexed | None = None
        self._routes: dict[tuple[int, tuple[int, ...]], Route | None] = {}

    def weigh(self, orders: Mapping[str, Sequence[str]]) -> Weighed:
        """Open stops by vehicle; the stops of the problem that are nowhere are unserved. Unknown names are errors.

        Raises
        ------
        CannotBeDriven
            A way is missing.
        """
        ix = self.strict
        routes = {}
        for number, vehicle in enumerate(ix.vehicles):
            order = tuple(ix.stop_no[stop] for stop in orders.get(vehicle.id, ()))
            route = self._route(number, order)
            if route is not None:
                routes[vehicle.id] = route
        served = {visit.stop for route in routes.values() for visit in route.visits}
        unserved = tuple(stop.id for stop in ix.stops if stop.id not in served)
        found = verify(self.problem, Solution(routes=tuple(routes.values()), unserved=unserved))
        legs = {vehicle: _legs_m(self.problem, route) for vehicle, route in routes.items()}
        return Weighed(dict(found.cost.terms), found.violations, routes, legs)

    def _route(self, vehicle: int, order: tuple[int, ...]) -> Route | None:
        key = (vehicle, order)
        if key not in self._routes:
            self._routes[key] = self._timed_route(vehicle, order)
        return self._routes[key]

    def _timed_route(self, vehicle: int, order: tuple[int, ...]) -> Route | None:
        if not order and not self.strict.outsets[vehicle].on_the_way:
            return None
        timed = schedule(self.strict, vehicle, order)
        if isinstance(timed, Refusal):
            timed = self._let_go(vehicle, order)
        return route_of(self.strict, vehicle, order, timed)

    def _let_go(self, vehicle: int, order: tuple[int, ...]) -> Timed:
        self._loose = self._loose or Indexed(loosened(self.problem))
        timed = schedule(self._loose, vehicle, order)
        if isinstance(timed, Refusal):
            stop = None if timed.stop is None else self.strict.stops[timed.stop].id
            raise CannotBeDriven(self.strict.vehicles[vehicle].id, stop)
        return timed


def route_of(ix: Indexed, vehicle: int, order: Sequence[int], timed: Timed) -> Route:
    """The route with ids, its begun visits first."""
    one = ix.vehicles[vehicle]
    visits = [Visit(stop=b.stop, arrive_s=b.arrive_s, start_s=b.start_s, end_s=b.end_s) for b in one.begun]
    for stop, (arrive, start, end, slot) in zip(order, timed.visits, strict=True):
        visits.append(Visit(stop=ix.stops[stop].id, arrive_s=arrive, start_s=start, end_s=end, slot=slot))
    rests = [
        Rest(begin_s=begin, end_s=end, before=before + len(one.begun), on_arrival=there)
        for begin, end, before, there in timed.rests
    ]
    return Route(
        vehicle=one.id, leave_s=timed.leave_s, end_s=timed.end_s, distance_m=timed.distance_m,
        visits=tuple(visits), rests=tuple(rests), loaded_s=timed.loaded_s,
    )  # fmt: skip


def _legs_m(problem: Problem, route: Route) -> list[int]:
    """Metres to each visit from what came before it: the start, the depot on the way out, the visit before."""
    vehicle = next(one for one in problem.vehicles if one.id == route.vehicle)
    distance = problem.travel.tables[vehicle.profile].distance_m
    places = {stop.id: stop.place for stop in problem.stops}
    depots = {depot.id: depot.place for depot in problem.depots}
    here, legs = vehicle.start, []
    for number, visit in enumerate(route.visits):
        way = 0
        if vehicle.load_at is not None and number == len(vehicle.begun):
            way, here = max(int(distance[here, depots[vehicle.load_at]]), 0), depots[vehicle.load_at]
        there = places[visit.stop]
        legs.append(way + max(int(distance[here, there]), 0))
        here = there
    return legs


def loosened(problem: Problem) -> Problem:
    """The problem with every rule that could refuse a route turned into none, or into a price."""
    return replace(
        problem,
        vehicles=tuple(_loose_vehicle(vehicle) for vehicle in problem.vehicles),
        stops=tuple(_loose_stop(stop) for stop in problem.stops),
        depots=tuple(replace(depot, closes_s=None) for depot in problem.depots),
        together=(),
        apart=(),
    )


def _loose_vehicle(vehicle: Vehicle) -> Vehicle:
    begins = min(vehicle.shift_start_s, vehicle.shift_end_s)
    return replace(
        vehicle, capacity={}, shift_start_s=begins, shift_end_s=max(vehicle.shift_end_s, begins) + LONG_S,
        max_duration_s=None, max_distance_m=None,
        breaks=tuple(replace(one, latest_s=one.latest_s + LONG_S) for one in vehicle.breaks),
    )  # fmt: skip


def _loose_stop(stop: Stop) -> Stop:
    return replace(stop, slots=tuple(_loose_slot(slot) for slot in stop.slots), only=None, never=frozenset())


def _loose_slot(slot: Slot) -> Slot:
    return replace(
        slot, latest_s=max(slot.latest_s, slot.earliest_s), late_price=slot.late_price or 1, late_limit_s=None
    )


__all__ = ["CannotBeDriven", "Scales", "Weighed", "loosened", "route_of"]
