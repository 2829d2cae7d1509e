"""The clock of one route, checked leg by leg: legs, loading, slots, rests, shift, hours, kilometres."""

from collections.abc import Iterator, Mapping
from typing import Any

from dispatch.optimiser.problem import Break, Depot, Problem, Stop, Vehicle
from dispatch.optimiser.roads import Roads
from dispatch.optimiser.solution import Rest, Route, Visit

Found = dict[str, Any]  # the fields of a Violation but its vehicle


def check_times(
    problem: Problem,
    vehicle: Vehicle,
    route: Route,
    roads: Roads,
    stops: Mapping[str, Stop],
    depots: Mapping[str, Depot],
) -> Iterator[Found]:
    """Everything about this route that its times and lengths can break."""
    yield from _Clock(problem, vehicle, route, roads, stops, depots).run()


class _Clock:
    def __init__(
        self,
        problem: Problem,
        vehicle: Vehicle,
        route: Route,
        roads: Roads,
        stops: Mapping[str, Stop],
        depots: Mapping[str, Depot],
    ) -> None:
        self.problem, self.vehicle, self.route, self.roads = problem, vehicle, route, roads
        self.stops, self.depots = stops, depots
        self.done = len(vehicle.begun)
        self.open = route.visits[self.done :]
        self.metres = 0

    def run(self) -> Iterator[Found]:
        here = self._along_prefix()
        begins, complaints = self._outset()
        yield from complaints
        now, here, late = self._loading(begins, here)
        yield from late
        for number, visit in enumerate(self.open, start=self.done):
            stop = self.stops[visit.stop]
            now = self._rests_before(number, now, on_arrival=False)
            reached = self.roads.arrives_s(here, stop.place, now)
            if reached is None:
                yield _found(
                    "no way", visit.stop, 1, "", f"no way is known from place {here} to place {stop.place}"
                )
                reached = now
            self.metres += self.roads.metres(here, stop.place) or 0
            yield from self._visit(visit, stop, reached, number)
            now, here = max(visit.end_s, reached), stop.place
        yield from self._end(now, here)
        yield from self._rests(begins)

    def _along_prefix(self) -> int:
        here = self.vehicle.start
        for begun in self.vehicle.begun:
            place = self.stops[begun.stop].place
            self.metres += self.roads.metres(here, place) or 0
            here = place
        return here

    def _outset(self) -> tuple[int, list[Found]]:
        """When the open part may begin, and whether the route leaves when it may."""
        vehicle, route = self.vehicle, self.route
        now = self.problem.now_s
        history = vehicle.left_s if vehicle.left_s is not None or not self.done else vehicle.begun[0].arrive_s
        if history is not None:
            begins = vehicle.begun[-1].end_s if self.done else vehicle.shift_start_s
            begins = begins if now is None else max(begins, now)
            if route.leave_s != history:
                return begins, [
                    _found(
                        "begun",
                        None,
                        abs(route.leave_s - history),
                        "s",
                        f"left at {history}, not at {route.leave_s}",
                    )
                ]
            return begins, []
        found = []
        if route.leave_s < vehicle.shift_start_s:
            early = vehicle.shift_start_s - route.leave_s
            found.append(_found("shift", None, early, "s", f"leaves {early} s before the shift"))
        if now is not None and route.leave_s < now:
            found.append(_found("now", None, now - route.leave_s, "s", f"leaves {now - route.leave_s} s ago"))
        return route.leave_s, found

    def _loading(self, begins: int, here: int) -> tuple[int, int, list[Found]]:
        if self.vehicle.load_at is None or not self.open:
            return begins, here, []
        depot = self.depots[self.vehicle.load_at]
        reached = self.roads.arrives_s(here, depot.place, begins)
        self.metres += self.roads.metres(here, depot.place) or 0
        if reached is None:
            return (
                begins,
                depot.place,
                [_found("no way", None, 1, "", f"no way is known to depot {depot.id}")],
            )
        earliest = max(reached, reached if depot.opens_s is None else depot.opens_s) + max(depot.loading_s, 0)
        loaded = self.route.loaded_s
        if loaded is None or loaded < earliest:
            by = earliest - (loaded if loaded is not None else begins)
            return (
                earliest,
                depot.place,
                [_found("loading", None, by, "s", f"cannot be loaded before {earliest}")],
            )
        if depot.closes_s is not None and loaded > depot.closes_s:
            by = loaded - depot.closes_s
            return (
                loaded,
                depot.place,
                [_found("loading", None, by, "s", f"{depot.id} closes {by} s earlier")],
            )
        return loaded, depot.place, []

    def _visit(self, visit: Visit, stop: Stop, reached: int, number: int) -> Iterator[Found]:
        if visit.arrive_s < reached:
            by = reached - visit.arrive_s
            yield _found("travel time", stop.id, by, "s", f"cannot be reached before {reached}")
        ready = self._rests_before(number, max(visit.arrive_s, reached), on_arrival=True)
        if visit.start_s < ready:
            yield _found("travel time", stop.id, ready - visit.start_s, "s", f"cannot begin before {ready}")
        service = max(stop.service_s, 0)
        if visit.end_s - visit.start_s < service:
            by = service - (visit.end_s - visit.start_s)
            yield _found("service", stop.id, by, "s", f"takes {service} s")
        yield from self._slot(visit, stop)

    def _slot(self, visit: Visit, stop: Stop) -> Iterator[Found]:
        if not stop.slots:
            return
        if visit.slot is None or not 0 <= visit.slot < len(stop.slots):
            yield _found("slot", stop.id, 0, "s", "names none of its slots")
            return
        slot = stop.slots[visit.slot]
        if slot.earliest_s > slot.latest_s:
            yield _found(
                "slot", stop.id, slot.earliest_s - slot.latest_s, "s", "the slot ends before it begins"
            )
        early = slot.earliest_s - visit.start_s
        if early > 0 and slot.early_price is None:
            yield _found("slot", stop.id, early, "s", f"begins {early} s before the slot")
        last = slot.latest_s
        if slot.late_price is not None:
            last = visit.start_s if slot.late_limit_s is None else max(slot.late_limit_s, last)
        if visit.start_s > last:
            yield _found(
                "slot", stop.id, visit.start_s - last, "s", f"begins {visit.start_s - last} s after the slot"
            )

    def _end(self, now: int, here: int) -> Iterator[Found]:
        vehicle, route = self.vehicle, self.route
        if vehicle.end is not None:
            now = self._rests_before(len(route.visits), now, on_arrival=False)
            reached = self.roads.arrives_s(here, vehicle.end, now)
            if reached is None and self.open:
                yield _found("no way", None, 1, "", f"no way is known from place {here} to its end")
            self.metres += self.roads.metres(here, vehicle.end) or 0
            now = now if reached is None else reached
        if route.end_s < now:
            yield _found("travel time", None, now - route.end_s, "s", f"cannot end before {now}")
        if route.distance_m != self.metres:
            by = abs(route.distance_m - self.metres)
            yield _found(
                "distance stated", None, by, "m", f"states {route.distance_m} m, it is {self.metres} m"
            )
        if self.open:  # what is begun already is history, however long it takes
            yield from self._limits(max(now, route.end_s))

    def _limits(self, end_s: int) -> Iterator[Found]:
        vehicle = self.vehicle
        if end_s > vehicle.shift_end_s:
            over = end_s - vehicle.shift_end_s
            yield _found("shift", None, over, "s", f"ends {over} s after the shift")
        if vehicle.max_duration_s is not None and end_s - self.route.leave_s > vehicle.max_duration_s:
            over = end_s - self.route.leave_s - vehicle.max_duration_s
            yield _found("duration", None, over, "s", f"is {over} s longer than allowed")
        if vehicle.max_distance_m is not None and self.metres > vehicle.max_distance_m:
            over = self.metres - vehicle.max_distance_m
            yield _found("distance", None, over, "m", f"is {over} m longer than allowed")

    def _rests_before(self, number: int, now: int, *, on_arrival: bool) -> int:
        """When the rests at this point of the route are over, had they begun no earlier than they state."""
        for rest in self.route.rests:
            if rest.before == number and rest.on_arrival == on_arrival:
                now = max(now, rest.end_s)
        return now

    def _rests(self, begins: int) -> Iterator[Found]:
        """Each break that is due is taken once, in time and in full, while the vehicle stands."""
        if not self.open:
            return
        left = list(self.route.rests)
        for due in sorted(self.vehicle.breaks, key=lambda one: one.latest_s):
            taken = next((rest for rest in left if _is(rest, due)), None)
            if taken is not None:
                left.remove(taken)
                yield from self._stands(taken, begins)
            elif begins <= due.latest_s < self.route.end_s:
                yield _found(
                    "break", None, due.duration_s, "s", f"no break of {due.duration_s} s by {due.latest_s}"
                )
        for rest in left:
            yield _found(
                "break",
                None,
                rest.end_s - rest.begin_s,
                "s",
                f"the break at {rest.begin_s} is none that is due",
            )

    def _stands(self, rest: Rest, begins: int) -> Iterator[Found]:
        visits = self.route.visits
        if not self.done <= rest.before <= len(visits):
            yield _found("break", None, 1, "", f"is before visit {rest.before}, which there is not")
            return
        stands = visits[rest.before - 1].end_s if rest.before else begins
        if rest.before == self.done:
            stands = max(begins, stands) if self.done else begins
            if self.vehicle.load_at is not None and self.route.loaded_s is not None:
                stands = max(stands, self.route.loaded_s)
        if rest.on_arrival and rest.before < len(visits):
            stands = visits[rest.before].arrive_s
        if rest.begin_s < stands:
            yield _found(
                "break",
                None,
                stands - rest.begin_s,
                "s",
                f"begins {stands - rest.begin_s} s before it stands",
            )


def _is(rest: Rest, due: Break) -> bool:
    return due.earliest_s <= rest.begin_s <= due.latest_s and rest.end_s - rest.begin_s >= due.duration_s


def _found(rule: str, stop: str | None, by: int, unit: str, says: str) -> Found:
    return {"rule": rule, "stop": stop, "by": by, "unit": unit, "says": says}
