"""The other solvers on a compact problem, each as its own documents say to use it: PyVRP, VROOM, OR-Tools.

They get what they need from the same arrays as ours, and their plans are counted by the same checker. Only problems
with one kind of vehicle from one depot are given to them, where distance is the cost.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import vroom
from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from pyvrp import solve
from pyvrp.stop import FirstFeasible, MaxRuntime

from dispatch.optimiser.check import evaluate
from dispatch.optimiser.core import Core, CoreRoute, CoreSolution
from dispatch.optimiser.engines.bridge import core_solution, data_of

Rival = Callable[[Core, float, int], CoreSolution | None]
LATEST = (1 << 31) - 1


def pyvrp_defaults(core: Core, seconds: float, seed: int) -> CoreSolution:
    """PyVRP's `solve` with its defaults, one thread."""
    result = solve(data_of(core), MaxRuntime(seconds), seed=seed, collect_stats=False, display=False)
    return core_solution(core, result.best)


def pyvrp_first(core: Core) -> float:
    """Seconds to its first feasible plan."""
    began = time.perf_counter()
    solve(data_of(core), FirstFeasible(), seed=1, collect_stats=False, display=False)
    return time.perf_counter() - began


def vroom_best(core: Core, seconds: float, seed: int) -> CoreSolution | None:
    """VROOM at its highest level of exploration, both cores, no longer than it may."""
    (kind,) = core.vehicle_types
    problem = vroom.Input()
    problem.set_durations_matrix("car", core.durations[0].astype("uint32"))
    problem.set_costs_matrix("car", core.distances[0].astype("uint32"))
    clients = core.clients
    for number in range(core.size):
        window = vroom.TimeWindow(int(clients.early[number]), min(int(clients.late[number]), LATEST))
        problem.add_job(
            vroom.Job(
                number,
                int(clients.location[number]),
                default_service=int(clients.service[number]),
                delivery=vroom.Amount([int(clients.delivery[number, 0])]),
                time_windows=[window],
            )
        )
    depot = core.depots[kind.start].location
    shift = vroom.TimeWindow(kind.early, min(kind.late, LATEST))
    for number in range(kind.count):
        room = vroom.Amount([kind.capacity[0]])
        problem.add_vehicle(vroom.Vehicle(number, depot, depot, capacity=room, time_window=shift))
    found: Any = problem.solve(exploration_level=5, nb_threads=2, timeout=timedelta(seconds=seconds))
    routes = found.routes
    jobs = routes[routes["type"] == "job"]
    return evaluate(
        core, [CoreRoute(0, tuple(int(n) for n in one["id"])) for _, one in jobs.groupby("vehicle_id")]
    )


def ortools_guided(core: Core, seconds: float, seed: int) -> CoreSolution | None:
    """OR-Tools' guided local search from its cheapest parallel insertion."""
    (kind,) = core.vehicle_types
    manager = pywrapcp.RoutingIndexManager(core.size + 1, kind.count, 0)
    routing = pywrapcp.RoutingModel(manager)
    places = [core.depots[kind.start].location, *core.clients.location.tolist()]
    distances = core.distances[0][places][:, places].tolist()
    service = [0, *core.clients.service.tolist()]
    durations = [
        [t + service[n] for t in row] for n, row in enumerate(core.durations[0][places][:, places].tolist())
    ]
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(distances))
    loads = routing.RegisterUnaryTransitVector([0, *core.clients.delivery[:, 0].tolist()])
    routing.AddDimension(loads, 0, kind.capacity[0], True, "load")
    closes = min(kind.late, 1 << 40)
    routing.AddDimension(routing.RegisterTransitMatrix(durations), closes, closes, False, "time")
    times = routing.GetDimensionOrDie("time")
    for number in range(core.size):
        last = min(int(core.clients.late[number]), closes)
        times.CumulVar(manager.NodeToIndex(number + 1)).SetRange(int(core.clients.early[number]), last)
    search = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    search.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    search.time_limit.FromMilliseconds(int(seconds * 1000))
    found = routing.SolveWithParameters(search)
    if found is None:
        return None
    routes = [_ortools_route(routing, manager, found, vehicle) for vehicle in range(kind.count)]
    return evaluate(core, [CoreRoute(0, visits) for visits in routes if visits])


def _ortools_route(routing: Any, manager: Any, found: Any, vehicle: int) -> tuple[int, ...]:
    visits, index = [], found.Value(routing.NextVar(routing.Start(vehicle)))
    while not routing.IsEnd(index):
        visits.append(manager.IndexToNode(index) - 1)
        index = found.Value(routing.NextVar(index))
    return tuple(visits)


RIVALS: dict[str, Rival] = {"PyVRP": pyvrp_defaults, "VROOM": vroom_best, "OR-Tools": ortools_guided}
