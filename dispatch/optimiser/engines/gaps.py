"""Clients without a route, put where they cost least: one numpy pass over all gaps between two visits for each."""

from collections.abc import Iterable, Sequence

import numpy as np

from dispatch.optimiser.check import drive
from dispatch.optimiser.core import NO_GROUP, UNREACHABLE, Core, CoreRoute, Ints

TRIED = 8  # gaps driven in full, cheapest first, before a client is given up


def fill(core: Core, routes: Sequence[CoreRoute]) -> list[CoreRoute]:
    """The routes with all that fits besides: required clients first, then those whose prize is worth the detour."""
    waiting = _waiting(core, routes)
    if not waiting:
        return list(routes)
    gaps = _Gaps(core, routes)
    for alternatives in waiting:
        for client in alternatives:
            if gaps.serve(client):
                break
    return [route for route in gaps.routes if route.visits]


def _waiting(core: Core, routes: Iterable[CoreRoute]) -> list[list[int]]:
    """Who is not served, alternatives together, the required and the hardest to place first."""
    clients = core.clients
    served = {client for route in routes for client in route.visits}
    done = {int(clients.group[client]) for client in served} - {NO_GROUP}
    groups: dict[int, list[int]] = {}
    for client in range(core.size):
        group = int(clients.group[client])
        if client not in served and group not in done:
            groups.setdefault(group if group != NO_GROUP else -2 - client, []).append(client)
    for members in groups.values():
        members.sort(key=lambda c: (-clients.prize[c], clients.early[c] - clients.late[c]))
    width = clients.late - clients.early
    must = clients.required | (clients.group != NO_GROUP)

    def urgency(members: list[int]) -> tuple[bool, int, int]:
        first = members[0]
        return not must[first], -int(clients.prize[first]), int(width[first])

    return sorted(groups.values(), key=urgency)


class _Gaps:
    """Every place between two nodes of a route, and one in an unused vehicle of each type."""

    def __init__(self, core: Core, routes: Sequence[CoreRoute]) -> None:
        self.core = core
        self.routes = list(routes)
        self.free = [kind.count for kind in core.vehicle_types]
        for route in routes:
            self.free[route.vehicle_type] -= 1
        for number, count in enumerate(self.free):
            if count > 0:
                self.routes.append(CoreRoute(number, ()))
        self.parts = [self._part(number) for number in range(len(self.routes))]

    def _part(self, number: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Of one route's gaps: places before and behind, earliest leaving, latest beginning, the route's number."""
        core, route = self.core, self.routes[number]
        kind = core.vehicle_types[route.vehicle_type]
        visits = list(route.visits)
        start, end = core.depots[kind.start], core.depots[kind.end]
        places = [start.location, *core.clients.location[visits].tolist(), end.location]
        legs = core.durations[kind.profile][places[:-1], places[1:]].tolist()
        early, late = core.clients.early[visits].tolist(), core.clients.late[visits].tolist()
        serves = core.clients.service[visits].tolist()
        leaves = [max(kind.early, start.early)]
        for leg, opens, serve in zip(legs, early, serves, strict=False):
            leaves.append(max(leaves[-1] + leg, opens) + serve)
        latest = [min(kind.late, end.late)]
        for leg, closes, serve in zip(legs[:0:-1], late[::-1], serves[::-1], strict=True):
            latest.append(min(latest[-1] - leg - serve, closes))
        return (
            np.array(places[:-1], np.int64),
            np.array(places[1:], np.int64),
            np.array(leaves, np.int64),
            np.array(latest[::-1], np.int64),
            np.full(len(places) - 1, number, np.int64),
        )

    def serve(self, client: int) -> bool:
        """Put the client into the cheapest gap that every rule allows; False where there is none worth it."""
        before, behind, leaves, latest, route = (
            np.concatenate(column) for column in zip(*self.parts, strict=True)
        )
        cost = self._costs(client, before, behind, leaves, latest, route)
        count = min(TRIED, len(cost))
        if count == 0:
            return False
        cheapest = np.argpartition(cost, count - 1)[:count]
        clients = self.core.clients
        must = clients.required[client] or clients.group[client] != NO_GROUP
        worth = UNREACHABLE if must else int(clients.prize[client])
        for gap in cheapest[np.argsort(cost[cheapest], kind="stable")].tolist():
            if cost[gap] >= worth:
                return False
            number = int(route[gap])
            first = int(np.searchsorted(route, number))
            if self._put(client, number, gap - first):
                return True
        return False

    def _costs(
        self, client: int, before: Ints, behind: Ints, leaves: Ints, latest: Ints, route: Ints
    ) -> Ints:
        """Distance cost of each gap; UNREACHABLE where it would be late or the vehicle may not."""
        core, at = self.core, int(self.core.clients.location[client])
        cost = np.full(len(before), UNREACHABLE, np.int64)
        types = np.array([one.vehicle_type for one in self.routes], np.int64)[route]
        for number in np.unique(types).tolist():
            kind = core.vehicle_types[number]
            if kind.allowed is not None and not kind.allowed[client]:
                continue
            here = np.flatnonzero(types == number)
            distance, travel = core.distances[kind.profile], core.durations[kind.profile]
            one, other = before[here], behind[here]
            begins = np.maximum(leaves[here] + travel[one, at], core.clients.early[client])
            ends = begins + core.clients.service[client] + travel[at, other]
            more = kind.distance_cost * (distance[one, at] + distance[at, other] - distance[one, other])
            more += np.array([0 if self.routes[r].visits else kind.fixed_cost for r in route[here].tolist()])
            late = (begins > core.clients.late[client]) | (ends > latest[here])
            cost[here] = np.where(late, UNREACHABLE, np.minimum(more, UNREACHABLE))
        return cost

    def _put(self, client: int, number: int, at: int) -> bool:
        route = self.routes[number]
        longer = CoreRoute(route.vehicle_type, (*route.visits[:at], client, *route.visits[at:]))
        if drive(self.core, longer).broken:
            return False
        self.routes[number] = longer
        self.parts[number] = self._part(number)
        if not route.visits:
            self.free[route.vehicle_type] -= 1
            if self.free[route.vehicle_type] > 0:
                self.routes.append(CoreRoute(route.vehicle_type, ()))
                self.parts.append(self._part(len(self.routes) - 1))
        return True
