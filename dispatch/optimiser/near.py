"""Which stops lie near a stop, and which vehicles come by: where a local move may pay."""

import numpy as np

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.plan import Plan


class Near:
    """Neighbours by metres there and back, found when asked for and kept."""

    def __init__(self, ix: Indexed) -> None:
        self.ix = ix
        self.places = np.array(ix.place, np.int64)
        table = next(iter(ix.problem.travel.tables.values()))
        self.distance = table.distance_m
        self._known: dict[int, list[int]] = {}

    def stops(self, stop: int, count: int) -> list[int]:
        """Up to `count` stops, the nearest first."""
        found = self._known.get(stop)
        if found is None or (len(found) < count and len(found) < len(self.places) - 1):
            found = self._known[stop] = self._nearest(stop, max(count, 24))
        return found[:count]

    def between(self, one: int, other: int) -> int:
        """Metres from one stop to the other; far where no way is known."""
        metres = int(self.distance[self.ix.place[one], self.ix.place[other]])
        return metres if metres >= 0 else 1 << 60

    def _nearest(self, stop: int, count: int) -> list[int]:
        place = self.ix.place[stop]
        there, back = self.distance[place][self.places], self.distance[:, place][self.places]
        both = np.where((there < 0) | (back < 0), np.int64(1) << 60, there + back)
        both[stop] = np.int64(1) << 61
        count = min(count, len(both) - 1)
        if count <= 0:
            return []
        nearest = np.argpartition(both, count - 1)[:count]
        return [int(n) for n in nearest[np.argsort(both[nearest], kind="stable")]]

    def vehicles(self, plan: Plan, stop: int, count: int, idle: int) -> list[int]:
        """Those that serve its nearest stops, those that know it, a few that are idle, and the least loaded."""
        found = [plan.at[other] for other in self.stops(stop, count) if other in plan.at]
        if stop in self.ix.known_at:
            found.append(self.ix.known_at[stop])
        spare = [v for v, order in enumerate(plan.orders) if not order and self.ix.allowed[v, stop]]
        found += sorted(spare, key=lambda v: self._away(v, stop))[:idle]
        if plan.fair:
            found.append(min(range(len(plan.orders)), key=lambda v: _worked_s(plan, v)))
        return list(dict.fromkeys(found))

    def by_start(self, stop: int) -> list[int]:
        """All vehicles, the one whose open route begins nearest first."""
        return sorted(range(len(self.ix.vehicles)), key=lambda v: self._away(v, stop))

    def _away(self, vehicle: int, stop: int) -> int:
        metres = int(self.distance[self.ix.outsets[vehicle].place, self.ix.place[stop]])
        return metres if metres >= 0 else 1 << 60


def _worked_s(plan: Plan, vehicle: int) -> int:
    timed = plan.timed[vehicle]
    return 0 if timed is None else timed.duration_s
