"""The judge: is this fix believable after those before it? A pure, causal state machine; no I/O, no clock.

It is fed a device's fixes in the order they were recorded, each instant once. What it believes after a fix it
accepted depends on that fix alone: so a late fix changes verdicts only up to the next fix that is accepted as before,
and `history` can judge again from there to there and nowhere else.
"""

from __future__ import annotations

import struct

import msgspec

from ingest_lambda.geometry import distance_m, farthest_m
from ingest_lambda.outcomes import ACCEPTED, Filter, Verdict, filtered
from ingest_lambda.report import MICROSECONDS, PositionReport

HARD_SPEED_BOUND_MPS = 1200.0  # nothing that carries a phone is faster, whatever speed it claims
REPORTED_SPEED_FACTOR = 2.0
SUSPECTS_BELIEVED = 3  # that many jumps in a row to one place: the device really went there
# A device whose axes are swapped agrees with itself for ever, so it takes many more; but it is not locked out
# either, for there are places that are each other's mirror.
SWAPPED_BELIEVED = 30
ZERO_ISLAND_DEG = 0.001
ZERO_ISLAND_NEAR_M = 50_000.0
SHORTEST_STEP_S = 1.0  # clocks that tick in whole seconds put two fixes arbitrarily close

_real = struct.Struct("<f")


class Bounds(msgspec.Struct, frozen=True, gc=False):
    """What an environment lets pass: accuracy in metres, speed in m/s, the retention in microseconds."""

    accuracy_m: float
    speed_mps: float
    retention_us: int


class Believed(msgspec.Struct, frozen=True, gc=False):
    """The last accepted fix of a device, and the jumps since then that were not believed yet.

    `suspect_at_us` is None while `suspect_count` is 0; all times are epoch microseconds.
    """

    recorded_at_us: int
    longitude: float
    latitude: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    suspect_at_us: int | None = None
    suspect_longitude: float = 0.0
    suspect_latitude: float = 0.0
    suspect_count: int = 0


def judge(believed: Believed | None, fix: PositionReport, bounds: Bounds) -> tuple[Believed | None, Verdict]:
    """The verdict on a fix newer than all judged so far, and what to believe next.

    `believed` is None while no fix was accepted. What is wrong with the fix by itself was sorted out before
    (`alone`).
    """
    if -ZERO_ISLAND_DEG < fix.latitude < ZERO_ISLAND_DEG:
        verdict = _zero_island(believed, fix)
        if verdict is not None:
            return believed, verdict
    if believed is not None:
        verdict = _teleport(believed, fix, bounds)
        if verdict is not None:
            return _suspect(believed, fix, bounds, verdict)
    return _after(fix), ACCEPTED


def four_bytes(number: float | None) -> float | None:
    """`number` as the history keeps it. Whoever judges again reads the history, and must come to the same end."""
    if number is None:
        return None
    try:
        return float(_real.unpack(_real.pack(number))[0])
    except OverflowError:
        return None


def _zero_island(reference: Believed | None, fix: PositionReport) -> Verdict | None:
    """0,0 is what a receiver without a fix says; a ship that was just near there may well be there."""
    if abs(fix.latitude) >= ZERO_ISLAND_DEG or abs(fix.longitude) >= ZERO_ISLAND_DEG:
        return None
    if reference is not None:
        away_m = distance_m(reference.longitude, reference.latitude, fix.longitude, fix.latitude)
        if away_m <= ZERO_ISLAND_NEAR_M:
            return None
    return filtered(Filter.ZERO_ISLAND, "latitude and longitude are both 0, which means no fix")


def _teleport(reference: Believed, fix: PositionReport, bounds: Bounds) -> Verdict | None:
    took_s = (fix.recorded_at_us - reference.recorded_at_us) / MICROSECONDS
    step_s = took_s if took_s > SHORTEST_STEP_S else SHORTEST_STEP_S
    places = (reference.longitude, reference.latitude, fix.longitude, fix.latitude)
    if bounds.speed_mps <= HARD_SPEED_BOUND_MPS and farthest_m(*places) <= bounds.speed_mps * step_s:
        return None
    away_m = distance_m(*places)
    slack_m = (four_bytes(reference.accuracy_m) or 0.0) + (four_bytes(fix.accuracy_m) or 0.0)
    implied_mps = max(0.0, away_m - slack_m) / step_s
    bound_mps = _speed_bound(bounds, reference.speed_mps, fix.speed_mps)
    if implied_mps <= bound_mps:
        return None
    return filtered(
        Filter.TELEPORT,
        f"{away_m:.0f} m in {took_s:.0f} s from the fix before is {implied_mps:.0f} m/s; {bound_mps:.0f} m/s pass",
    )


def _speed_bound(bounds: Bounds, one_mps: float | None, other_mps: float | None) -> float:
    """Metres a second that pass: the environment's, more for a device that itself reports to be fast."""
    claimed_mps = max(four_bytes(one_mps) or 0.0, four_bytes(other_mps) or 0.0)
    return min(max(bounds.speed_mps, REPORTED_SPEED_FACTOR * claimed_mps), HARD_SPEED_BOUND_MPS)


def _suspect(
    believed: Believed, fix: PositionReport, bounds: Bounds, verdict: Verdict
) -> tuple[Believed, Verdict]:
    """A jump: filtered, unless enough in a row before it agree with it."""
    enough = SUSPECTS_BELIEVED
    if (swapped := _swapped(believed, fix, bounds)) is not None:
        verdict, enough = swapped, SWAPPED_BELIEVED
    count = 1
    if believed.suspect_at_us is not None:
        if fix.recorded_at_us <= believed.suspect_at_us:
            # the same jump sent again, or one from before it, is no further witness
            return believed, verdict
        last = Believed(believed.suspect_at_us, believed.suspect_longitude, believed.suspect_latitude)
        if _teleport(last, fix, bounds) is None:
            count = believed.suspect_count + 1
    if count >= enough:
        return _after(fix), ACCEPTED
    return (
        Believed(
            believed.recorded_at_us,
            believed.longitude,
            believed.latitude,
            believed.accuracy_m,
            believed.speed_mps,
            fix.recorded_at_us,
            fix.longitude,
            fix.latitude,
            count,
        ),
        verdict,
    )


def _swapped(believed: Believed, fix: PositionReport, bounds: Bounds) -> Verdict | None:
    """A jump that is none once latitude and longitude change places."""
    if abs(fix.longitude) > 90.0:
        return None
    mirrored = PositionReport(
        fix.recorded_at_us, fix.latitude, fix.longitude, fix.accuracy_m, None, fix.speed_mps
    )
    if _teleport(believed, mirrored, bounds) is not None:
        return None
    return filtered(
        Filter.SWAPPED_AXES,
        f"latitude {fix.latitude:g} and longitude {fix.longitude:g} are believable the other way round only",
    )


def _after(fix: PositionReport) -> Believed:
    return Believed(fix.recorded_at_us, fix.longitude, fix.latitude, fix.accuracy_m, fix.speed_mps)
