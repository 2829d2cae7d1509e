"""When to say that a trip is late, on time again, or expected at another time: with hysteresis. Pure."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

SECOND_US = 1_000_000
TOLERANCE_US = 120 * SECOND_US  # later than this is late
PERSISTS_US = 60 * SECOND_US  # an estimate must say so for this long
SHIFT_US = 120 * SECOND_US  # a smaller change of the estimate is not told
SHIFT_SHARE = 0.1  # nor a smaller part of what is left
SHIFT_LOOKS = 2  # one bad fix moves the estimate for one look


class Watch(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered between two looks."""

    against_us: int | None = None  # since when estimates contradict what was told of being late
    shifts: int = 0  # looks in a row whose estimate is another than told
    told_eta_us: int | None = None


class Said(NamedTuple):
    """What follows from a look."""

    watch: Watch
    delayed: bool
    eta_told: bool  # the estimate is to be told


def look(watch: Watch, eta_us: int, *, scheduled_us: int | None, delayed: bool, now_us: int) -> Said:
    """One look at a trip on its way. Late is an estimate more than two minutes past the schedule that stays so for
    a minute, or the clock past it; on time again is an estimate within the schedule for a minute."""
    told, shifts = _shifted(watch, eta_us, now_us)
    against_us: int | None = None
    if scheduled_us is None:
        delayed = False
    elif now_us > scheduled_us + TOLERANCE_US:
        delayed = True
    elif (eta_us <= scheduled_us) if delayed else (eta_us > scheduled_us + TOLERANCE_US):
        against_us = watch.against_us if watch.against_us is not None else now_us
        if now_us - against_us >= PERSISTS_US:
            delayed, against_us = not delayed, None
    told_eta_us = eta_us if told else watch.told_eta_us
    return Said(Watch(against_us, 0 if told else shifts, told_eta_us), delayed, told)


def due_us(watch: Watch, *, scheduled_us: int | None, delayed: bool) -> int | None:
    """When the clock alone changes what is to be said; None: never."""
    times = []
    if scheduled_us is not None and not delayed:
        times.append(scheduled_us + TOLERANCE_US + 1)
    if watch.against_us is not None:
        times.append(watch.against_us + PERSISTS_US)
    return min(times, default=None)


def _shifted(watch: Watch, eta_us: int, now_us: int) -> tuple[bool, int]:
    if watch.told_eta_us is None:
        return True, 0
    enough_us = max(SHIFT_US, SHIFT_SHARE * (eta_us - now_us))
    shifts = watch.shifts + 1 if abs(eta_us - watch.told_eta_us) > enough_us else 0
    return shifts >= SHIFT_LOOKS, shifts
