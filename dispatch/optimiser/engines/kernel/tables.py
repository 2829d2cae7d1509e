"""A Core as the flat arrays that the compiled search reads; the fields are those of `Tables` in plan.h, in order.

Nodes: client `i` is node `i`; slot `r` (one vehicle) has its start at `n + 2r` and its end at `n + 2r + 1`. An item is
what must be served once: a client, or the alternatives of a group.
"""

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch.optimiser.core import FOREVER, NO_GROUP, UNREACHABLE, Core, Ints, VehicleType
from dispatch.optimiser.engines.kernel.layout import ARRAYS, Layout
from dispatch.optimiser.engines.kernel.library import library

Small = npt.NDArray[np.int32]
FAR = 1 << 29  # an unreachable leg within 32 bits; two of them still are
NEAR = 40  # clients beside which a client may be put
AROUND = 120  # clients among which strings are torn out
WAITING = 0.2  # what a second of waiting counts beside one of distance, when neighbours are sorted


class Tables:
    """The arrays of one Core. Raises OverflowError where its numbers do not fit the search's."""

    def __init__(self, core: Core, near: int = NEAR, around: int = AROUND) -> None:
        self.columns: dict[str, npt.NDArray[Any]] = {}
        columns = _clients(core) | _vehicles(core) | _items(core)
        columns["near"] = np.zeros((core.size, min(near, core.size - 1)), np.int32)
        columns["around"] = np.zeros((core.size, min(around, core.size)), np.int32)
        columns["distance"], columns["duration"] = _matrices(core)
        for name in ("distance", "duration"):
            columns[f"{name}_to"] = _turned(columns[name])
        start = core.depots[core.vehicle_types[0].start].location
        columns["to_depot"] = columns["distance"][0][start, core.clients.location]
        for name, kind in ARRAYS.items():
            self.columns[name] = np.ascontiguousarray(columns[name], kind)
        priced = any(_prices_time(kind) for kind in core.vehicle_types)
        counts = {
            "clients": core.size,
            "slots": len(self.columns["slot_type"]),
            "types": len(core.vehicle_types),
            "units": self.columns["demand"].shape[1],
            "locations": self.columns["distance"].shape[1],
            "items": len(self.columns["price"]),
            "near_count": self.columns["near"].shape[1],
            "around_count": self.columns["around"].shape[1],
            "timed": int(priced or _timed(self.columns["early"], self.columns["late"])),
            "priced_time": int(priced),
        }
        self.slots, self.clients = counts["slots"], core.size
        self.layout = Layout(**counts, **{name: column.ctypes.data for name, column in self.columns.items()})
        if not self.columns["extra"].any():
            self.layout.extra = None
        library().tables_neighbours(ctypes.byref(self.layout), self.layout.near, self.layout.around, WAITING)


def _prices_time(kind: VehicleType) -> bool:
    return bool(kind.duration_cost or kind.max_duration < FOREVER or kind.overtime_cost)


def _timed(early: Ints, late: Ints) -> bool:
    return bool((early > early.min()).any() or (late < FOREVER).any())


def _clients(core: Core) -> dict[str, npt.NDArray[Any]]:
    """Columns by node: clients, then start and end of each slot."""
    clients, depots = core.clients, core.depots
    slot_type = _slot_types(core)
    ends = np.array([(depots[kind.start].location, depots[kind.end].location) for kind in core.vehicle_types])
    opens = [
        (max(kind.early, depots[kind.start].early), depots[kind.end].early) for kind in core.vehicle_types
    ]
    closes = [_closes(core, kind) for kind in core.vehicle_types]
    return {
        "location": np.concatenate([clients.location, ends[slot_type].ravel()]),
        "service": np.concatenate([clients.service, np.zeros(2 * len(slot_type), np.int64)]),
        "early": np.concatenate([clients.early, np.array(opens)[slot_type].ravel()]),
        "late": np.concatenate([clients.late, np.array(closes)[slot_type].ravel()]),
        "demand": clients.delivery if core.units else np.zeros((core.size, 1), np.int64),
    }


def _closes(core: Core, kind: VehicleType) -> tuple[int, int]:
    leaves = FOREVER if kind.start_late is None else kind.start_late
    return min(leaves, kind.late, core.depots[kind.start].late), min(kind.late, core.depots[kind.end].late)


def _slot_types(core: Core) -> Small:
    slots = [min(kind.count, core.size) for kind in core.vehicle_types]
    return np.repeat(np.arange(len(slots), dtype=np.int32), slots)


def _vehicles(core: Core) -> dict[str, npt.NDArray[Any]]:
    types = core.vehicle_types
    everybody = np.ones(core.size, np.bool_)
    slots = [min(kind.count, core.size) for kind in types]
    room = [np.subtract(kind.capacity, kind.initial_load or 0) if core.units else [0] for kind in types]
    return {
        "slot_type": _slot_types(core),
        "slots_from": np.concatenate([[0], np.cumsum(slots)]),
        "capacity": np.array(room),
        "fixed": np.array([kind.fixed_cost for kind in types]),
        "per_distance": np.array([kind.distance_cost for kind in types]),
        "per_duration": np.array([kind.duration_cost for kind in types]),
        "max_distance": np.array([kind.max_distance for kind in types]),
        "max_duration": np.array([kind.max_duration for kind in types]),
        "overtime_after": np.array([kind.overtime_after for kind in types]),
        "overtime": np.array([kind.overtime_cost for kind in types]),
        "profile": np.array([kind.profile for kind in types]),
        "allowed": np.array([everybody if kind.allowed is None else kind.allowed for kind in types]),
    }


def _matrices(core: Core) -> tuple[Small, Small]:
    distance = _packed(core.distances)
    same = all(one is other for one, other in zip(core.distances, core.durations, strict=True))
    return distance, distance if same else _packed(core.durations)


def _packed(matrices: tuple[Ints, ...]) -> Small:
    packed = np.empty((len(matrices), *matrices[0].shape), np.int32)
    for number, one in enumerate(matrices):
        if one.max() > FAR:  # seldom: the look at each number is left out where it can be
            if ((one < UNREACHABLE) & (one > FAR)).any():
                raise OverflowError("distances and durations over 2**29 do not fit the compiled search")
            one = np.minimum(one, FAR)
        packed[number] = one
    return packed


def _turned(matrices: Small) -> Small:
    """Rows for columns; the same array where the way back is as long."""
    turned = matrices.transpose(0, 2, 1)
    some = slice(0, None, 1 + matrices.shape[1] // 50)  # one-way roads show in a few rows
    if (turned[:, some] == matrices[:, some]).all() and (turned == matrices).all():
        return matrices
    return np.ascontiguousarray(turned)


def _items(core: Core) -> dict[str, npt.NDArray[Any]]:
    """Which item each client is, the clients of each item, and what each costs left out."""
    group, alone = core.clients.group, core.clients.group == NO_GROUP
    singles = int(alone.sum())
    items = np.empty(core.size, np.int64)
    items[alone] = np.arange(singles)
    items[~alone] = singles + group[~alone]
    count = singles + len(core.groups_required)
    order = np.argsort(items, kind="stable")
    price = np.zeros(count, np.int64)
    np.maximum.at(price, items, core.clients.prize)
    must = np.zeros(count, np.bool_)
    must[items[core.clients.required]] = True
    must[singles:] |= np.array(core.groups_required, np.bool_)
    best = price[items]
    price[must] += missing_price(core)
    lesser = np.where(alone, 0, best - core.clients.prize)  # an alternative that is worth less than the best
    extra = np.array([lesser if kind.extra is None else lesser + kind.extra for kind in core.vehicle_types])
    starts = np.searchsorted(items[order], np.arange(count + 1))
    return {"item": items, "alternatives_from": starts, "alternatives": order, "price": price, "extra": extra}


def missing_price(core: Core) -> int:
    """More than any detour that serves one more client can cost."""
    reach = max(int(one[one < UNREACHABLE].max()) for one in (*core.distances, *core.durations))
    trip = max(
        k.fixed_cost + 2 * reach * k.distance_cost + 4 * reach * (k.duration_cost + k.overtime_cost)
        for k in core.vehicle_types
    )
    extra = max((int(k.extra.max(initial=0)) for k in core.vehicle_types if k.extra is not None), default=0)
    return int(2 * trip + extra + core.clients.prize.max(initial=0) + 1)
