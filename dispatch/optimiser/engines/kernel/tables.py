"""A Core as the flat arrays that the compiled search reads; the fields are those of `Tables` in plan.h, in order.

Nodes: client `i` is node `i`; slot `r` (one vehicle) has its start at `n + 2r` and its end at `n + 2r + 1`. An item is
what must be served once: a client, or the alternatives of a group.
"""

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch.optimiser.core import FOREVER, NO_GROUP, UNREACHABLE, Core, Ints, VehicleType

Small = npt.NDArray[np.int32]
FAR = 1 << 29  # an unreachable leg within 32 bits; two of them still are
NEAR = 40  # clients beside which a client may be put
AROUND = 120  # clients among which strings are torn out
WAITING = 0.2  # what a second of waiting counts beside one of distance, when neighbours are sorted

COUNTS = ("clients", "slots", "types", "units", "locations", "items", "near_count", "around_count", "timed", "priced_time")
ARRAYS = {
    "distance": np.int32, "duration": np.int32, "location": np.int32, "service": np.int64, "early": np.int64,
    "late": np.int64, "demand": np.int64, "slot_type": np.int32, "slots_from": np.int32, "capacity": np.int64,
    "fixed": np.int64, "per_distance": np.int64, "per_duration": np.int64, "max_distance": np.int64,
    "max_duration": np.int64, "profile": np.int32, "allowed": np.uint8, "near": np.int32, "around": np.int32,
    "to_depot": np.int32, "item": np.int32, "alternatives_from": np.int32, "alternatives": np.int32, "price": np.int64,
}  # fmt: skip


class Layout(ctypes.Structure):
    """The struct that C sees; the arrays it points to belong to `Tables`."""

    _fields_ = [(name, ctypes.c_int32) for name in COUNTS] + [(name, ctypes.c_void_p) for name in ARRAYS]


class Tables:
    """The arrays of one Core. Raises OverflowError where its numbers do not fit the search's."""

    def __init__(self, core: Core, near: int = NEAR, around: int = AROUND) -> None:
        self.columns: dict[str, npt.NDArray[Any]] = {}
        columns = _clients(core) | _vehicles(core) | _items(core)
        columns["near"], columns["around"] = neighbours(core, near, around)
        columns["distance"], columns["duration"] = _matrices(core)
        start = core.depots[core.vehicle_types[0].start].location
        columns["to_depot"] = columns["distance"][0][start, core.clients.location]
        for name, kind in ARRAYS.items():
            self.columns[name] = np.ascontiguousarray(columns[name], kind)
        priced = any(kind.duration_cost or kind.max_duration < FOREVER for kind in core.vehicle_types)
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


def _timed(early: Ints, late: Ints) -> bool:
    return bool((early > early.min()).any() or (late < FOREVER).any())


def _clients(core: Core) -> dict[str, npt.NDArray[Any]]:
    """Columns by node: clients, then start and end of each slot."""
    clients, depots = core.clients, core.depots
    slot_type = _slot_types(core)
    ends = np.array([(depots[kind.start].location, depots[kind.end].location) for kind in core.vehicle_types])
    opens = [(max(kind.early, depots[kind.start].early), depots[kind.end].early) for kind in core.vehicle_types]
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
        "profile": np.array([kind.profile for kind in types]),
        "allowed": np.array([everybody if kind.allowed is None else kind.allowed for kind in types]),
    }


def _matrices(core: Core) -> tuple[Small, Small]:
    def packed(matrices: tuple[Ints, ...]) -> Small:
        if any(((one < UNREACHABLE) & (one > FAR)).any() for one in matrices):
            raise OverflowError("distances and durations over 2**29 do not fit the compiled search")
        return np.stack([np.minimum(one, FAR).astype(np.int32) for one in matrices])

    distance = packed(core.distances)
    same = all(one is other for one, other in zip(core.distances, core.durations, strict=True))
    return distance, distance if same else packed(core.durations)


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
    price[must] = missing_price(core)
    starts = np.searchsorted(items[order], np.arange(count + 1))
    return {"item": items, "alternatives_from": starts, "alternatives": order, "price": price}


def missing_price(core: Core) -> int:
    """More than any detour that serves one more client can cost."""
    reach = max(int(one[one < UNREACHABLE].max()) for one in (*core.distances, *core.durations))
    trip = max(k.fixed_cost + 2 * reach * k.distance_cost + 4 * reach * k.duration_cost for k in core.vehicle_types)
    return int(2 * trip + core.clients.prize.max(initial=0) + 1)


def neighbours(core: Core, near_count: int, around_count: int) -> tuple[Small, Small]:
    """For each client those near it in distance and time, and those near it in distance with itself first."""
    clients, size = core.clients, core.size
    near = np.empty((size, min(near_count, size - 1)), np.int32)
    around = np.empty((size, min(around_count, size)), np.int32)
    ends, opens, closes = clients.service + clients.late, clients.early + clients.service, clients.late
    distance, duration = core.distances[0], core.durations[0]
    for begin in range(0, size, 256):  # in blocks: 5,000 clients squared in floats would be 200 MB
        rows = np.arange(begin, min(begin + 256, size))
        at, to = clients.location[rows][:, None], clients.location[None, :]
        out, back = distance[at, to], distance[to, at]
        between = np.minimum(out, back).astype(np.float64)
        between[np.arange(len(rows)), rows] = -1
        around[rows] = _nearest(between, around.shape[1])
        if (clients.late < FOREVER).any():
            go, come = duration[at, to], duration[to, at]
            waits = np.maximum(clients.early[None, :] - go - ends[rows][:, None], 0)
            warps = np.maximum(opens[rows][:, None] + go - closes[None, :], 0)
            there = out + WAITING * waits + warps
            waits = np.maximum(clients.early[rows][:, None] - come - ends[None, :], 0)
            warps = np.maximum(opens[None, :] + come - closes[rows][:, None], 0)
            between = np.minimum(there, back + WAITING * waits + warps)
        between[np.arange(len(rows)), rows] = np.inf
        near[rows] = _nearest(between, near.shape[1])
    return near, around


def _nearest(weights: npt.NDArray[np.float64], count: int) -> Small:
    if count < weights.shape[1]:
        some = np.argpartition(weights, count, axis=1)[:, :count]
    else:
        some = np.broadcast_to(np.arange(weights.shape[1]), weights.shape)[:, :count]
    order = np.argsort(np.take_along_axis(weights, some, 1), axis=1, kind="stable")
    return np.take_along_axis(some, order, 1).astype(np.int32)
