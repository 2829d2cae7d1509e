"""A problem by numbers instead of ids, made once a solve: what the schedule, the cost and the polish look up.

`verify.py` does not use it, so that a mistake made here is found there.
"""

import copy
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dispatch.optimiser.problem import Problem, Slot, Stop, Vehicle, unserved_prices
from dispatch.optimiser.travel.tables import Table

FAR = 1 << 40


@dataclass(slots=True)
class Outset:
    """Where and when the open part of a vehicle's route begins, and what lies behind it."""

    place: int
    earliest_s: int
    left_s: int | None  # history; None while it can still be chosen
    driven_m: int  # by the prefix
    prefix: tuple[int, ...]  # stop numbers
    load_place: int | None = None
    loading_s: int = 0
    opens_s: int | None = None
    closes_s: int | None = None

    @property
    def on_the_way(self) -> bool:
        """Its route is driven whatever is planned."""
        return self.left_s is not None


@dataclass(slots=True)
class Legs:
    """One profile's tables for single look-ups: `memoryview` gives whole numbers at half the cost of an array."""

    table: Table
    distance: "memoryview[int]" = field(init=False)
    durations: "tuple[memoryview[int], ...]" = field(init=False)
    starts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.distance = np.ascontiguousarray(self.table.distance_m).data
        self.durations = tuple(np.ascontiguousarray(matrix).data for matrix in self.table.durations_s)
        self.starts = self.table.starts_s


class Indexed:
    """Stops and vehicles of `problem` as numbers in its order; every list below runs along one of the two."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.stops = problem.stops
        self.vehicles = problem.vehicles
        self.stop_no = {stop.id: n for n, stop in enumerate(problem.stops)}
        self.vehicle_no = {vehicle.id: n for n, vehicle in enumerate(problem.vehicles)}
        self.place = [stop.place for stop in problem.stops]
        self.service = [max(stop.service_s, 0) for stop in problem.stops]
        prices = unserved_prices(problem)
        self.price = [prices[stop.id] for stop in problem.stops]
        self.legs = {name: Legs(table) for name, table in problem.travel.tables.items()}
        self.vehicle_legs = [self.legs[vehicle.profile] for vehicle in problem.vehicles]
        self._amounts()
        self.windows = [_hard_window(stop) for stop in problem.stops]
        self.low = [min((_opens(slot) for slot in stop.slots), default=-FAR) for stop in problem.stops]
        self.high = [max((_closes(slot) for slot in stop.slots), default=FAR) for stop in problem.stops]
        self.outsets = [self._outset(vehicle) for vehicle in problem.vehicles]
        self.fixed_at = {stop: n for n, outset in enumerate(self.outsets) for stop in outset.prefix}
        self.previous, self.known_at = self._known_plan()
        self.known_vehicle = np.full(len(problem.stops), -1, np.int64)
        for stop_no, vehicle_no in self.known_at.items():
            self.known_vehicle[stop_no] = vehicle_no
        self.rests = [
            tuple(sorted(vehicle.breaks, key=lambda rest: rest.latest_s)) for vehicle in problem.vehicles
        ]
        fair = problem.weights.fair_hours_price > 0
        self.time_matters = [fair or _paid_by_time(vehicle) for vehicle in problem.vehicles]
        self.apart, self.apart_of = self._groups(problem.apart)
        self.together, self.together_of = self._groups(problem.together)
        self.allowed = self._allowed()
        self.kind = [
            _kind(one, n, self.known_at, self.allowed[n].tobytes()) for n, one in enumerate(problem.vehicles)
        ]

    def with_vehicle(self, number: int, changed: Vehicle) -> "Indexed":
        """The same with another vehicle in this one's place; costs little, for asking 'what if'."""
        other = copy.copy(self)
        vehicles = (*self.vehicles[:number], changed, *self.vehicles[number + 1 :])
        other.problem = _with(self.problem, "vehicles", vehicles)
        other.vehicles = vehicles
        other.capacity = [*self.capacity]
        other.capacity[number] = tuple(changed.capacity.get(u) for u in self.units)
        other.outsets, other.rests = [*self.outsets], [*self.rests]
        other.outsets[number] = other._outset(changed)
        other.rests[number] = tuple(sorted(changed.breaks, key=lambda rest: rest.latest_s))
        other.time_matters = [*self.time_matters]
        other.time_matters[number] = self.problem.weights.fair_hours_price > 0 or _paid_by_time(changed)
        other.allowed = self.allowed.copy()
        held = {stop for stop in self.fixed_at if self.fixed_at[stop] != number}
        other.allowed[number] = [
            n not in held and may_serve(changed, stop) for n, stop in enumerate(self.stops)
        ]
        return other

    def with_stop(self, number: int, changed: Stop) -> "Indexed":
        """The same with another stop in this one's place (same place, same amounts)."""
        other = copy.copy(self)
        stops = (*self.stops[:number], changed, *self.stops[number + 1 :])
        other.problem = _with(self.problem, "stops", stops)
        other.price = [*self.price]
        other.price[number] = self.price[number] if changed.unserved_price is None else changed.unserved_price
        other.stops = stops
        other.low, other.high, other.windows = [*self.low], [*self.high], [*self.windows]
        other.low[number] = min((_opens(slot) for slot in changed.slots), default=-FAR)
        other.high[number] = max((_closes(slot) for slot in changed.slots), default=FAR)
        other.windows[number] = _hard_window(changed)
        return other

    def _amounts(self) -> None:
        units = {unit for stop in self.stops for amounts in (stop.deliver, stop.collect) for unit in amounts}
        self.units = sorted(units)
        self.deliver = [tuple(max(stop.deliver.get(u, 0), 0) for u in self.units) for stop in self.stops]
        self.collect = [tuple(max(stop.collect.get(u, 0), 0) for u in self.units) for stop in self.stops]
        self.collects = any(any(row) for row in self.collect)
        rows = np.array([*self.deliver, *self.collect], np.int64).reshape(
            2 * len(self.stops), len(self.units)
        )
        self.totals: list[int] = rows.sum(axis=0).tolist()
        self.capacity = [tuple(vehicle.capacity.get(u) for u in self.units) for vehicle in self.vehicles]

    def _outset(self, vehicle: Vehicle) -> Outset:
        prefix = tuple(self.stop_no[visit.stop] for visit in vehicle.begun)
        earliest, place, left = vehicle.shift_start_s, vehicle.start, vehicle.left_s
        driven = 0
        if vehicle.begun:
            earliest = vehicle.begun[-1].end_s
            left = vehicle.begun[0].arrive_s if left is None else left
            distance = self.legs[vehicle.profile].distance
            for stop in prefix:
                driven += max(distance[place, self.place[stop]], 0)
                place = self.place[stop]
        if self.problem.now_s is not None:
            earliest = max(earliest, self.problem.now_s)
        outset = Outset(place, earliest, left, driven, prefix)
        if vehicle.load_at is not None:
            depot = next(depot for depot in self.problem.depots if depot.id == vehicle.load_at)
            outset.load_place, outset.loading_s = depot.place, max(depot.loading_s, 0)
            outset.opens_s, outset.closes_s = depot.opens_s, depot.closes_s
        return outset

    def _known_plan(self) -> tuple[list[tuple[int, ...]], dict[int, int]]:
        previous: list[tuple[int, ...]] = []
        known: dict[int, int] = {}
        for n, vehicle in enumerate(self.vehicles):
            numbers = [self.stop_no[s] for s in dict.fromkeys(vehicle.previous) if s in self.stop_no]
            numbers = [s for s in numbers if s not in known]
            known.update(dict.fromkeys(numbers, n))
            previous.append(tuple(numbers))
        return previous, known

    def _groups(
        self, groups: tuple[tuple[str, ...], ...]
    ) -> tuple[list[frozenset[int]], dict[int, tuple[int, ...]]]:
        """Groups as stop numbers, and the groups of each stop that is in any."""
        numbered = [frozenset(self.stop_no[s] for s in group if s in self.stop_no) for group in groups]
        of: dict[int, tuple[int, ...]] = {}
        for number, group in enumerate(numbered):
            for stop in group:
                of[stop] = (*of.get(stop, ()), number)
        return numbered, of

    def _allowed(self) -> npt.NDArray[np.bool_]:
        """(vehicles, stops): neither skills, named vehicles nor the place of the goods forbid it."""
        allowed = np.ones((len(self.vehicles), len(self.stops)), np.bool_)
        plain = {
            n for n, s in enumerate(self.stops) if not (s.skills or s.never or s.depot) and s.only is None
        }
        for n in range(len(self.stops)):
            if n not in plain:
                stop = self.stops[n]
                allowed[:, n] = [may_serve(vehicle, stop) for vehicle in self.vehicles]
        for stop_no, vehicle_no in self.fixed_at.items():
            allowed[:, stop_no] = False
            allowed[vehicle_no, stop_no] = True
        return allowed


def _with(problem: Problem, name: str, value: object) -> Problem:
    """A copy with one field changed; what `Problem` checks cannot change by it, and checking takes milliseconds."""
    other = copy.copy(problem)
    object.__setattr__(other, name, value)
    return other


def may_serve(vehicle: Vehicle, stop: Stop) -> bool:
    """Whether skills, named vehicles and the place of the goods let this pair be."""
    if not stop.skills <= vehicle.skills or vehicle.id in stop.never:
        return False
    if stop.only is not None and vehicle.id not in stop.only:
        return False
    return stop.depot is None or stop.depot in (vehicle.load_at, vehicle.loaded_at)


def _opens(slot: Slot) -> int:
    """The first second a service may begin at any price."""
    return slot.earliest_s if slot.early_price is None else -FAR


def _closes(slot: Slot) -> int:
    """The last second a service may begin at any price."""
    if slot.earliest_s > slot.latest_s:
        return -FAR
    if slot.late_price is None:
        return slot.latest_s
    return FAR if slot.late_limit_s is None else max(slot.late_limit_s, slot.latest_s)


def _paid_by_time(vehicle: Vehicle) -> bool:
    overtime = vehicle.overtime_price > 0 and vehicle.overtime_after_s is not None
    return vehicle.second_price > 0 or overtime or vehicle.max_duration_s is not None


def _kind(vehicle: Vehicle, number: int, known: dict[int, int], allowed: bytes) -> object:
    """Equal for vehicles that may stand in for each other; one that anything names is a kind of its own."""
    if vehicle.begun or vehicle.left_s is not None or known:
        return number
    plain = (
        vehicle.start,
        vehicle.end,
        vehicle.shift_start_s,
        vehicle.shift_end_s,
        vehicle.load_at,
        vehicle.loaded_at,
    )
    limits = (
        vehicle.max_duration_s,
        vehicle.max_distance_m,
        vehicle.overtime_after_s,
        vehicle.overtime_price,
    )
    prices = (vehicle.fixed_price, vehicle.metre_price, vehicle.second_price)
    amounts = tuple(sorted(vehicle.capacity.items()))
    return (plain, limits, prices, amounts, vehicle.skills, vehicle.profile, vehicle.breaks, allowed)


def _hard_window(stop: Stop) -> tuple[int, int] | None:
    """The one hard slot of a stop, or all time without any; None where there is more to choose."""
    if not stop.slots:
        return (-FAR, FAR)
    slot = stop.slots[0]
    if len(stop.slots) == 1 and slot.late_price is None and slot.early_price is None:
        return (slot.earliest_s, slot.latest_s)
    return None
