"""How far a trip has come: a fold over its fixes in recorded order. Pure; one bad fix neither arrives nor leaves.

What is believed (arrived, left, off the corridor) changes by consecutive evidence only. A fix inside the destination
speaks for having arrived; two decide, four where each is vaguer than the destination is wide. A fix outside by more
than jitter takes the evidence back. A device that falls silent inside has arrived two minutes later. The time of what
happened is that of the first fix that spoke for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp
from typing import NamedTuple

import msgspec

from tracker.trips.ground import Lines, Place, Target, distance_m

SECOND_US = 1_000_000
ENOUGH = 2.0  # weight of evidence that decides
SHARP, VAGUE = 1.0, 0.5
SILENCE_US = 120 * SECOND_US
JITTER_M = (10.0, 25.0)  # beyond the border by this much, as accuracy says, is still at the border
EXIT_MARGIN_M = (25.0, 100.0)
STEP_M = 20.0  # what is counted of the way: steps at least so long, or a standing phone would travel
PACE_TAU_S = 300.0  # the recent pace forgets with this
PACE_GAP_S = 120.0  # of a gap no more counts
PACE_FROM_S = 60.0


class Fix(NamedTuple):
    """A kept position as the fold sees it."""

    at_us: int  # recorded, epoch microseconds
    longitude: float
    latitude: float
    accuracy_m: float | None = None

    @property
    def place(self) -> Place:
        """Longitude and latitude."""
        return self.longitude, self.latitude


class Evidence(msgspec.Struct, frozen=True, array_like=True):
    """What speaks against the belief so far: since when, and how much of it."""

    since_us: int
    weight: float


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a trip after the fix `last`."""

    last: Fix | None = None
    fixes: int = 0
    first: Place | None = None
    way_from: Place | None = None  # the place up to which `way_m` counts
    way_m: float = 0.0
    pace_mps: float = 0.0  # along the way, pauses included, lately; begins at nought, see `own_mps`
    watched_s: float = 0.0
    outside_m: float | None = None  # of `last`, from the destination
    near: Evidence | None = None
    arrived_us: int | None = None
    arrived_decided_us: int | None = None
    gone: Evidence | None = None
    exited_us: int | None = None
    exited_decided_us: int | None = None
    off_us: int | None = None  # off the corridor since
    strays: Evidence | None = None  # evidence against what `off_us` says

    @property
    def own_mps(self) -> float | None:
        """The recent pace, None before it was watched for a minute."""
        if self.watched_s < PACE_FROM_S:
            return None
        return self.pace_mps / (1.0 - exp(-self.watched_s / PACE_TAU_S))


@dataclass(frozen=True)
class Plan:
    """What a trip's fixes are held against."""

    started_us: int
    headed_us: int = 0  # since when it goes to this target: earlier fixes near it are no arriving
    target: Target | None = None
    corridor: Lines | None = None
    corridor_m: float = 0.0


def fold(progress: Progress, fixes: Iterable[Fix], plan: Plan) -> Progress:
    """The progress after these fixes, which come in recorded order; what is not newer than `last` is passed over."""
    for fix in fixes:
        newer = progress.last is None or fix.at_us > progress.last.at_us
        if newer and fix.at_us >= plan.started_us:
            progress = _step(settle(progress, fix.at_us), fix, plan)
    return progress


def settle(progress: Progress, now_us: int) -> Progress:
    """The progress at `now_us` where no further fix came: silence inside the destination is arriving."""
    due_us = silence_due_us(progress)
    if due_us is None or due_us > now_us or progress.near is None:
        return progress
    return _arrived(progress, progress.near.since_us, due_us)


def silence_due_us(progress: Progress) -> int | None:
    """When silence decides that it has arrived; None where it does not."""
    if progress.near is None or progress.last is None or progress.near.weight < SHARP:
        return None
    return progress.last.at_us + SILENCE_US


def _step(before: Progress, fix: Fix, plan: Plan) -> Progress:
    after = _along(before, fix)
    if plan.target is not None and fix.at_us >= plan.headed_us:
        outside_m = plan.target.outside_m(fix.place)
        after = msgspec.structs.replace(after, outside_m=outside_m)
        after = _arriving(after, fix, outside_m, plan.target.radius_m)
        after = _leaving(after, fix, outside_m)
    return _straying(after, fix, plan) if plan.corridor is not None else after


def _along(before: Progress, fix: Fix) -> Progress:
    """The way, and how fast it was made."""
    if before.last is None or before.way_from is None:
        return msgspec.structs.replace(before, last=fix, fixes=1, first=fix.place, way_from=fix.place)
    moved_m = distance_m(before.way_from, fix.place)
    counts = moved_m >= max(STEP_M, fix.accuracy_m or 0.0)
    gap_s = (fix.at_us - before.last.at_us) / SECOND_US
    seconds = min(gap_s, PACE_GAP_S)
    # a step is counted with the fix that completes it; over many fixes the mean comes out right
    speed_mps = moved_m / gap_s if counts else 0.0
    pace_mps = before.pace_mps + (speed_mps - before.pace_mps) * (1.0 - exp(-seconds / PACE_TAU_S))
    return msgspec.structs.replace(
        before,
        last=fix,
        fixes=before.fixes + 1,
        way_from=fix.place if counts else before.way_from,
        way_m=before.way_m + (moved_m if counts else 0.0),
        pace_mps=pace_mps,
        watched_s=before.watched_s + seconds,
    )


def _arriving(now: Progress, fix: Fix, outside_m: float, radius_m: float) -> Progress:
    if now.arrived_us is not None:
        return now
    if outside_m > 0:
        at_border = outside_m <= _within(fix.accuracy_m, JITTER_M)
        return now if at_border else msgspec.structs.replace(now, near=None)
    near = _more(now.near, fix, SHARP if (fix.accuracy_m or 0.0) <= max(radius_m, 30.0) else VAGUE)
    if near.weight >= ENOUGH:
        return _arrived(now, near.since_us, fix.at_us)
    return msgspec.structs.replace(now, near=near)


def _arrived(now: Progress, since_us: int, decided_us: int) -> Progress:
    return msgspec.structs.replace(now, near=None, arrived_us=since_us, arrived_decided_us=decided_us)


def _leaving(now: Progress, fix: Fix, outside_m: float) -> Progress:
    if now.arrived_us is None or now.exited_us is not None:
        return now
    if outside_m <= _within(fix.accuracy_m, EXIT_MARGIN_M):
        return msgspec.structs.replace(now, gone=None)
    gone = _more(now.gone, fix, SHARP)
    if gone.weight < ENOUGH:
        return msgspec.structs.replace(now, gone=gone)
    return msgspec.structs.replace(now, gone=None, exited_us=gone.since_us, exited_decided_us=fix.at_us)


def _straying(now: Progress, fix: Fix, plan: Plan) -> Progress:
    """Off beyond the width and what accuracy allows, back within the width: between the two nothing changes."""
    away_m = plan.corridor.away_m(fix.place) if plan.corridor is not None else 0.0
    is_off = now.off_us is not None
    beyond = away_m > plan.corridor_m + _within(fix.accuracy_m, JITTER_M)
    if (away_m > plan.corridor_m) if is_off else not beyond:
        return msgspec.structs.replace(now, strays=None)
    strays = _more(now.strays, fix, SHARP)
    if strays.weight < ENOUGH:
        return msgspec.structs.replace(now, strays=strays)
    return msgspec.structs.replace(now, strays=None, off_us=None if is_off else strays.since_us)


def _more(evidence: Evidence | None, fix: Fix, weight: float) -> Evidence:
    return Evidence(evidence.since_us, evidence.weight + weight) if evidence else Evidence(fix.at_us, weight)


def _within(value: float | None, bounds: tuple[float, float]) -> float:
    return min(max(value or 0.0, bounds[0]), bounds[1])
