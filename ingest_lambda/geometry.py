"""Distances on the globe. Pure: numbers in, metres out."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8  # mean radius of WGS 84 (IUGG)
_TO_RADIANS = radians(1.0)
_METRES_A_DEGREE = EARTH_RADIUS_M * _TO_RADIANS


def distance_m(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """Great-circle distance in metres between two WGS 84 points in degrees (haversine, under 0.6 % off)."""
    rise = sin((other_latitude - latitude) * _TO_RADIANS * 0.5)
    run = sin((other_longitude - longitude) * _TO_RADIANS * 0.5)
    h = rise * rise + cos(latitude * _TO_RADIANS) * cos(other_latitude * _TO_RADIANS) * run * run
    # rounding can push antipodes a hair above 1
    return 2.0 * EARTH_RADIUS_M * asin(sqrt(h if h < 1.0 else 1.0))


def farthest_m(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """A distance in metres that `distance_m` never exceeds, at a tenth of its cost: first along the meridian, then
    along the equator. Most fixes are so near the last one that this already settles it.
    """
    return (abs(other_latitude - latitude) + abs(other_longitude - longitude)) * _METRES_A_DEGREE
