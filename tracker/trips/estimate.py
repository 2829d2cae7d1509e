"""When a trip arrives: straight line times street factor over pace, hour by hour, with a band. Pure.

The pace is the environment's own by hour of the day, learned from completed trips, blended with the device's pace of
the last minutes. The band is that of a log-normal error with the spread seen in completed trips: one in five arrives
before `earliest`, four in five by `latest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import NamedTuple

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
Z_80 = 0.8416  # of the standard normal distribution: a fifth lies beyond
OWN_MOST = 0.6  # of the blend, once a device was watched for long
OWN_AFTER_S = 600.0
OWN_BOUNDS = (0.25, 3.0)  # times the learned pace: a pause for lunch is no new pace
LONGEST_HOURS = 240
STEADY_S = 60.0  # no band is narrower than this: the last hundred metres have a door and a lift


class Pace(NamedTuple):
    """How devices get along. `speed_mps` is along the way with pauses, `spread` of ln(true time over estimated)."""

    speed_mps: float
    street_factor: float
    spread: float


class Way(NamedTuple):
    """What is still before a device, and how it went lately."""

    straight_m: float
    own_mps: float | None = None
    watched_s: float = 0.0


class Estimate(NamedTuple):
    """Epoch microseconds, and by what it was reckoned: `pace` or `osrm`."""

    at_us: int
    earliest_us: int
    latest_us: int
    by: str


HOUSE = Pace(5.0, 1.35, 0.35)  # a van in a city, before anything was learned


def by_pace(way: Way, paces: Mapping[int, Pace], *, from_us: int, now_us: int) -> Estimate:
    """The estimate from the fix at `from_us`. `paces` by hour of the day, UTC; hours that lack are the house's."""
    pace = _at(paces, from_us)
    blend = _blend(pace.speed_mps, way)
    left_m = way.straight_m * pace.street_factor
    seconds, at_us = 0.0, from_us
    for _ in range(LONGEST_HOURS):
        speed_mps = _at(paces, at_us).speed_mps * blend
        to_hour_s = (HOUR_US - at_us % HOUR_US) / SECOND_US
        if speed_mps * to_hour_s >= left_m:
            return _banded(seconds + left_m / speed_mps, pace.spread, from_us, now_us, "pace")
        left_m -= speed_mps * to_hour_s
        seconds += to_hour_s
        at_us += round(to_hour_s * SECOND_US)
    return _banded(seconds, pace.spread, from_us, now_us, "pace")


def by_route(seconds: float, paces: Mapping[int, Pace], *, from_us: int, now_us: int) -> Estimate:
    """The estimate where a router said how long the way takes; the spread is still what was learned."""
    return _banded(seconds, _at(paces, from_us).spread, from_us, now_us, "osrm")


def _at(paces: Mapping[int, Pace], at_us: int) -> Pace:
    return paces.get(at_us // HOUR_US % 24, HOUSE)


def _blend(learned_mps: float, way: Way) -> float:
    """What to multiply learned speeds with. Geometric: half as fast and twice as fast weigh the same."""
    if way.own_mps is None:
        return 1.0
    low, high = OWN_BOUNDS
    ratio = min(max(way.own_mps / learned_mps, low), high)
    return exp(OWN_MOST * (1.0 - exp(-way.watched_s / OWN_AFTER_S)) * log(ratio))


def _banded(seconds: float, spread: float, from_us: int, now_us: int, by: str) -> Estimate:
    early_s = min(seconds * exp(-Z_80 * spread), max(0.0, seconds - STEADY_S / 2))
    late_s = max(seconds * exp(Z_80 * spread), seconds + STEADY_S / 2)
    # a device that fell silent has not arrived: what is still to come cannot be in the past
    at, early, late = (max(from_us + round(s * SECOND_US), now_us) for s in (seconds, early_s, late_s))
    return Estimate(at, early, late, by)
