"""Between a Core and PyVRP's own classes. PyVRP is loaded here and below, never by importing the optimiser."""

from typing import Any, cast

import numpy as np
from pyvrp import Client, ClientGroup, Depot, Location, ProblemData, Route, Solution, VehicleType

from dispatch.optimiser import core as ours
from dispatch.optimiser.check import evaluate
from dispatch.optimiser.core import FOREVER, NO_GROUP, Core, CoreRoute, CoreSolution, Ints

NO_LIMIT = np.iinfo(np.int64).max


def data_of(core: Core) -> ProblemData:
    """The same problem as PyVRP knows it.

    Who may serve whom is said with a profile of its own, in whose matrices forbidden clients are out of reach. What
    a client costs more with one type of vehicle is not said.
    """
    clients, count = core.clients, core.distances[0].shape[0]
    places = np.zeros((count, 2)) if core.places is None else core.places
    distances, durations, profiles = _profiles(core)
    return ProblemData(
        locations=[Location(float(x), float(y)) for x, y in places],
        clients=_clients(core),
        depots=[Depot(one.location, one.early, _limit(one.late)) for one in core.depots],
        vehicle_types=[
            _type(kind, profile) for kind, profile in zip(core.vehicle_types, profiles, strict=True)
        ],
        distance_matrices=cast("Any", distances),  # its stub takes an array's shape for its type
        duration_matrices=cast("Any", durations),
        groups=[
            ClientGroup(np.flatnonzero(clients.group == group).tolist(), required)
            for group, required in enumerate(core.groups_required)
        ],
    )


def _limit(value: int) -> int:
    return NO_LIMIT if value >= FOREVER else value


def _clients(core: Core) -> list[Client]:
    columns = core.clients
    rows = zip(
        columns.location.tolist(), columns.delivery.tolist(), columns.pickup.tolist(), columns.service.tolist(),
        columns.early.tolist(), columns.late.tolist(), columns.release.tolist(), columns.prize.tolist(),
        columns.required.tolist(), columns.group.tolist(), strict=True,
    )  # fmt: skip
    return [
        Client(
            at,
            out,
            back,
            service,
            early,
            _limit(late),
            release,
            prize,
            must,
            None if group == NO_GROUP else group,
        )
        for at, out, back, service, early, late, release, prize, must, group in rows
    ]


def _type(kind: ours.VehicleType, profile: int) -> VehicleType:
    overtime = kind.overtime_cost > 0 and kind.overtime_after < kind.max_duration
    shift = kind.overtime_after if overtime else kind.max_duration
    return VehicleType(
        num_available=kind.count,
        capacity=list(kind.capacity),
        start_depot=kind.start,
        end_depot=kind.end,
        fixed_cost=kind.fixed_cost,
        tw_early=kind.early,
        tw_late=_limit(kind.late),
        shift_duration=_limit(shift),
        max_distance=_limit(kind.max_distance),
        unit_distance_cost=kind.distance_cost,
        unit_duration_cost=kind.duration_cost,
        profile=profile,
        start_late=None if kind.start_late is None else max(kind.start_late, kind.early),
        initial_load=list(kind.initial_load),
        max_overtime=min(kind.max_duration, FOREVER) - shift if overtime else 0,
        unit_overtime_cost=kind.overtime_cost,
    )


def _profiles(core: Core) -> tuple[list[Ints], list[Ints], list[int]]:
    """Matrices by (profile, who may be served), and which one each vehicle type has."""
    distances: list[Ints] = []
    durations: list[Ints] = []
    numbers: list[int] = []
    known: dict[tuple[int, bytes], int] = {}
    for kind in core.vehicle_types:
        barred = None if kind.allowed is None or kind.allowed.all() else core.clients.location[~kind.allowed]
        key = (kind.profile, b"" if kind.allowed is None or barred is None else kind.allowed.tobytes())
        if key not in known:
            known[key] = len(distances)
            distance, duration = core.distances[kind.profile], core.durations[kind.profile]
            if barred is not None:
                distance = distance.copy()
                distance[barred, :] = distance[:, barred] = ours.UNREACHABLE
                np.fill_diagonal(distance, 0)
            distances.append(distance)
            durations.append(duration)
        numbers.append(known[key])
    return distances, durations, numbers


def solution_of(data: ProblemData, routes: tuple[CoreRoute, ...]) -> Solution:
    return Solution(data, [Route(data, list(route.visits), route.vehicle_type) for route in routes])


def routes_of(solution: Solution) -> tuple[CoreRoute, ...]:
    return tuple(
        CoreRoute(route.vehicle_type(), visits)
        for route in solution.routes()
        if (visits := tuple(visit.idx for visit in route if visit.is_client()))
    )


def core_solution(core: Core, solution: Solution) -> CoreSolution:
    """What PyVRP found, counted by us."""
    return evaluate(core, routes_of(solution))
