"""What is to be planned: depots, vehicles with their drivers, stops, rules between stops, prices.

Units: metres; seconds since an epoch the caller chooses; prices and costs in one cost unit the caller chooses, small
enough that every price is a whole number (a thousandth of a rupee, say). Places are numbers into `Problem.places`
and into the tables of travel. Content is never refused here: a shift of no length or a slot in the past is a reason
later, not an exception. Only what cannot be read at all (one id twice, a place that is not there) raises BadProblem.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatch.optimiser.travel.tables import Travel

Amounts = Mapping[str, int]
"""So much of each unit: {"parcels": 3, "kg": 12}."""


class BadProblem(ValueError):
    """The problem contradicts itself in its form; `path` says where."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the ground. Coordinates are absent where an instance brings its own tables."""

    longitude: float | None = None
    latitude: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depot:
    """Where goods wait. Loading takes `loading_s` and lies within the hours of opening."""

    id: str
    place: int
    opens_s: int | None = None
    closes_s: int | None = None
    loading_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A rest of `duration_s` that begins between two times, taken at a place and not on the road.

    A driver who is on the road at `latest_s` must have begun it by then; a route that is over by `latest_s` or
    begins after it needs none. A shift in two parts is a break as long as the gap.
    """

    earliest_s: int
    latest_s: int
    duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A visit that is done or under way: a fact with its times, which no plan changes."""

    stop: str
    arrive_s: int
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A vehicle with its driver for one route.

    Attributes
    ----------
    start, end
        Places. `end` None: the route is over after its last stop, anywhere.
    load_at
        A depot where it loads before its first open stop (the place it starts from, or on the way out).
    loaded_at
        A depot whose goods it has on board already.
    shift_start_s, shift_end_s
        The route lies within. A driver who is free later (or now under way) has the later start.
    begun, left_s
        The frozen prefix, and when the driver left (None: not yet). After the prefix the vehicle is free at the end
        of its last visit; its start is then history.
    capacity
        A unit that is not named is without limit.
    profile, kind
        The name of its table of travel, and what people call such a vehicle (two-wheeler).
    max_duration_s, overtime_after_s, overtime_price
        No route lasts longer than the first; each second beyond the second costs the third, in cost units.
    fixed_price, metre_price, second_price
        Cost units for using it at all, per metre, per second from leaving to the end.
    previous
        The stops of the plan people already know, in order.
    """

    id: str
    start: int
    end: int | None
    shift_start_s: int
    shift_end_s: int
    load_at: str | None = None
    loaded_at: str | None = None
    breaks: tuple[Break, ...] = ()
    capacity: Amounts = field(default_factory=dict)
    skills: frozenset[str] = frozenset()
    profile: str = "default"
    kind: str = ""
    max_duration_s: int | None = None
    max_distance_m: int | None = None
    overtime_after_s: int | None = None
    overtime_price: int = 0
    fixed_price: int = 0
    metre_price: int = 1
    second_price: int = 0
    begun: tuple[Begun, ...] = ()
    left_s: int | None = None
    previous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When a service may begin.

    Attributes
    ----------
    late_price
        Cost units per second after `latest_s`. None: not a second later.
    early_price
        Cost units per second before `earliest_s`. None: the driver waits.
    late_limit_s
        With a late price: the last second at all. None: however late.
    """

    earliest_s: int
    latest_s: int
    late_price: int | None = None
    early_price: int | None = None
    late_limit_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A visit to plan.

    Attributes
    ----------
    slots
        Any one of them will do. None at all: any time.
    deliver, collect
        What is on board from the start until here, and what is on board from here to the end.
    priority
        Leaving it out costs as much as leaving out this many ordinary stops, unless `unserved_price` says what.
    depot
        Where its goods wait: only vehicles that load or have loaded there may serve it. None: anybody.
    only, never
        Ids of vehicles. `only` None: no such rule. Goods on board of a vehicle are `only` that vehicle.
    """

    id: str
    place: int
    slots: tuple[Slot, ...] = ()
    service_s: int = 0
    deliver: Amounts = field(default_factory=dict)
    collect: Amounts = field(default_factory=dict)
    skills: frozenset[str] = frozenset()
    priority: int = 1
    unserved_price: int | None = None
    depot: str | None = None
    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Prices of what is no leg and no slot, in cost units; all off unless set.

    Attributes
    ----------
    unserved_price
        For leaving out one ordinary stop. None: more than any detour costs (`default_unserved_price`).
    change_driver_price
        For each stop of the known plan that another driver gets, or nobody.
    change_order_price
        For each stop that keeps its driver but comes after another of the driver's known stops than before.
    fair_hours_price, fair_metres_price
        For each second and metre a driver has above the fair share. The share of a driver is the total by length
        of shift, among all drivers, or among those who drive when `fair_among_used` is set.
    """

    unserved_price: int | None = None
    change_driver_price: int = 0
    change_order_price: int = 0
    fair_hours_price: int = 0
    fair_metres_price: int = 0
    fair_among_used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything a plan depends on.

    Attributes
    ----------
    together
        Groups of stops: those of a group that are served go with one vehicle.
    apart
        Groups of stops no two of which go with one vehicle.
    now_s
        Nothing that has not begun begins earlier. None: no such time.
    must_serve
        A plan that leaves a stop out is no plan (benchmark instances). In daily work a stop is left out with a reason.

    Raises
    ------
    BadProblem
        One id twice, a place or profile that is not there.
    """

    places: tuple[Place, ...]
    travel: Travel
    vehicles: tuple[Vehicle, ...]
    stops: tuple[Stop, ...]
    depots: tuple[Depot, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()
    weights: Weights = field(default_factory=Weights)
    now_s: int | None = None
    must_serve: bool = False

    def __post_init__(self) -> None:
        if self.travel.size != len(self.places):
            raise BadProblem("travel", f"knows {self.travel.size} places, the problem has {len(self.places)}")
        for path, things in (("depots", self.depots), ("vehicles", self.vehicles), ("stops", self.stops)):
            _unique(path, [thing.id for thing in things])
        for path, place in self._places_used():
            if not 0 <= place < len(self.places):
                raise BadProblem(path, f"no place number {place} among {len(self.places)}")
        for number, vehicle in enumerate(self.vehicles):
            self._check_vehicle(f"vehicles[{number}]", vehicle)
        self._check_begun()

    def _places_used(self) -> list[tuple[str, int]]:
        used = [(f"depots[{n}].place", depot.place) for n, depot in enumerate(self.depots)]
        used += [(f"stops[{n}].place", stop.place) for n, stop in enumerate(self.stops)]
        for n, vehicle in enumerate(self.vehicles):
            used.append((f"vehicles[{n}].start", vehicle.start))
            if vehicle.end is not None:
                used.append((f"vehicles[{n}].end", vehicle.end))
        return used

    def _check_vehicle(self, path: str, vehicle: Vehicle) -> None:
        if vehicle.profile not in self.travel.tables:
            raise BadProblem(f"{path}.profile", f"no table of travel named {vehicle.profile!r}")
        if vehicle.load_at is not None and vehicle.load_at not in {depot.id for depot in self.depots}:
            raise BadProblem(f"{path}.load_at", f"no depot {vehicle.load_at!r}")

    def _check_begun(self) -> None:
        if not any(vehicle.begun for vehicle in self.vehicles):
            return
        seen: dict[str, bool] = {stop.id: False for stop in self.stops}
        for n, vehicle in enumerate(self.vehicles):
            for number, visit in enumerate(vehicle.begun):
                path = f"vehicles[{n}].begun[{number}].stop"
                if visit.stop not in seen:
                    raise BadProblem(path, f"no stop {visit.stop!r}")
                if seen[visit.stop]:
                    raise BadProblem(path, f"{visit.stop!r} was begun twice")
                seen[visit.stop] = True


def _unique(path: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(ids):
        if name in seen:
            raise BadProblem(f"{path}[{number}].id", f"{name!r} is there twice")
        seen.add(name)


def default_unserved_price(problem: Problem) -> int:
    """Cost units for leaving out one ordinary stop: twice what a vehicle's longest there-and-back could cost.

    Raised above every soft price of an hour, so that a stop is rather an hour late than left out.
    """
    if problem.weights.unserved_price is not None:
        return problem.weights.unserved_price
    legs = {
        name: (int(table.distance_m.max(initial=0)), max(int(m.max(initial=0)) for m in table.durations_s))
        for name, table in problem.travel.tables.items()
    }
    trip = 1
    for vehicle in problem.vehicles:
        metres, seconds = legs[vehicle.profile]
        seconds_price = vehicle.second_price + vehicle.overtime_price + problem.weights.fair_hours_price
        metres_price = vehicle.metre_price + problem.weights.fair_metres_price
        trip = max(trip, vehicle.fixed_price + 2 * metres * metres_price + 2 * seconds * seconds_price)
    return 2 * (trip + problem.weights.change_driver_price + 3600 * _dearest_second(problem))


def _dearest_second(problem: Problem) -> int:
    prices = (
        price or 0
        for stop in problem.stops
        for slot in stop.slots
        for price in (slot.late_price, slot.early_price)
    )
    return max(prices, default=0)


def unserved_prices(problem: Problem) -> dict[str, int]:
    """What leaving each stop out costs, in cost units, by its id."""
    ordinary = default_unserved_price(problem)
    return {
        stop.id: ordinary * max(stop.priority, 0) if stop.unserved_price is None else stop.unserved_price
        for stop in problem.stops
    }
