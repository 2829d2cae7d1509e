"""Outlines of circles and corridors from their metres. Pure."""

import numpy as np
import shapely
from shapely import Polygon

from tracker.geofences.globe import EARTH_RADIUS_M, Coordinates, unroll

CIRCLE_POINTS = 128  # the outline lies at most 0.03 % of the radius inside the circle
HIGHEST_LATITUDE = (
    89.0  # nearer to a pole an outline on a plane of degrees says something else than was meant
)
QUARTER_POINTS = 16  # of the round ends and bends of a corridor
SCALE_OFF = 0.002  # how far the length of a degree of longitude may change within one piece of a corridor


class TooNearAPole(Exception):
    """The circle or corridor reaches beyond 89 degrees of latitude."""


def circle(longitude: float, latitude: float, radius_m: float) -> Polygon:
    """The points at that great-circle distance; longitudes may run past 180. Raises TooNearAPole."""
    reach = np.degrees(radius_m / EARTH_RADIUS_M)
    if abs(latitude) + reach > HIGHEST_LATITUDE:
        raise TooNearAPole
    bearing = np.linspace(0, 2 * np.pi, CIRCLE_POINTS, endpoint=False)
    angle, phi = radius_m / EARTH_RADIUS_M, np.radians(latitude)
    sine = np.sin(phi) * np.cos(angle) + np.cos(phi) * np.sin(angle) * np.cos(bearing)
    east = np.arctan2(np.sin(bearing) * np.sin(angle) * np.cos(phi), np.cos(angle) - np.sin(phi) * sine)
    return Polygon(np.column_stack((longitude + np.degrees(east), np.degrees(np.arcsin(sine)))))


def corridor(line: Coordinates, half_m: float) -> list[Polygon]:
    """Everything within `half_m` metres of the line, as one or more polygons; longitudes may run past 180.

    The line is straight in degrees between its points, as a map draws it. It is widened in pieces, each on a plane
    of its own on which metres are true to 0.2 percent. Raises TooNearAPole.
    """
    reach = np.degrees(half_m / EARTH_RADIUS_M)
    if np.abs(line[:, 1]).max() + reach > HIGHEST_LATITUDE:
        raise TooNearAPole
    wide = [_widen(piece, half_m) for piece in _pieces(unroll(line))]
    whole = shapely.union_all(wide) if len(wide) > 1 else wide[0]
    return [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]


def _pieces(line: Coordinates) -> list[Coordinates]:
    """The line in pieces that share their end points, each so low that one scale of longitude serves."""
    tallest = _tallest(float(np.abs(line[:, 1]).max()))
    dense = shapely.get_coordinates(shapely.segmentize(shapely.LineString(line), 4 * tallest))
    pieces, begin, low, high = [], 0, dense[0, 1], dense[0, 1]
    for number in range(1, len(dense)):
        low, high = min(low, dense[number, 1]), max(high, dense[number, 1])
        if high - low > 5 * tallest and number - begin > 1:
            pieces.append(dense[begin:number])
            begin = number - 1
            low, high = sorted((dense[begin, 1], dense[number, 1]))
    pieces.append(dense[begin:])
    return pieces


def _tallest(latitude: float) -> float:
    """Degrees of latitude over which the cosine changes by a fraction of SCALE_OFF, at most half a degree."""
    return min(0.5, float(np.degrees(SCALE_OFF / np.tan(np.radians(max(latitude, 1.0)))) / 5))


def _widen(piece: Coordinates, half_m: float) -> shapely.Geometry:
    middle = (piece[:, 1].min() + piece[:, 1].max()) / 2
    degree = np.radians(1) * EARTH_RADIUS_M
    scale = np.array([degree * np.cos(np.radians(middle)), degree])
    origin = piece[0]
    flat = shapely.buffer(
        shapely.LineString((piece - origin) * scale), half_m, quad_segs=QUARTER_POINTS, join_style="round"
    )
    return shapely.transform(flat, lambda coordinates: coordinates / scale + origin)
