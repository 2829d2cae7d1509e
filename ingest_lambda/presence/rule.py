"""The rule of crossings: what a fix says for or against what is believed, and when that is enough. Decision 0026.

What is believed changes by evidence, and evidence is short-lived: the state after a fix is what is believed and a
function of the fixes within `LOOK_BACK_US`, and of the `LOOK_BACK_FIXES` before those.
"""

from __future__ import annotations

from math import hypot

from ingest_lambda.presence.border import Place, apart_m, between
from ingest_lambda.presence.state import Fix, Pending
from ingest_lambda.presence.zone import margin_m
from ingest_lambda.presence.zones import Zones

SECOND_US = 1_000_000
WITNESSES = 2  # fixes in a row beyond the margin that decide
SETTLE_US = (
    30 * SECOND_US
)  # over at least this long, for the drift of a receiver that fixes each second is no motion
FAR_M = 100.0  # or at least this far from where the run came from: drift does not go there step by step
MOVED_ON_M = 50.0  # nearer to where it came from, a fix is a return
BAND_US = 120 * SECOND_US  # inside, if never deep, for this long is inside
ARRIVING_US = 60 * SECOND_US  # a device that stops behind a border came to its place about when it crossed it
WAY_US = 300 * SECOND_US  # over a longer gap, or a longer way, a straight line between two fixes is a guess
WAY_M = 5_000.0
LOOK_BACK_US = 600 * SECOND_US  # where a run began is remembered this long
LOOK_BACK_FIXES = 3

Crossed = tuple[int, float, float]  # when and where


def place(fix: Fix) -> Place:
    """Where a fix is."""
    return fix[1], fix[2]


def came_back(a: Place, b: Place, c: Place) -> bool:
    """Is `b`, between `a` and `c`, a jump there and back, as a bad fix is, however good it says to be?"""
    return apart_m(a, c) < max(apart_m(a, b), apart_m(b, c)) / 2


def known_way(a: Fix, b: Fix) -> bool:
    """May the way between two fixes be taken to be straight?"""
    return b.at_us - a.at_us <= WAY_US and apart_m(place(a), place(b)) <= WAY_M


def moved_on(a: Place, b: Place, c: Place) -> bool:
    """Did the device go from `a` by way of `b` to `c`, somewhere else?"""
    return apart_m(a, c) >= MOVED_ON_M and not came_back(a, b, c)


def clear(zones: Zones, geofence_id: int, inside: bool, fix: Fix) -> bool:
    """Is the fix, which is `inside` or not, beyond the margin?"""
    border = zones.border(geofence_id)
    needed_m = border.entering_m(fix.accuracy_m) if inside else margin_m(border.zone, fix.accuracy_m)
    return not border.nearer_than(needed_m, fix.longitude, fix.latitude)


def crossed(zones: Zones, geofence_id: int, last: Fix, fix: Fix) -> Crossed:
    """When and where the border was crossed on the way to a fix on the other side of it."""
    fraction = zones.border(geofence_id).crossed(place(last), place(fix))
    return moment(last, fix, fraction)


def moment(last: Fix, fix: Fix, fraction: float) -> Crossed:
    """When and where a device was, that far along its way."""
    at_us = last.at_us + round((fix.at_us - last.at_us) * fraction)
    return (at_us, *between(place(last), place(fix), fraction))


def witness(
    zones: Zones, geofence_id: int, inside: bool, run: Pending | None, last: Fix, fix: Fix
) -> Pending:
    """The run of evidence with one more fix on the other side of the border: `inside` where outside is believed."""
    seen = clear(zones, geofence_id, inside, fix)
    at_us, longitude, latitude = fix.at_us, fix.longitude, fix.latitude
    if run is None:
        border = crossed(zones, geofence_id, last, fix)
        here = (at_us, longitude, latitude) if seen else None
        return Pending(geofence_id, at_us, int(seen), here, seen, border, place(last), (longitude, latitude))
    if not seen:
        count, first = 0, None
    else:
        count, first = min(run.count + 1, WITNESSES), run.clear or (at_us, longitude, latitude)
    return Pending(
        geofence_id,
        run.since_us,
        count,
        first,
        run.deep or seen,
        run.crossed,
        run.came_from,
        run.start,
    )


def ripened(run: Pending, at_us: int) -> Pending:
    """The run as it is kept: without its beginning, when that is longer ago than the look-back."""
    if run.since_us and at_us - run.since_us < LOOK_BACK_US:
        return run
    return Pending(run.geofence_id, 0, run.count, run.clear)


def proven(run: Pending, fix: Fix) -> bool:
    """Is the run with `fix`, its last, evidence enough?"""
    if run.count < WITNESSES or run.clear is None:
        return False
    if fix.at_us - run.clear[0] >= SETTLE_US:
        return True
    return run.came_from is not None and apart_m(run.came_from, place(fix)) >= FAR_M


def stayed(run: Pending, fix: Fix) -> bool:
    """Has the run gone on for so long, deep or not, that inside is inside?

    Only of a device that came here: one that stood where it stands before it seemed to be inside did not move.
    """
    if not run.since_us:
        return fix.at_us - fix.moved_at_us < LOOK_BACK_US
    return fix.at_us - run.since_us >= BAND_US and run.since_us - fix.moved_at_us <= ARRIVING_US


def visited(run: Pending, fix: Fix) -> bool:
    """Was the run, ended by `fix` back on the believed side, a visit all the same: short, but on the way?"""
    if not run.deep or run.came_from is None or run.start is None:
        return False
    return moved_on(run.came_from, run.start, place(fix))


def turning(run: Pending) -> Crossed:
    """When and where what the run proves came about."""
    found = run.crossed or run.clear
    if found is None:
        raise ValueError(f"a run about geofence {run.geofence_id} proves nothing: {run}")
    return found


def near(one: Crossed, other: Crossed) -> float:
    """How far apart two crossings are, to find those that are one: in degrees, for comparing only."""
    return hypot(one[1] - other[1], one[2] - other[2])
