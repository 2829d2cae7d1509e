"""From a GeoJSON geometry to an outline that decides: polygon, circle, corridor; or the faults it has. Pure."""

from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon

from tracker.geofences import globe, measured
from tracker.geofences.faults import Faults, Where
from tracker.geofences.positions import line_of, position_of, ring_of
from tracker.geofences.shape_facts import MOST_LINE_POINTS, MOST_VERTICES, SMALLEST_M2, Outline
from tracker.geofences.tangle import Effort
from tracker.geofences.validity import Rings, valid_polygon, valid_together

KINDS = {"Polygon": "polygon", "MultiPolygon": "polygon", "Point": "circle", "LineString": "corridor"}
LONGEST_CORRIDOR_M = 5_000_000.0
HIGHEST_CORRIDOR = 85.0
MOST_LINE_PAIRS = 100_000  # a scribble that crosses itself more often than this is no route
CUT = "It crosses the 180th meridian and was cut there into parts."
NEAR_POLE = "It comes too near a pole to be drawn on a map of degrees."


def polygon_outline(geometry: dict[str, Any], where: Where, faults: Faults, effort: Effort) -> Outline | None:
    """Of a Polygon or MultiPolygon; `where` is that of its `coordinates`."""
    before = faults.count
    coordinates = geometry.get("coordinates")
    parts = _parts(geometry["type"], coordinates, where, faults)
    if faults.count > before or not _bearable(parts, where, faults, effort):
        return None
    unrolled = [_unrolled(part, faults) for part in parts]
    if faults.count > before:
        return None
    polygons = [valid_polygon(part, faults) for part in unrolled]
    sound = [polygon for polygon in polygons if polygon is not None]
    if len(sound) < len(polygons):
        return None
    whole, was_cut = globe.cut(sound)
    if not valid_together(whole, unrolled, faults):
        return None
    return _outline("polygon", geometry, None, whole, was_cut, where, faults)


def circle_outline(geometry: dict[str, Any], radius_m: float, where: Where, faults: Faults) -> Outline | None:
    """Of a Point and its radius."""
    centre = position_of(geometry.get("coordinates"), where, faults)
    if centre is None:
        return None
    try:
        polygon = measured.circle(*centre, radius_m)
    except measured.TooNearAPole:
        faults.add(where, "near_pole", NEAR_POLE, centre)
        return None
    whole, was_cut = globe.cut([_on_first_turn(polygon)])
    return _outline("circle", geometry, radius_m, whole, was_cut, where, faults)


def corridor_outline(
    geometry: dict[str, Any], half_m: float, where: Where, faults: Faults, effort: Effort
) -> Outline | None:
    """Of a LineString and half its width."""
    line = line_of(geometry.get("coordinates"), where, faults)
    if line is None:
        return None
    if len(line) > MOST_LINE_POINTS or not effort.bears([line], most=MOST_LINE_PAIRS):
        sentence = f"The line has more than {MOST_LINE_POINTS:,} points, or crosses itself all over."
        faults.add(where, "too_many_vertices", sentence, tuple(line[0]))
        return None
    unrolled = globe.unroll(line)
    if np.ptp(unrolled[:, 0]) > globe.WIDEST or _length_m(unrolled) > LONGEST_CORRIDOR_M:
        sentence = f"The line is longer than {LONGEST_CORRIDOR_M / 1000:,.0f} km."
        faults.add(where, "too_wide", sentence, tuple(line[0]))
        return None
    try:
        if np.abs(line[:, 1]).max() > HIGHEST_CORRIDOR:
            raise measured.TooNearAPole
        polygons = measured.corridor(line, half_m)
    except measured.TooNearAPole:
        faults.add(where, "near_pole", NEAR_POLE, tuple(line[0]))
        return None
    whole, was_cut = globe.cut([_on_first_turn(polygon) for polygon in polygons])
    return _outline("corridor", geometry, half_m, whole, was_cut, where, faults)


def _outline(
    kind: str,
    geometry: dict[str, Any],
    radius_m: float | None,
    whole: MultiPolygon,
    was_cut: bool,
    where: Where,
    faults: Faults,
) -> Outline | None:
    area = globe.area_m2(whole)
    if area < SMALLEST_M2:
        place = shapely.get_coordinates(whole)[0] if not whole.is_empty else None
        sentence = f"Its area is {area:.2g} m², less than any fix can tell: {SMALLEST_M2:g} m² is the least."
        faults.add(where, "no_area", sentence, None if place is None else tuple(place))
        return None
    source = {"type": geometry["type"], "coordinates": geometry["coordinates"]}
    return Outline(kind, source, radius_m, whole, area, (CUT,) if was_cut else ())


def _parts(type_: str, coordinates: Any, where: Where, faults: Faults) -> list[Rings]:
    """The closed rings of each polygon, longitudes as given."""
    given = [(where, coordinates)]
    if type_ == "MultiPolygon":
        if not isinstance(coordinates, list):
            faults.add(
                where,
                "invalid_coordinates",
                "The coordinates of a MultiPolygon must be an array of polygons.",
            )
            return []
        given = [(where.in_part(number), part) for number, part in enumerate(coordinates)]
    if not given:
        faults.add(where, "no_area", "The coordinates are empty: there is no area.")
    found, vertices = [], 0
    for at, part in given:
        if not isinstance(part, list):
            faults.add(at, "invalid_coordinates", "The coordinates of a polygon must be an array of rings.")
            continue
        if not part:
            faults.add(at, "no_area", "The coordinates are empty: there is no area.")
        vertices += sum(len(ring) for ring in part if isinstance(ring, list))
        if vertices > MOST_VERTICES:
            faults.add(at, "too_many_vertices", f"It has more than {MOST_VERTICES:,} vertices. Simplify it.")
            return []
        holes = [(n, ring) for n, ring in enumerate(part) if n == 0 or ring != []]  # an empty hole is none
        rings = [(at.in_ring(n), ring_of(ring, at.in_ring(n), faults)) for n, ring in holes]
        found.append([(ring_at, ring) for ring_at, ring in rings if ring is not None])
    return found


def _bearable(parts: list[Rings], where: Where, faults: Faults, effort: Effort) -> bool:
    lines = [ring for part in parts for _, ring in part]
    if effort.bears(lines):
        return True
    sentence = "Its edges lie so densely over each other that checking it would take minutes. Simplify it."
    faults.add(where, "too_tangled", sentence, tuple(lines[0][0]))
    return False


def _unrolled(part: Rings, faults: Faults) -> Rings:
    found: Rings = []
    for where, ring in part:
        try:
            beside = found[0][1] if found else None
            found.append((where, globe.unroll_ring(ring, beside)))
        except globe.RoundAPole:
            sentence = "The ring runs all the way round a pole, so on a map it has no inside. Split it."
            faults.add(where, "round_a_pole", sentence, tuple(ring[0]))
        except globe.TooWide:
            sentence = (
                "It spans more than half the globe, so inside and outside cannot be told apart. Split it."
            )
            faults.add(where, "too_wide", sentence, tuple(ring[0]))
    return found


def _on_first_turn(polygon: shapely.Polygon) -> shapely.Polygon:
    """The polygon with its western end within -180 and 180."""
    turn = np.floor((polygon.bounds[0] + 180) / 360)
    if not turn or (polygon.bounds[0] >= -180 and polygon.bounds[2] <= 180):
        return polygon
    return shapely.transform(polygon, lambda coordinates: coordinates - np.array([360 * turn, 0.0]))


def _length_m(line: globe.Coordinates) -> float:
    steps = np.radians(np.diff(line, axis=0)) * globe.EARTH_RADIUS_M
    middle = np.radians((line[:-1, 1] + line[1:, 1]) / 2)
    return float(np.hypot(steps[:, 0] * np.cos(middle), steps[:, 1]).sum())
