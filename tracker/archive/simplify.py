"""A day's positions as a simplified line with a known error. Pure: arrays in, a line out.

Distances to the line are taken at each position, in a plane that touches the ellipsoid there: degrees times the
metres a degree has at that place. That map is affine, so a segment that is straight in longitude and latitude (as
GeoJSON draws it) is straight in the plane as well, however long it is; and what decides is near the position, where
the plane is good to a millimetre in ten metres. Positions are never moved: the line's corners are some of them.

- The antimeridian: longitudes run on past 180 (or -180) instead of jumping, so that no segment goes round the globe.
- The poles: above 89.9 degrees, where the metres of a degree change within a few steps, every position is a corner.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

ERROR_BOUND_M = 10.0
NEAR_A_POLE_DEG = 89.9
LONGEST_STRETCH = 2_500  # positions simplified at once: bounds depth and cost, which are quadratic for a comb
WIDEST_STRETCH = 1.02  # by how much the length of a degree of longitude may differ within a stretch
EARTH_RADIUS_M = 6_371_008.8  # mean radius of WGS 84 (IUGG)
_EQUATOR_M, _SQUARED_ECCENTRICITY = 6_378_137.0, 0.00669437999014

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Line(NamedTuple):
    """A simplified line: its corners' longitudes and latitudes, at least two, and what is known about it."""

    longitudes: Floats
    latitudes: Floats
    distance_m: float  # along all positions, over great circles
    error_bound_m: float  # the farthest that any position lies from the line


def simplified(longitudes: Floats, latitudes: Floats, bound_m: float = ERROR_BOUND_M) -> Line:
    """The line of these positions (degrees, WGS 84, in the order of time) with no position farther off than `bound_m`.

    A single position becomes a line from it to itself. Raises ValueError where there is none.
    """
    if not len(longitudes):
        raise ValueError("a line needs a position")
    unwrapped = np.unwrap(longitudes, period=360.0)
    kept, error_m = _corners(unwrapped, latitudes, bound_m)
    if len(kept) == 1:
        kept = np.repeat(kept, 2)
    return Line(unwrapped[kept], latitudes[kept], travelled_m(longitudes, latitudes), error_m)


def travelled_m(longitudes: Floats, latitudes: Floats) -> float:
    """The length in metres of the way through the positions, great circles between them (haversine)."""
    x, y = np.radians(longitudes), np.radians(latitudes)
    h = np.sin(np.diff(y) / 2) ** 2 + np.cos(y[:-1]) * np.cos(y[1:]) * np.sin(np.diff(x) / 2) ** 2
    return float(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1.0))).sum())


def _corners(longitudes: Floats, latitudes: Floats, bound_m: float) -> tuple[Places, float]:
    """Which positions stay, and the true error. What still lies too far off becomes a corner itself."""
    kept = _chosen(longitudes, latitudes, bound_m)
    while True:
        errors = _errors_m(longitudes, latitudes, kept)
        too_far = np.flatnonzero(errors > bound_m)
        if not len(too_far):
            return kept, float(errors.max())
        kept = np.union1d(kept, too_far)


def _chosen(longitudes: Floats, latitudes: Floats, bound_m: float) -> Places:
    """Douglas and Peucker's choice (Cartographica 10(2), 1973), a stretch at a time."""
    east_m, north_m = _metres_a_degree(latitudes)
    bounds = _stretches(east_m)
    polar = np.flatnonzero(np.abs(latitudes) > NEAR_A_POLE_DEG)
    lines, corners = [], [polar, bounds]
    for first, last in pairwise(bounds):
        part = slice(first, last + 1)
        if last - first < 2:
            continue
        # the largest scale within the stretch: distances in this plane are never below the true ones
        x = (longitudes[part] - longitudes[first]) * east_m[part].max()
        y = (latitudes[part] - latitudes[first]) * north_m[part].max()
        lines.append(shapely.linestrings(np.column_stack([x, y, np.arange(first, last + 1)])))
    if lines:  # the third coordinate is each position's place: it comes back with the corners
        simple = shapely.simplify(lines, bound_m, preserve_topology=False)
        corners.append(shapely.get_coordinates(simple, include_z=True)[:, 2].astype(np.int64))
    return np.unique(np.concatenate(corners))


def _stretches(east_m: Floats) -> Places:
    """Places that cut the positions where a stretch becomes too long, or too wide in latitude for one plane."""
    last, first = len(east_m) - 1, 0
    cuts = [0]
    while first < last:
        width, end = 64, first
        while end == first:
            part = east_m[first : first + width]
            ratio = np.maximum.accumulate(part) / np.minimum.accumulate(part)
            fits = int(np.searchsorted(ratio, WIDEST_STRETCH, side="right"))  # it never falls
            if fits < len(part) or width >= LONGEST_STRETCH or first + width > last:
                end = min(first + max(1, fits - 1), last)
            width *= 4
        cuts.append(end)
        first = end
    return np.array(cuts, dtype=np.int64)


def _errors_m(longitudes: Floats, latitudes: Floats, kept: Places) -> Floats:
    """How far each position lies from the segment that stands for it, in the plane at that position."""
    every = np.arange(len(longitudes))
    behind = np.clip(np.searchsorted(kept, every, side="right") - 1, 0, max(len(kept) - 2, 0))
    a, b = kept[behind], kept[np.minimum(behind + 1, len(kept) - 1)]
    east_m, north_m = _metres_a_degree(latitudes)
    ax, ay = (longitudes[a] - longitudes) * east_m, (latitudes[a] - latitudes) * north_m
    dx, dy = (longitudes[b] - longitudes[a]) * east_m, (latitudes[b] - latitudes[a]) * north_m
    length = dx * dx + dy * dy
    along = np.divide(-(ax * dx + ay * dy), length, out=np.zeros_like(length), where=length > 0)
    along = np.clip(along, 0.0, 1.0)
    errors: Floats = np.hypot(ax + along * dx, ay + along * dy)
    errors[kept] = 0.0  # they are corners, whatever rounding says
    return errors


def _metres_a_degree(latitudes: Floats) -> tuple[Floats, Floats]:
    """Metres of a degree of longitude and of latitude at each latitude (the ellipsoid's radii of curvature)."""
    y = np.radians(latitudes)
    shrink = 1.0 - _SQUARED_ECCENTRICITY * np.sin(y) ** 2
    east = np.radians(1.0) * _EQUATOR_M / np.sqrt(shrink) * np.maximum(np.cos(y), 1e-9)
    north = np.radians(1.0) * _EQUATOR_M * (1.0 - _SQUARED_ECCENTRICITY) / shrink**1.5
    return east, north
