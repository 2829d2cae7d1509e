"""Routes of one client each, joined pair by pair as long as loads and times allow."""

import numpy as np

from dispatch.optimiser.core import Core, Ints, VehicleType
from dispatch.optimiser.engines.spans import Span, ends_of, joined


class Joining:
    """The routes under way: by client which one it is in, by route its clients, load and times."""

    def __init__(self, core: Core, kind: VehicleType, members: Ints) -> None:
        self.core, self.kind = core, kind
        clients, depots = core.clients, core.depots
        self.start, self.end = ends_of(core, kind)
        self.travel = np.ascontiguousarray(core.durations[kind.profile]).data
        self.distance = np.ascontiguousarray(core.distances[kind.profile]).data
        self.place = clients.location.tolist()
        self.out, self.back = depots[kind.start].location, depots[kind.end].location
        aboard = np.array(kind.initial_load or (0,) * core.units, np.int64)
        self.room = [int(most - there) for most, there in zip(kind.capacity, aboard, strict=True)]
        members_list = members.tolist()
        self.route = {client: client for client in members_list}
        self.chain = {client: [client] for client in members_list}
        load = np.maximum(clients.delivery, clients.pickup)[members].tolist()
        self.load = dict(zip(members_list, load, strict=True))
        release = np.maximum(clients.release[members] - self.start.early, 0).tolist()
        self.held = dict(zip(members_list, release, strict=True))
        columns = (clients.service, clients.early, clients.late)
        spans = zip(*(column[members].tolist() for column in columns), strict=True)
        self.span = {client: Span(*one) for client, one in zip(members_list, spans, strict=True)}
        self.length = dict.fromkeys(members_list, 0)
        # without windows a route driven backwards is as good, where the way back is as long
        matrix = core.distances[kind.profile]
        open_always = bool((clients.early[members] <= self.start.early).all())
        never_closes = bool((clients.late[members] >= self.end.late).all())
        self.turns = (
            open_always and never_closes and self.out == self.back and bool((matrix == matrix.T).all())
        )

    def run(self, first: Ints, second: Ints) -> list[tuple[int, ...]]:
        """Join along these pairs, in their order."""
        for one, other in zip(first.tolist(), second.tolist(), strict=True):
            here, there = self.route[one], self.route[other]
            if here == there:
                continue
            if self.chain[here][-1] == one and self.chain[there][0] == other:
                self._join(here, there)
            elif self.turns:
                self._join_turned(one, other, here, there)
        return [tuple(chain) for chain in self.chain.values()]

    def _join_turned(self, one: int, other: int, here: int, there: int) -> None:
        """The same where one of them, or both, must be driven the other way round."""
        before, behind = self.chain[here], self.chain[there]
        if one not in (before[0], before[-1]) or other not in (behind[0], behind[-1]):
            return
        if not self._has_room(here, there):
            return
        if before[-1] != one:
            before.reverse()
        if behind[0] != other:
            behind.reverse()
        self._join(here, there)

    def _has_room(self, here: int, there: int) -> bool:
        return all(
            a + b <= most for a, b, most in zip(self.load[here], self.load[there], self.room, strict=True)
        )

    def _join(self, here: int, there: int) -> None:
        if not self._has_room(here, there):
            return
        tail, head = self.place[self.chain[here][-1]], self.place[self.chain[there][0]]
        span = joined(self.span[here], self.travel[tail, head], self.span[there])
        if span is None:
            return
        length = self.length[here] + self.length[there] + self.distance[tail, head]
        first, last = self.place[self.chain[here][0]], self.place[self.chain[there][-1]]
        held = max(self.held[here], self.held[there])
        if not self._drivable(span, length, first, last, held):
            return
        for client in self.chain[there]:
            self.route[client] = here
        self.chain[here] += self.chain.pop(there)
        self.load[here] = [a + b for a, b in zip(self.load[here], self.load[there], strict=True)]
        self.span[here], self.length[here], self.held[here] = span, length, held

    def _drivable(self, span: Span, length: int, first: int, last: int, held: int) -> bool:
        """With the ways out and back: in time, not too long."""
        leaves = Span(0, self.start.early + held, self.start.late)
        out = joined(leaves, self.travel[self.out, first], span)
        whole = None if out is None else joined(out, self.travel[last, self.back], self.end)
        if whole is None or whole.time > self.kind.max_duration:
            return False
        return (
            length + self.distance[self.out, first] + self.distance[last, self.back] <= self.kind.max_distance
        )
