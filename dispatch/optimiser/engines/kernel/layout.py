"""The struct `Tables` of plan.h as ctypes sees it: the same fields in the same order."""

import ctypes

import numpy as np

COUNTS = (
    "clients", "slots", "types", "units", "locations", "items", "near_count", "around_count", "timed", "priced_time",
)  # fmt: skip
ARRAYS = {
    "distance": np.int32, "duration": np.int32, "distance_to": np.int32, "duration_to": np.int32,
    "location": np.int32, "service": np.int64, "early": np.int64,
    "late": np.int64, "demand": np.int64, "slot_type": np.int32, "slots_from": np.int32, "capacity": np.int64,
    "fixed": np.int64, "per_distance": np.int64, "per_duration": np.int64, "max_distance": np.int64,
    "max_duration": np.int64, "overtime_after": np.int64, "overtime": np.int64, "profile": np.int32,
    "allowed": np.uint8, "near": np.int32, "around": np.int32, "to_depot": np.int32, "item": np.int32,
    "alternatives_from": np.int32, "alternatives": np.int32, "price": np.int64, "extra": np.int64,
}  # fmt: skip


class Layout(ctypes.Structure):
    """The struct that C sees; the arrays it points to belong to `Tables`."""

    _fields_ = [(name, ctypes.c_int32) for name in COUNTS] + [(name, ctypes.c_void_p) for name in ARRAYS]
