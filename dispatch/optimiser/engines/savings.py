"""Clarke and Wright's savings (1964) with capacities, time windows and several kinds of vehicles: a plan at once.

Clients go to the kind of vehicle nearest to them; routes of one client each are joined by what joining saves, best
first; the routes take the vehicles there are; what found no vehicle is put where it costs least (`gaps.py`).
"""

from itertools import groupby

import numpy as np
import numpy.typing as npt

from dispatch.optimiser.check import drive, evaluate
from dispatch.optimiser.core import (
    UNREACHABLE,
    Core,
    CoreRoute,
    CoreSolution,
    Ints,
    OnBetter,
    Stop,
    VehicleType,
)
from dispatch.optimiser.engines.gaps import fill
from dispatch.optimiser.engines.joining import Joining

PARTNERS = 40  # a client is joined with one of these
BLOCK = 512


def savings(
    core: Core, stop: Stop, seed: int, start: CoreSolution | None = None, on_better: OnBetter | None = None
) -> CoreSolution:
    """One plan, the same for any seed; a start is kept and what it leaves out is added to it."""
    routes = plan_routes(core) if start is None or not start.routes else kept(core, start.routes)
    return evaluate(core, fill(core, routes))


def kept(core: Core, routes: tuple[CoreRoute, ...]) -> list[CoreRoute]:
    """Those that keep every rule with the vehicles there are, without clients of others or not in the Core."""
    free = [kind.count for kind in core.vehicle_types]
    seen: set[int] = set()
    whole = []
    for route in routes:
        if not 0 <= route.vehicle_type < len(free) or free[route.vehicle_type] == 0:
            continue
        visits = tuple(v for v in dict.fromkeys(route.visits) if 0 <= v < core.size and v not in seen)
        one = within_rules(core, CoreRoute(route.vehicle_type, _once(core, visits, seen)))
        if one.visits:
            free[route.vehicle_type] -= 1
            seen.update(one.visits)
            whole.append(one)
    return whole


def _once(core: Core, visits: tuple[int, ...], seen: set[int]) -> tuple[int, ...]:
    """Of each group one member at most, in this route and those before."""
    groups = {int(core.clients.group[client]) for client in seen} - {-1}
    chosen = []
    for client in visits:
        group = int(core.clients.group[client])
        if group not in groups:
            chosen.append(client)
            groups |= {group} - {-1}
    return tuple(chosen)


def within_rules(core: Core, route: CoreRoute) -> CoreRoute:
    """The route, or what is left when the clients that first break a rule are taken out one by one."""
    if not route.visits or not drive(core, route).broken:
        return route
    whole: tuple[int, ...] = ()
    for client in route.visits:
        longer = CoreRoute(route.vehicle_type, (*whole, client))
        if not drive(core, longer).broken:
            whole = longer.visits
    return CoreRoute(route.vehicle_type, whole)


def plan_routes(core: Core) -> list[CoreRoute]:
    """Savings routes given to vehicles; clients that found none are in no route."""
    chosen = _one_of_each_group(core)
    families = _families(core)
    home = _home(core, families)
    routes: list[CoreRoute] = []
    for number, types in enumerate(families):
        members = np.flatnonzero(chosen & (home == number))
        if len(members):
            routes += _give(core, types, _chains(core, types, members))
    return routes


def _one_of_each_group(core: Core) -> npt.NDArray[np.bool_]:
    """A first alternative stands for its group: the one worth most, then the one with the widest window."""
    clients = core.clients
    chosen = np.ones(core.size, np.bool_)
    grouped = np.flatnonzero(clients.group >= 0)
    order = sorted(
        grouped.tolist(),
        key=lambda c: (clients.group[c], -clients.prize[c], clients.early[c] - clients.late[c]),
    )
    for _, members in groupby(order, key=lambda c: int(clients.group[c])):
        for client in list(members)[1:]:
            chosen[client] = False
    return chosen


def _families(core: Core) -> list[list[int]]:
    """Types that drive between the same depots on the same matrices, dearest to leave unused first."""
    keyed: dict[tuple[int, int, int], list[int]] = {}
    for number, kind in enumerate(core.vehicle_types):
        keyed.setdefault((kind.start, kind.end, kind.profile), []).append(number)
    return list(keyed.values())


def _home(core: Core, families: list[list[int]]) -> Ints:
    """For each client the family with the shortest way out and back that may serve it; -1: none."""
    best = np.full(core.size, UNREACHABLE, np.int64)
    home = np.full(core.size, -1, np.int64)
    for number, types in enumerate(families):
        kind = core.vehicle_types[types[0]]
        distance, at = core.distances[kind.profile], core.clients.location
        way = distance[core.depots[kind.start].location, at] + distance[at, core.depots[kind.end].location]
        may = np.zeros(core.size, np.bool_)
        for one in (core.vehicle_types[number] for number in types):
            may |= np.ones(core.size, np.bool_) if one.allowed is None else one.allowed
        nearer = may & (way < best)
        best[nearer], home[nearer] = way[nearer], number
    return home


def _chains(core: Core, types: list[int], members: Ints) -> list[tuple[int, ...]]:
    """Clients of one family joined by savings, under the limits of its roomiest vehicle."""
    kind = max((core.vehicle_types[number] for number in types), key=lambda one: one.capacity)
    first, second = _by_saving(core, kind, members)
    return Joining(core, kind, members).run(first, second)


def _by_saving(core: Core, kind: VehicleType, members: Ints) -> tuple[Ints, Ints]:
    """Pairs (one driven right before the other) by what joining them saves, most first; those that save nothing out."""
    distance, at = core.distances[kind.profile], core.clients.location[members]
    back, out = distance[at, core.depots[kind.end].location], distance[core.depots[kind.start].location, at]
    count = min(PARTNERS, len(members))
    firsts, seconds, gains = [], [], []
    for begin in range(0, len(members), BLOCK):
        rows = np.arange(begin, min(begin + BLOCK, len(members)))
        between = distance[at[rows][:, None], at[None, :]]
        saved = back[rows][:, None] + out[None, :] - between
        saved[np.arange(len(rows)), rows] = -UNREACHABLE
        near = np.argpartition(between, count - 1, axis=1)[:, :count]
        gain = np.take_along_axis(saved, near, 1)
        keep = gain > 0
        firsts.append(np.repeat(members[rows], keep.sum(axis=1)))
        seconds.append(members[near[keep]])
        gains.append(gain[keep])
    order = np.argsort(-np.concatenate(gains), kind="stable")
    return np.concatenate(firsts)[order], np.concatenate(seconds)[order]


def _give(core: Core, types: list[int], chains: list[tuple[int, ...]]) -> list[CoreRoute]:
    """Each route to the cheapest vehicle left that may drive it, the fullest routes first."""
    free = {number: core.vehicle_types[number].count for number in types}
    given = []
    for chain in sorted(chains, key=lambda one: (-int(core.clients.delivery[list(one)].sum()), -len(one))):
        best: tuple[int, CoreRoute] | None = None
        for number in (number for number in types if free[number]):
            route = CoreRoute(number, chain)
            driven = drive(core, route)
            if not driven.broken and (best is None or driven.cost < best[0]):
                best = (driven.cost, route)
        if best is not None:
            free[best[1].vehicle_type] -= 1
            given.append(best[1])
    return given
