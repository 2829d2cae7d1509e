"""Does a plan hold? Every broken rule with where and by how much, and what the plan costs, counted anew.

Shares nothing with the schedule, the cost or any engine but the problem and the solution themselves, and is run on
every plan before people see it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dispatch.optimiser.problem import Problem, Stop, Vehicle
from dispatch.optimiser.recount import recount
from dispatch.optimiser.roads import Roads
from dispatch.optimiser.solution import Route, Solution
from dispatch.optimiser.verify_times import check_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule: which, where, and by how much of what unit (seconds, metres, a unit of load, a count)."""

    rule: str
    vehicle: str | None = None
    stop: str | None = None
    by: int = 0
    unit: str = ""
    says: str = ""

    def __str__(self) -> str:
        where = ", ".join(
            part
            for part in (self.vehicle and f"vehicle {self.vehicle}", self.stop and f"stop {self.stop}")
            if part
        )
        return f"{self.rule} ({where or 'plan'}): {self.says}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan costs by name, in the problem's cost unit."""

    terms: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.terms.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found. `feasible`: no rule is broken."""

    violations: tuple[Violation, ...]
    cost: Cost

    @property
    def feasible(self) -> bool:
        return not self.violations


def verify(problem: Problem, solution: Solution) -> Verification:
    """Check `solution` against every rule of `problem`; never raises for what a plan holds."""
    check = _Check(problem, solution)
    violations = tuple(check.run())
    terms = recount(problem, solution)
    wrong = _misstated(solution, terms) if not violations else ()
    return Verification(violations=(*violations, *wrong), cost=Cost(terms=terms))


def _misstated(solution: Solution, terms: Mapping[str, int]) -> tuple[Violation, ...]:
    """A plan that states its terms must state those that are counted."""
    if not solution.terms:
        return ()
    names = sorted({*terms, *solution.terms})
    return tuple(
        Violation(
            rule="cost", by=abs(solution.terms.get(name, 0) - terms.get(name, 0)), unit=name,
            says=f"the plan states {solution.terms.get(name, 0)} for {name}, counted are {terms.get(name, 0)}",
        )
        for name in names
        if solution.terms.get(name, 0) != terms.get(name, 0)
    )  # fmt: skip


class _Check:
    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.problem, self.solution = problem, solution
        self.stops = {stop.id: stop for stop in problem.stops}
        self.vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
        self.depots = {depot.id: depot for depot in problem.depots}
        self.served_by: dict[str, str] = {}

    def run(self) -> Iterator[Violation]:
        yield from self._everything_once()
        for route in self.solution.routes:
            vehicle = self.vehicles.get(route.vehicle)
            if vehicle is None or any(visit.stop not in self.stops for visit in route.visits):
                continue  # named above; nothing to measure it by
            yield from self._prefix(vehicle, route)
            yield from self._pairs(vehicle, route)
            yield from self._load(vehicle, route)
            roads = Roads(self.problem.travel.tables[vehicle.profile])
            for found in check_times(self.problem, vehicle, route, roads, self.stops, self.depots):
                yield Violation(vehicle=vehicle.id, **found)  # its keys are a Violation's fields
        yield from self._groups()

    def _everything_once(self) -> Iterator[Violation]:
        """Each stop is on one route or named as unserved, each vehicle has one route, each id is known."""
        visits = Counter(visit.stop for route in self.solution.routes for visit in route.visits)
        for route in self.solution.routes:
            for visit in route.visits:
                self.served_by.setdefault(visit.stop, route.vehicle)
                if visit.stop not in self.stops:
                    yield Violation(
                        rule="unknown stop", vehicle=route.vehicle, stop=visit.stop, says="no such stop"
                    )
            if route.vehicle not in self.vehicles:
                yield Violation(rule="unknown vehicle", vehicle=route.vehicle, says="no such vehicle")
        for vehicle_id, count in Counter(route.vehicle for route in self.solution.routes).items():
            if count > 1:
                yield Violation(
                    rule="vehicle twice", vehicle=vehicle_id, by=count - 1, says=f"has {count} routes"
                )
        for stop_id, count in visits.items():
            if count > 1:
                yield Violation(
                    rule="stop twice", stop=stop_id, by=count - 1, says=f"is visited {count} times"
                )
        yield from self._left_out(visits)
        yield from self._begun_routes()

    def _left_out(self, visits: Mapping[str, int]) -> Iterator[Violation]:
        unserved = set(self.solution.unserved)
        for stop_id in self.stops:
            if stop_id not in visits and stop_id not in unserved:
                yield Violation(
                    rule="stop missing", stop=stop_id, by=1, says="neither served nor named as unserved"
                )
            if stop_id in unserved and (stop_id in visits):
                yield Violation(rule="stop twice", stop=stop_id, by=1, says="is served and named as unserved")
            if stop_id in unserved and self.problem.must_serve:
                yield Violation(
                    rule="must serve", stop=stop_id, by=1, says="every stop of this problem must be served"
                )
        for stop_id in unserved - set(self.stops):
            yield Violation(rule="unknown stop", stop=stop_id, says="no such stop")

    def _begun_routes(self) -> Iterator[Violation]:
        driven = {route.vehicle for route in self.solution.routes}
        for vehicle in self.problem.vehicles:
            if (vehicle.begun or vehicle.left_s is not None) and vehicle.id not in driven:
                yield Violation(
                    rule="begun", vehicle=vehicle.id, by=len(vehicle.begun), says="its begun route is gone"
                )

    def _prefix(self, vehicle: Vehicle, route: Route) -> Iterator[Violation]:
        for number, begun in enumerate(vehicle.begun):
            planned = route.visits[number] if number < len(route.visits) else None
            fact = (begun.stop, begun.arrive_s, begun.start_s, begun.end_s)
            if planned is None or (planned.stop, planned.arrive_s, planned.start_s, planned.end_s) != fact:
                yield Violation(
                    rule="begun", vehicle=vehicle.id, stop=begun.stop, by=1,
                    says=f"was begun as visit {number + 1} and is not so in the plan",
                )  # fmt: skip

    def _pairs(self, vehicle: Vehicle, route: Route) -> Iterator[Violation]:
        """Who may serve what: skills, named vehicles, where the goods are."""
        for visit in route.visits[len(vehicle.begun) :]:
            stop = self.stops[visit.stop]
            where = {"vehicle": vehicle.id, "stop": stop.id}
            missing = sorted(stop.skills - vehicle.skills)
            if missing:
                yield Violation(rule="skill", by=len(missing), says=f"lacks {', '.join(missing)}", **where)
            if vehicle.id in stop.never or (stop.only is not None and vehicle.id not in stop.only):
                yield Violation(rule="vehicle", by=1, says="this vehicle may not serve it", **where)
            if stop.depot is not None and stop.depot not in {vehicle.load_at, vehicle.loaded_at}:
                yield Violation(rule="depot", by=1, says=f"its goods are at {stop.depot}", **where)

    def _load(self, vehicle: Vehicle, route: Route) -> Iterator[Violation]:
        """After the prefix, what is still to deliver and what was collected fits at every moment."""
        done = len(vehicle.begun)
        if len(route.visits) == done:
            return
        for unit, limit in sorted(vehicle.capacity.items()):
            load = sum(_amount(self.stops[v.stop].collect, unit) for v in route.visits[:done])
            load += sum(_amount(self.stops[v.stop].deliver, unit) for v in route.visits[done:])
            worst, at = load, route.visits[done].stop
            for visit in route.visits[done:]:
                stop = self.stops[visit.stop]
                load += _amount(stop.collect, unit) - _amount(stop.deliver, unit)
                if load > worst:
                    worst, at = load, stop.id
            if worst > limit:
                yield Violation(
                    rule="capacity", vehicle=vehicle.id, stop=at, by=worst - limit, unit=unit,
                    says=f"{worst} {unit} on board, {limit} fit",
                )  # fmt: skip

    def _groups(self) -> Iterator[Violation]:
        for group in self.problem.together:
            carriers = {self.served_by[s]: s for s in group if s in self.served_by and s in self.stops}
            if len(carriers) > 1:
                names = sorted(carriers)
                yield Violation(
                    rule="together", vehicle=names[1], stop=carriers[names[1]], by=len(carriers) - 1,
                    says=f"goes apart from {carriers[names[0]]}, which is on {names[0]}",
                )  # fmt: skip
        for group in self.problem.apart:
            counts: dict[str, list[str]] = {}
            for stop_id in dict.fromkeys(group):
                if stop_id in self.served_by and stop_id in self.stops:
                    counts.setdefault(self.served_by[stop_id], []).append(stop_id)
            for vehicle_id, stops in counts.items():
                if len(stops) > 1 and not self._all_begun(stops):
                    yield Violation(
                        rule="apart", vehicle=vehicle_id, stop=stops[1], by=len(stops) - 1,
                        says=f"goes with {stops[0]}",
                    )  # fmt: skip

    def _all_begun(self, stops: list[str]) -> bool:
        begun = {visit.stop for vehicle in self.problem.vehicles for visit in vehicle.begun}
        return all(stop in begun for stop in stops)


def _amount(amounts: Mapping[str, int], unit: str) -> int:
    return max(amounts.get(unit, 0), 0)


__all__ = ["Cost", "Stop", "Verification", "Violation", "verify"]
