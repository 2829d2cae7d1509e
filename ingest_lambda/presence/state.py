"""What is known of one device among geofences, and what a fold over its fixes tells. Plain facts."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import msgspec


class Fix(NamedTuple):
    """A kept fix as the fold sees it, with the values the database keeps: a stored one and a fresh one are equal."""

    at_us: int  # recorded, epoch microseconds
    longitude: float
    latitude: float
    accuracy_m: float | None  # rounded to four bytes, as it is stored
    speed_mps: float | None  # the same
    moved_at_us: int  # since when the device stands where it stands; at_us where it moved


class Inside(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stay under way: in which geofence, since when it crossed the border, by which fix that was decided."""

    geofence_id: int
    entered_us: int
    decided_us: int
    version: int


class Pending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Evidence against what is believed of one geofence that is not enough yet."""

    geofence_id: int
    since_us: int
    count: int


class Presence(msgspec.Struct, frozen=True, array_like=True):
    """Where a device is, after the fix `last`; kept in DeviceState.presence as msgpack."""

    version: int  # of the set that looked at `last`
    last: tuple[int, float, float, float | None, float | None, int]  # a Fix
    inside: tuple[Inside, ...] = ()
    pending: tuple[Pending, ...] = ()


class Cause(Enum):
    """Why a crossing is told; the values are GeofenceCrossing.Cause."""

    MOVED = "moved"
    PASSED = "passed"
    FIRST_FIX = "first_fix"
    PUBLISHED = "published"


class Transition(NamedTuple):
    """One crossing: out of one geofence, into another, or both in one; None is outside. Places are of the border."""

    cause: Cause
    left: Inside | None
    entered: Inside | None
    occurred_us: int
    decided_us: int  # recorded_at of the fix that decided
    longitude: float
    latitude: float
    version: int


def encode(presence: Presence) -> bytes:
    """The form in DeviceState.presence."""
    return msgspec.msgpack.encode(presence)


def decode(data: bytes) -> Presence:
    """Reads what `encode` wrote. Raises msgspec.MsgspecError for anything else."""
    return _decoder.decode(data)


_decoder = msgspec.msgpack.Decoder(Presence)
