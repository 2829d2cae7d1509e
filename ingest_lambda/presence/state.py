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
    """Evidence against what is believed of one geofence that is not enough yet: a run of fixes on the other side.

    A run older than the look-back is ripe: `since_us` is 0, and where it began is forgotten (`crossed`, `came_from`
    and `start` are None, `deep` is False).
    """

    geofence_id: int
    since_us: int  # recorded time of the first fix of the run
    count: int  # fixes beyond the margin, in a row and up to the last one
    clear: tuple[int, float, float] | None = None  # when and where the first of those is
    deep: bool = False  # was any fix of the run beyond the margin?
    crossed: tuple[int, float, float] | None = None  # when and where the border was crossed
    came_from: tuple[float, float] | None = None  # the fix before the run
    start: tuple[float, float] | None = None  # the first fix of the run


class Passing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A way through a geofence between the last two fixes, believed unless the next one is back where it began."""

    geofence_id: int
    entered: tuple[int, float, float]  # when and where
    left: tuple[int, float, float]


class Presence(msgspec.Struct, frozen=True, array_like=True):
    """Where a device is, after the fix `last`; kept in DeviceState.presence as msgpack.

    At rest (`pending` and `passing` empty) all but `last` and `before` is as it was, so a writer who has the last two
    kept fixes at hand may leave the column as it is and put those in when reading.
    """

    version: int  # of the set that looked at `last`
    last: tuple[int, float, float, float | None, float | None, int]  # a Fix
    inside: tuple[Inside, ...] = ()  # by geofence_id, as the next two
    pending: tuple[Pending, ...] = ()
    before: tuple[float, float] | None = None  # longitude and latitude of the fix before `last`
    passing: tuple[Passing, ...] = ()


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
