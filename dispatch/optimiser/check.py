"""What a plan of a Core costs and whether it keeps every rule, counted from the matrices alone.

Engines are held against this; it shares nothing with them. The exact rules of the full problem are `verification`'s.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dispatch.optimiser.core import NO_GROUP, UNREACHABLE, Core, CoreRoute, CoreSolution, VehicleType


@dataclass(frozen=True)
class Driven:
    """One route as it is driven. `broken` names the first rule it breaks; empty: none."""

    distance: int
    duration: int
    cost: int
    broken: str = ""


def drive(core: Core, route: CoreRoute) -> Driven:
    """Distance, least duration and cost of one route; IndexError where a number is not in the Core."""
    kind = core.vehicle_types[route.vehicle_type]
    clients, visits = core.clients, list(route.visits)
    places = [core.depots[kind.start].location, *clients.location[visits], core.depots[kind.end].location]
    legs = core.distances[kind.profile][places[:-1], places[1:]].tolist()
    travel = core.durations[kind.profile][places[:-1], places[1:]].tolist()
    distance = sum(legs)
    duration, in_time = _timed(core, kind, visits, travel)
    over = max(0, duration - kind.overtime_after)
    cost = kind.fixed_cost + kind.distance_cost * distance + kind.duration_cost * duration
    cost += kind.overtime_cost * over + (0 if kind.extra is None else int(kind.extra[visits].sum()))
    rules = {
        "a leg that nobody can take": max(legs + travel) >= UNREACHABLE,
        "a client that the vehicle may not serve": kind.allowed is not None
        and not kind.allowed[visits].all(),
        "too much load": _overloaded(core, kind, visits),
        "late": not in_time,
        "too long a time": duration > kind.max_duration,
        "too long a way": distance > kind.max_distance,
    }
    return Driven(distance, duration, cost, next((name for name, broken in rules.items() if broken), ""))


def _timed(core: Core, kind: VehicleType, visits: list[int], travel: list[int]) -> tuple[int, bool]:
    """The least time from leaving to being back, and whether all of it can be in time."""
    clients, start, end = core.clients, core.depots[kind.start], core.depots[kind.end]
    early = max(kind.early, start.early, int(clients.release[visits].max(initial=0)))
    late = min(kind.late, start.late, *(() if kind.start_late is None else (kind.start_late,)))
    opens = [*clients.early[visits].tolist(), end.early]
    closes = [*clients.late[visits].tolist(), min(kind.late, end.late)]
    serves = [*clients.service[visits].tolist(), 0]
    in_time = early <= late
    now, slack = (
        early,
        max(0, late - early),
    )  # slack: how much later it could leave with the same end of waiting
    latest_gain = 0  # how much of the waiting so far a later start takes away
    for leg, opening, closing, serve in zip(travel, opens, closes, serves, strict=True):
        now += leg
        if now < opening:
            spared = min(opening - now, slack)
            latest_gain += spared
            slack -= spared
            now = opening
        in_time = in_time and now <= closing
        slack = min(slack, max(0, closing - now))
        now += serve
    return now - early - latest_gain, in_time


def _overloaded(core: Core, kind: VehicleType, visits: list[int]) -> bool:
    """Deliveries are aboard from the start, pickups from their client on."""
    deliver, collect = core.clients.delivery[visits], core.clients.pickup[visits]
    aboard = deliver.sum(axis=0) + (0 if not kind.initial_load else kind.initial_load)
    along = aboard + (collect - deliver).cumsum(axis=0)
    return bool((aboard > kind.capacity).any() or (along > kind.capacity).any())


def left_out(core: Core, routes: Iterable[CoreRoute]) -> tuple[int, int]:
    """What leaving out costs, and how many that must be served are not (or are served more than once)."""
    served = [client for route in routes for client in route.visits]
    missing = len(served) - len(set(served))
    there, clients = set(served), core.clients
    by_group: dict[int, list[int]] = {}
    price = 0
    for client, group in enumerate(clients.group.tolist()):
        if group != NO_GROUP:
            by_group.setdefault(group, []).append(client)
        elif client not in there:
            missing += int(clients.required[client])
            price += 0 if clients.required[client] else int(clients.prize[client])
    for group, members in by_group.items():
        count = sum(client in there for client in members)
        missing += max(0, count - 1) + int(core.groups_required[group] and count == 0)
        if count == 0 and not core.groups_required[group]:
            price += int(clients.prize[members].max())
        elif count == 1:  # a lesser alternative costs what its prize falls short of the best one's
            price += int(clients.prize[members].max() - max(clients.prize[m] for m in members if m in there))
    return price, missing


def evaluate(core: Core, routes: Sequence[CoreRoute]) -> CoreSolution:
    """The routes with their cost, and whether every rule holds."""
    used = [sum(route.vehicle_type == kind for route in routes) for kind in range(len(core.vehicle_types))]
    enough = all(count <= kind.count for count, kind in zip(used, core.vehicle_types, strict=True))
    driven = [drive(core, route) for route in routes]
    price, missing = left_out(core, routes)
    feasible = enough and missing == 0 and not any(one.broken for one in driven)
    return CoreSolution(tuple(routes), sum(one.cost for one in driven) + price, feasible)
