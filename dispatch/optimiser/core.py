"""The compact numeric form that every engine takes: whole numbers in arrays, no names, no clock, no people.

`lower.py` makes it from a Problem and `lift.py` reads its solution back. What it cannot say (breaks, travel by hour,
fairness, a price on change, stops that go together) is priced afterwards on the full problem.
Units: distances in metres, durations and times in seconds since the problem's epoch, costs in the problem's cost
unit; a reader of benchmark files may use others as long as they agree. All are whole and stay below FOREVER.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FOREVER = 1 << 40  # no limit: as far as times, durations and distances go
UNREACHABLE = 1 << 32  # put in a matrix: a leg that nobody can take; sums of many still fit 64 bits
NO_GROUP = -1


class Stop(Protocol):
    """Asked between steps with the best cost so far (None before the first feasible plan): time to end?"""

    def __call__(self, best_cost: float | None) -> bool: ...


@dataclass(frozen=True, eq=False)
class Clients:
    """What is to be visited, a column each; client `i` is row `i` of all of them, n rows.

    A stop with several slots is one client per slot with the same `group`: exactly one of them is served (none where
    the group is not required). Such clients have `required` False themselves.
    """

    location: Ints  # row and column in the matrices
    delivery: Ints  # (n, units): taken along from the start
    pickup: Ints  # (n, units): collected on the way
    service: Ints
    early: Ints
    late: Ints
    release: Ints  # the vehicle that serves it does not leave before
    prize: Ints  # cost of leaving it out, where it is not required
    required: Flags
    group: Ints  # NO_GROUP, or the index in Core.groups_required

    def __len__(self) -> int:
        return len(self.location)


@dataclass(frozen=True)
class Depot:
    """Where vehicles begin or end; a driver's own place is one too."""

    location: int
    early: int = 0
    late: int = FOREVER


@dataclass(frozen=True, eq=False)
class VehicleType:
    """Vehicles that are alike; one driver's own is a type with count 1."""

    capacity: tuple[int, ...]  # a limit for each unit
    count: int = 1
    start: int = 0  # index in Core.depots
    end: int = 0
    early: int = 0  # shift: leaves no earlier,
    late: int = FOREVER  # is back no later
    start_late: int | None = None  # leaves no later
    max_duration: int = FOREVER
    max_distance: int = FOREVER
    fixed_cost: int = 0
    distance_cost: int = 1  # per unit of distance
    duration_cost: int = 0  # per unit of duration
    profile: int = 0  # which of the matrices
    initial_load: tuple[int, ...] = ()  # aboard already, besides what its clients need
    allowed: Flags | None = None  # (n,): the clients it may serve; None: all
    overtime_after: int = FOREVER  # duration beyond this, up to max_duration,
    overtime_cost: int = 0  # costs this per unit besides duration_cost
    extra: Ints | None = None  # (n,): what serving a client costs more with this type; None: nothing


@dataclass(frozen=True)
class CoreRoute:
    """One vehicle's visits in order, as client numbers."""

    vehicle_type: int
    visits: tuple[int, ...]


@dataclass(frozen=True)
class CoreSolution:
    """Routes that are driven (none empty), what they cost, and whether every rule of the Core holds.

    `cost` counts distance, duration, fixed costs and the prizes of what is left out. Where `feasible` is False, it is
    the least bad plan known and `cost` says nothing of its violations. As a start for an engine it may be partial, may
    break rules, and its cost is not read.
    """

    routes: tuple[CoreRoute, ...]
    cost: int = 0
    feasible: bool = False


@dataclass(frozen=True, eq=False)
class Core:
    """One problem for an engine. Engines never write to its arrays."""

    distances: tuple[Ints, ...]  # one (locations, locations) matrix per profile
    durations: tuple[Ints, ...]  # the same object as in `distances` where they are equal
    clients: Clients
    depots: tuple[Depot, ...]
    vehicle_types: tuple[VehicleType, ...]
    groups_required: tuple[bool, ...] = ()  # by group: must one of it be served
    places: npt.NDArray[np.float64] | None = field(
        default=None
    )  # (locations, 2) x, y: only to sort by neighbourhood

    @property
    def size(self) -> int:
        return len(self.clients)

    @cached_property
    def units(self) -> int:
        """How many dimensions loads have."""
        return int(self.clients.delivery.shape[1])


OnBetter = Callable[
    [CoreSolution, float], None
]  # a better feasible plan, and the second since the engine's start


class Engine(Protocol):
    """What `engines.ENGINES` holds. Keeps to `stop`; whatever it returns, `check.evaluate` gives the same cost for."""

    def __call__(
        self,
        core: Core,
        stop: Stop,
        seed: int,
        start: CoreSolution | None = None,
        on_better: OnBetter | None = None,
    ) -> CoreSolution: ...


def plain_clients(
    location: Sequence[int] | Ints, delivery: Ints, service: Ints | None = None, window: Ints | None = None
) -> Clients:
    """Clients that must all be served, with deliveries only; `window` is (n, 2)."""
    count = len(location)
    zero = np.zeros(count, np.int64)
    return Clients(
        location=np.asarray(location, np.int64),
        delivery=delivery,
        pickup=np.zeros_like(delivery),
        service=zero if service is None else service,
        early=zero if window is None else window[:, 0],
        late=np.full(count, FOREVER, np.int64) if window is None else window[:, 1],
        release=zero,
        prize=zero,
        required=np.ones(count, np.bool_),
        group=np.full(count, NO_GROUP, np.int64),
    )
