"""Which fixes of a batch need no thought: in the same zones as the one before, with no other zone on the way."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely

from ingest_lambda.presence.edges import METRES_A_DEGREE
from ingest_lambda.presence.grid import Found
from ingest_lambda.presence.rule import WAY_M, WAY_US
from ingest_lambda.presence.zones import Zones


class Screened(NamedTuple):
    """For each fix the key of the zones it is in, and whether its way may lead through a zone neither end is in."""

    keys: Any
    through: Any


def screen(zones: Zones, at_us: Any, longitudes: Any, latitudes: Any, linked: Any) -> Screened:
    """Look at fixes of many devices, in order; `linked` are those whose predecessor is the row before."""
    found = zones.find(longitudes, latitudes)
    through = np.zeros(len(longitudes), dtype=bool)
    if not zones.zones or len(longitudes) < 2:
        return Screened(found.keys, through)
    across = np.abs(np.diff(longitudes))
    across = np.minimum(across, 360.0 - across) * np.cos(np.radians(latitudes[1:]))
    far_m = (np.abs(np.diff(latitudes)) + across) * METRES_A_DEGREE  # never less than the distance
    cells = found.cells
    doubtful = linked[1:] & ((cells[1:] != cells[:-1]) | (cells[1:] == -1)) & (far_m > 0)
    doubtful &= np.diff(at_us) <= WAY_US
    ways = np.flatnonzero(doubtful & (far_m > zones.passing_m * 2) & (far_m <= WAY_M * 2)) + 1
    if len(ways):
        through[ways] = _sampled(zones, found, longitudes, latitudes, ways, far_m[ways - 1])
    if zones.exact:
        ways = np.flatnonzero(doubtful & (far_m <= WAY_M * 2)) + 1
        through[ways] |= _touching(zones, longitudes, latitudes, ways)
    return Screened(found.keys, through)


def _sampled(zones: Zones, found: Found, longitudes: Any, latitudes: Any, ways: Any, far_m: Any) -> Any:
    """Is a place on the way in other zones than both ends?

    A way that leads through a zone `passing_m` deep is in it for twice that, so places that far apart miss none.
    """
    parts = np.ceil(far_m / (zones.passing_m * 2)).astype(np.int64)
    counts = parts - 1
    way = np.repeat(np.arange(len(ways)), counts)
    if not len(way):
        return np.zeros(len(ways), dtype=bool)
    nth = np.arange(len(way)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    end = ways[way]
    fraction = nth / parts[way]
    across = longitudes[end] - longitudes[end - 1]
    across -= 360.0 * np.sign(across) * (np.abs(across) > 180.0)
    longitude = longitudes[end - 1] + across * fraction
    longitude -= 360.0 * np.sign(longitude) * (np.abs(longitude) > 180.0)
    latitude = latitudes[end - 1] + (latitudes[end] - latitudes[end - 1]) * fraction
    keys = zones.find(longitude, latitude).keys
    other = (keys != found.keys[end]) & (keys != found.keys[end - 1])
    return np.bincount(way[other], minlength=len(ways)) > 0


def _touching(zones: Zones, longitudes: Any, latitudes: Any, ways: Any) -> Any:
    """Does a way touch the border of a zone without hysteresis? Those that lead over ±180 are taken to."""
    places = np.stack((longitudes, latitudes), axis=1)
    lines = shapely.linestrings(np.stack((places[ways - 1], places[ways]), axis=1))
    hits = zones.exact_borders.query(lines, predicate="intersects")[0]
    touched = np.abs(longitudes[ways] - longitudes[ways - 1]) > 180.0
    touched[hits] = True
    return touched
