"""Distances on the ground for trips: between places, to a line, to the border of an area. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import asin, cos, radians, sin, sqrt
from typing import Any

import numpy as np

EARTH_RADIUS_M = 6_371_008.8  # mean radius of WGS 84 (IUGG)
METRES_A_DEGREE = radians(1.0) * EARTH_RADIUS_M

Place = tuple[float, float]  # longitude, latitude


def distance_m(one: Place, other: Place) -> float:
    """Great-circle distance in metres between two WGS 84 points in degrees (haversine, under 0.6 % off)."""
    rise = sin(radians(other[1] - one[1]) / 2)
    run = sin(radians(other[0] - one[0]) / 2)
    h = rise * rise + cos(radians(one[1])) * cos(radians(other[1])) * run * run
    return 2.0 * EARTH_RADIUS_M * asin(sqrt(min(1.0, h)))


class Lines:
    """Straight pieces between places, to measure from. Each fix is the middle of its own small plane, so a line
    across a country is as exact where it matters as one across a yard. Lines may pass 180 degrees."""

    def __init__(self, lines: Iterable[Sequence[Place]]) -> None:
        starts: list[Place] = []
        ends: list[Place] = []
        for line in lines:
            starts.extend(line[:-1])
            ends.extend(line[1:])
        if not starts:
            raise ValueError("a line needs two places")
        self._starts, self._ends = np.array(starts, np.float64), np.array(ends, np.float64)

    def away_m(self, place: Place) -> float:
        """How far the place is from the nearest piece, in metres."""
        start, end = self._around(place)
        along = end - start
        length = (along * along).sum(axis=1)
        # a piece without a length is its own start
        share = np.clip(-(start * along).sum(axis=1) / np.where(length > 0, length, 1.0), 0.0, 1.0)
        nearest = start + along * share[:, None]
        return float(np.sqrt((nearest * nearest).sum(axis=1).min()))

    def holds(self, place: Place) -> bool:
        """Whether the place lies inside the rings the lines are, holes counted out (even-odd)."""
        start, end = self._around(place)
        crosses = (start[:, 1] > 0) != (end[:, 1] > 0)
        start, end = start[crosses], end[crosses]
        east = start[:, 0] - start[:, 1] * (end[:, 0] - start[:, 0]) / (end[:, 1] - start[:, 1])
        return int((east > 0).sum()) % 2 == 1

    def _around(self, place: Place) -> tuple[Any, Any]:
        """Both ends of each piece in metres east and north of the place."""
        scale = np.array([METRES_A_DEGREE * cos(radians(place[1])), METRES_A_DEGREE])
        here = np.array(place, np.float64)
        start, end = self._starts - here, self._ends - here
        turns = 360.0 * np.round(start[:, 0] / 360.0)
        start[:, 0] -= turns
        end[:, 0] -= turns
        # a piece goes the short way round
        end[:, 0] -= 360.0 * np.round((end[:, 0] - start[:, 0]) / 360.0)
        return start * scale, end * scale


class Target:
    """Where a trip goes: a place with a radius, or an area."""

    def __init__(self, place: Place, radius_m: float, area: Iterable[Sequence[Place]] | None = None) -> None:
        self.place = place
        self.radius_m = radius_m
        self._border = Lines(area) if area is not None else None

    def outside_m(self, place: Place) -> float:
        """Metres to where arriving begins; inside, the negative distance to the border."""
        if self._border is None:
            return distance_m(place, self.place) - self.radius_m
        away = self._border.away_m(place)
        return -away if self._border.holds(place) else away
