"""Rings and lines on a globe that a plane must hold: unrolled across 180 degrees, and cut there. Pure."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

Coordinates = NDArray[np.float64]  # (n, 2): longitude, latitude
EARTH_RADIUS_M = 6_371_008.8  # mean radius of WGS 84 (IUGG), as everywhere in the house
WIDEST = 180.0  # degrees; beyond that "inside" and "outside" can be mistaken for each other


class RoundAPole(Exception):
    """A ring runs all the way round the globe, so a pole lies in it: on a plane it has no inside."""


class TooWide(Exception):
    """It spans more than half the globe."""


def unroll(coordinates: Coordinates) -> Coordinates:
    """The same line with no jump: an edge longer than 180 degrees is read as the short one across 180 degrees.

    Comes back unchanged, to the last bit, where no edge jumps.
    """
    turns = -np.round(np.diff(coordinates[:, 0]) / 360)
    if not turns.any():
        return coordinates
    unrolled = coordinates.copy()
    unrolled[1:, 0] += 360 * np.cumsum(turns)
    return unrolled


def unroll_ring(ring: Coordinates, beside: Coordinates | None = None) -> Coordinates:
    """A closed ring unrolled, on the turn of the globe on which `beside` (its outer ring) lies.

    Raises RoundAPole, TooWide.
    """
    if (np.abs(np.diff(ring[:, 0])) >= 360).any():
        raise TooWide
    unrolled = unroll(ring)
    if abs(unrolled[-1, 0] - unrolled[0, 0]) > 1:
        raise RoundAPole
    west, east = unrolled[:, 0].min(), unrolled[:, 0].max()
    if east - west > WIDEST:
        raise TooWide
    if beside is not None:
        middle = (beside[:, 0].min() + beside[:, 0].max()) / 2
        turn = np.round((middle - (west + east) / 2) / 360)
    else:
        turn = 0.0 if west >= -180 and east <= 180 else -np.floor((west + 180) / 360)
    if turn:
        unrolled = unrolled + np.array([360 * turn, 0.0])
    return unrolled


def cut(polygons: list[Polygon]) -> tuple[MultiPolygon, bool]:
    """The polygons, whose longitudes may run on past 180, within -180 and 180; and whether any was cut."""
    pieces: list[Polygon] = []
    was_cut = False
    for polygon in polygons:
        if polygon.bounds[0] >= -180 and polygon.bounds[2] <= 180:
            pieces.append(polygon)
            continue
        was_cut = True
        for turn in (-1, 0, 1):
            window = shapely.box(360 * turn - 180, -90, 360 * turn + 180, 90)
            inside = shapely.intersection(polygon, window)
            pieces.extend(shapely.transform(part, _shift(-360.0 * turn)) for part in _areas(inside))
    return MultiPolygon(pieces), was_cut


def area_m2(geometry: MultiPolygon) -> float:
    """The area in square metres, on a sphere: in a cylinder of equal area it is that of the plane."""
    return float(shapely.area(shapely.transform(geometry, _equal_area)))


def _equal_area(coordinates: Coordinates) -> Coordinates:
    radians = np.radians(coordinates)
    return np.column_stack((EARTH_RADIUS_M * radians[:, 0], EARTH_RADIUS_M * np.sin(radians[:, 1])))


def _shift(degrees: float):  # type: ignore[no-untyped-def]  # shapely publishes no type for it
    def shifted(coordinates: Coordinates) -> Coordinates:
        moved: Coordinates = coordinates + np.array([degrees, 0.0])
        moved[:, 0] = np.clip(moved[:, 0], -180, 180)
        return moved

    return shifted


def _areas(geometry: shapely.Geometry) -> list[Polygon]:
    """The polygons in whatever an intersection gave; lines and points along the window's edge go."""
    return [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > 0]
