"""A plan with its times: who goes where when, who rests, what is left out. `verify.verify` says whether it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NO_COST: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stop on a route, in seconds since the problem's epoch.

    `start_s` is when the service begins and what a slot is held against; `slot` the number of the slot it is in (or
    late or early for), None where the stop has none.
    """

    stop: str
    arrive_s: int
    start_s: int
    end_s: int
    slot: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A break, taken before the visit number `before` (the count of visits: before the way to the end).

    `on_arrival`: at that visit's place, before its service. Otherwise where the visit before it ended.
    """

    begin_s: int
    end_s: int
    before: int
    on_arrival: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """All that one vehicle does: its frozen prefix first, then what is planned.

    Attributes
    ----------
    leave_s, end_s
        From leaving the start (or having left it) to the end of the last leg or service.
    loaded_s
        When the loading on the way out was over; None without one.
    distance_m
        Metres over all legs, those of the prefix included.
    """

    vehicle: str
    leave_s: int
    end_s: int
    distance_m: int
    visits: tuple[Visit, ...] = ()
    rests: tuple[Rest, ...] = ()
    loaded_s: int | None = None

    @property
    def duration_s(self) -> int:
        return self.end_s - self.leave_s

    @property
    def stops(self) -> tuple[str, ...]:
        """The ids of its stops in order."""
        return tuple(visit.stop for visit in self.visits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A plan: a route for each vehicle that drives, and the stops that none serves.

    `terms` is the cost by name as the planner counted it; `verify` counts it anew. `cost` is their sum.
    """

    routes: tuple[Route, ...]
    unserved: tuple[str, ...] = ()
    terms: Mapping[str, int] = field(default_factory=lambda: NO_COST)

    @property
    def cost(self) -> int:
        return sum(self.terms.values())

    def orders(self) -> dict[str, tuple[str, ...]]:
        """The stops of each vehicle that drives, by its id."""
        return {route.vehicle: route.stops for route in self.routes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A better plan while the search goes on: seconds since its start, exact cost, and the plan itself."""

    elapsed_s: float
    cost: int
    solution: Solution
