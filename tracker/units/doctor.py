"""The unit doctor's rule: reported speed against distance over time tells the unit. Pure; no I/O, no clock.

An app that sends metres a second in a field that is read as knots is wrong by 0.51 for ever, and nothing else about
it is. Positions do not lie about distance, so the median of reported speed over distance a second shows the factor,
and the table of units shows its name.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest_lambda.report import SPEED_UNITS

FEWEST_LEGS = 30
SHORTEST_LEG_S, LONGEST_LEG_S = 1.0, 60.0
SLOWEST_MPS = 2.0  # below, noise of position is most of the distance
SHORTEST_LEG_M = 20.0
STEADY = (
    1.6  # reported speeds at both ends of a leg: beyond this ratio their mean says little of the way between
)
# Factors between units are 1.8 and more but for knots and miles an hour, which 15 % of anything can hide.
AGREES = math.log(1.35)
FITS = math.log(1.2)
SCATTER = math.log(1.35)
_EARTH_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Fix:
    """A kept position: epoch seconds, degrees, metres a second, metres; None is unknown."""

    at_s: float
    longitude: float
    latitude: float
    speed_mps: float | None
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the legs say: `likely` is the unit its numbers seem to be in, `ratio` reported over travelled."""

    likely: str
    ratio: float
    legs: int


def diagnose(fixes: Sequence[Fix], read_as: str) -> Diagnosis | None:
    """The unit that explains the reported speeds better than `read_as`, a key of SPEED_UNITS.

    `fixes` are in recorded order. None where they agree, where nothing fits, or where too few legs can be told.
    """
    logs = sorted(_log_ratios(fixes))
    if len(logs) < FEWEST_LEGS:
        return None
    middle = statistics.median(logs)
    if abs(middle) < AGREES or _spread(logs) > SCATTER:
        return None
    true_factor = SPEED_UNITS[read_as] / math.exp(middle)
    likely = min(SPEED_UNITS, key=lambda unit: abs(math.log(SPEED_UNITS[unit] / true_factor)))
    if likely == read_as or abs(math.log(SPEED_UNITS[likely] / true_factor)) > FITS:
        return None
    return Diagnosis(likely, math.exp(middle), len(logs))


def _log_ratios(fixes: Sequence[Fix]) -> Iterable[float]:
    """The logarithm of reported over travelled speed for each leg that can tell."""
    for here, there in pairwise(fixes):
        took_s = there.at_s - here.at_s
        if not SHORTEST_LEG_S <= took_s <= LONGEST_LEG_S or not here.speed_mps or not there.speed_mps:
            continue
        if max(here.speed_mps, there.speed_mps) > STEADY * min(here.speed_mps, there.speed_mps):
            continue
        away_m = _distance_m(here, there)
        doubt_m = 2 * max(here.accuracy_m or 0.0, there.accuracy_m or 0.0)
        if away_m < max(SHORTEST_LEG_M, doubt_m) or away_m / took_s < SLOWEST_MPS:
            continue
        yield math.log((here.speed_mps + there.speed_mps) / 2 * took_s / away_m)


def _spread(logs: Sequence[float]) -> float:
    """Half of what the middle half of the sorted values spans: what is wild at the ends does not count."""
    return (logs[len(logs) * 3 // 4] - logs[len(logs) // 4]) / 2


def _distance_m(one: Fix, other: Fix) -> float:
    """Great circle, haversine, on a sphere."""
    half_lat = math.radians(other.latitude - one.latitude) / 2
    half_lon = math.radians(other.longitude - one.longitude) / 2
    across = math.cos(math.radians(one.latitude)) * math.cos(math.radians(other.latitude))
    chord = math.sin(half_lat) ** 2 + across * math.sin(half_lon) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(chord)))
