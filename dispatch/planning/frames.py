"""What the planner and its solving process say to each other over pipes: frames of MessagePack, length first."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from dispatch.optimiser.solution import Route
from dispatch.planning.brief import Brief
from dispatch.planning.ways import Tables

LENGTH = struct.Struct(">I")
MOST = 512 * 1024 * 1024
STOP = b"stop\n"


class Job(msgspec.Struct, frozen=True):
    """What is to be solved, and for how long."""

    brief: Brief
    seconds: float
    explain_s: float
    tables: Tables | None = None  # of a router; none: the solver makes its own


class Better(msgspec.Struct, frozen=True, tag=True):
    """A better plan was found: seconds since the start, the cost by term, who goes where."""

    elapsed_s: float
    terms: dict[str, int]
    orders: dict[str, tuple[str, ...]]
    unserved: int


class Why(msgspec.Struct, frozen=True):
    """Why one vehicle does not serve a stop; see `dispatch.optimiser.reasons.Refused`."""

    vehicle: str
    rule: str
    by: int = 0
    unit: str = ""
    other: str | None = None


class Remedy(msgspec.Struct, frozen=True):
    """A change that serves a stop; see `dispatch.optimiser.remedies.Remedy`."""

    change: str
    by: int = 0
    unit: str = ""
    vehicle: str | None = None
    other: str | None = None
    cost: int = 0


class LeftOut(msgspec.Struct, frozen=True):
    """A stop that no route serves."""

    stop: str
    vehicles: list[Why] = []
    remedies: list[Remedy] = []
    fits_at_cost: int | None = None
    explained: bool = True
    of: int = 0  # above nought: `vehicles` names for each rule only the nearest of so many


class Choice(msgspec.Struct, frozen=True):
    """Why a route has its driver: its cost, the next best, and what keeps the others from it."""

    vehicle: str
    cost: int
    next_best: str | None = None
    more: int = 0
    swaps: bool = False
    cannot: dict[str, int] = {}


class Done(msgspec.Struct, frozen=True, tag=True):
    """The plan, verified."""

    elapsed_s: float
    routes: list[Route]
    legs_m: dict[str, list[int]]  # metres to each visit of a vehicle, from what came before it
    terms: dict[str, int]
    left_out: list[LeftOut]
    choices: list[Choice]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """There is no plan, and this is why."""

    code: str
    text: str


Frame = Better | Done | Failed


class Unsayable(ValueError):
    """A thing that no frame can hold: a number beyond 64 bits, or too much of everything."""


def framed(thing: msgspec.Struct) -> bytes:
    """One frame's bytes. Raises Unsayable."""
    try:
        content = msgspec.msgpack.encode(thing)
    except (OverflowError, ValueError, TypeError) as error:
        raise Unsayable(str(error)) from None
    if len(content) > MOST:
        raise Unsayable(f"{len(content) // 2**20:,} MiB are more than {MOST // 2**20:,}")
    return LENGTH.pack(len(content)) + content


def write(stream: BinaryIO, thing: msgspec.Struct) -> None:
    """One frame; flushed. Raises Unsayable."""
    stream.write(framed(thing))
    stream.flush()


def read(stream: BinaryIO) -> bytes | None:
    """The next frame's content; None at the end, or where the other side died in the middle of one."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    if length > MOST:
        return None
    content = stream.read(length)
    return content if len(content) == length else None


def frames(stream: BinaryIO) -> Iterator[Frame]:
    """Frames of a solving process until it ends."""
    while (content := read(stream)) is not None:
        yield msgspec.msgpack.decode(content, type=Frame)
