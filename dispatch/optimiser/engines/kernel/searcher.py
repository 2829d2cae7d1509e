"""One compiled search under way, as Python sees it."""

import ctypes
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.optimiser.core import CoreRoute
from dispatch.optimiser.engines.kernel.library import library
from dispatch.optimiser.engines.kernel.tables import Small, Tables


@dataclass(frozen=True, eq=False)
class Flat:
    """A plan as the search reads and writes it: clients route after route, and how many there are by slot."""

    clients: Small
    counts: Small


class Searcher:
    """Not to be used by two threads at once. Raises MemoryError where there is none."""

    def __init__(self, tables: Tables, seed: int) -> None:
        self.tables = tables  # C reads its arrays: they must live as long
        self._library = library()
        self._plan = self._library.plan_new(ctypes.byref(tables.layout), seed)
        if not self._plan:
            raise MemoryError("no memory for a search")
        weakref.finalize(self, self._library.plan_free, self._plan)

    def load(self, flat: Flat) -> None:
        """Go on from this plan, whose routes keep every rule; the best known stays."""
        self._library.plan_load(self._plan, flat.clients.ctypes.data, flat.counts.ctypes.data)

    def keep(self) -> None:
        """Take the current plan for the best."""
        self._library.plan_keep(self._plan)

    def focus(self, clients: Sequence[int]) -> None:
        """Begin every other step around one of these clients; none: anywhere. No client may be there twice."""
        column = np.array(clients, np.int32)
        self._library.plan_focus(self._plan, column.ctypes.data, len(column))

    def anneal(self, steps: int, heat: float, removed: float, longest: float, blink: float) -> None:
        """Some steps at one temperature, in units of cost. Other threads run meanwhile."""
        self._library.plan_anneal(self._plan, steps, heat, 1.0, removed, longest, blink)

    @property
    def best_cost(self) -> int:
        """With the prices of what is left out."""
        return int(self._library.plan_cost(self._plan, 0))

    @property
    def current_cost(self) -> int:
        return int(self._library.plan_cost(self._plan, 1))

    def read(self, *, current: bool = False) -> tuple[Flat, int]:
        """The best plan or the current one, and how many items it leaves out."""
        flat = Flat(np.zeros(self.tables.clients + 1, np.int32), np.zeros(self.tables.slots + 1, np.int32))
        absent = self._library.plan_read(
            self._plan, int(current), flat.clients.ctypes.data, flat.counts.ctypes.data
        )
        return flat, int(absent)


def flat_of(tables: Tables, routes: Iterable[CoreRoute]) -> Flat:
    """Raises ValueError where there are more routes of a type than vehicles."""
    starts = tables.columns["slots_from"]
    by_slot: dict[int, tuple[int, ...]] = {}
    free = starts[:-1].copy()
    for route in routes:
        slot = int(free[route.vehicle_type])
        if slot >= starts[route.vehicle_type + 1]:
            raise ValueError(f"more routes of vehicle type {route.vehicle_type} than vehicles")
        by_slot[slot] = route.visits
        free[route.vehicle_type] += 1
    counts = np.zeros(tables.slots + 1, np.int32)
    clients = np.zeros(tables.clients + 1, np.int32)
    end = 0
    for slot in sorted(by_slot):
        visits = by_slot[slot]
        counts[slot] = len(visits)
        clients[end : end + len(visits)] = visits
        end += len(visits)
    return Flat(clients, counts)


def routes_of(tables: Tables, flat: Flat) -> tuple[CoreRoute, ...]:
    """The routes that are driven."""
    routes, begin, types = [], 0, tables.columns["slot_type"]
    for slot in np.flatnonzero(flat.counts[: tables.slots]):
        end = begin + int(flat.counts[slot])
        routes.append(CoreRoute(int(types[slot]), tuple(flat.clients[begin:end].tolist())))
        begin = end
    return tuple(routes)
