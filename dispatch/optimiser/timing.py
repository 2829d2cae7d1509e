"""What timing a route gives: its times, or the first rule in the way and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from dispatch.optimiser.clock import arrival
from dispatch.optimiser.indexed import Indexed

Rule = Literal[
    "skill", "vehicle", "depot", "apart", "together", "capacity", "no_way", "slot", "shift", "loading",
    "break", "duration", "distance", "begun",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first rule that a route breaks: at which stop (None: at the route as a whole), by how much of what."""

    rule: Rule
    stop: int | None = None
    by: int = 0
    unit: str = ""
    other: int | None = None  # the stop it must be apart from, or together with


@dataclass(slots=True)
class Timed:
    """A route with its times, by numbers. Open stops only; times in seconds, distance in metres with the prefix."""

    leave_s: int
    end_s: int
    distance_m: int
    visits: list[tuple[int, int, int, int | None]] = field(default_factory=list)  # arrive, start, end, slot
    rests: list[tuple[int, int, int, bool]] = field(default_factory=list)  # begin, end, before, on arrival
    loaded_s: int | None = None
    late_cost: int = 0
    early_cost: int = 0

    @property
    def duration_s(self) -> int:
        return self.end_s - self.leave_s


def finish(
    ix: Indexed, vehicle: int, order: Sequence[int], timed: Timed, now: int, here: int
) -> Timed | Refusal:
    """The way to the end, and whether it is reached within the shift."""
    end = ix.vehicles[vehicle].end
    if end is not None and (order or ix.outsets[vehicle].on_the_way):
        reached = arrival(ix.vehicle_legs[vehicle], here, end, now)
        if reached is None and order:
            return Refusal("no_way", order[-1])
        now = now if reached is None else reached
    if order and now > ix.vehicles[vehicle].shift_end_s:
        return Refusal("shift", order[-1], now - ix.vehicles[vehicle].shift_end_s)
    timed.end_s = now
    return timed
