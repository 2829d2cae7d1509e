"""Whether rings make an area (OGC Simple Features), and if not, at which vertex they fail. Pure."""

import re

import numpy as np
import shapely
from shapely import Polygon

from tracker.geofences.faults import Faults, Where
from tracker.geofences.globe import Coordinates

Rings = list[tuple[Where, Coordinates]]  # of one polygon, the outer one first
REASON = re.compile(r"^(?P<what>[^\[]+)\[(?P<x>\S+) (?P<y>\S+?)\]$")


def valid_polygon(rings: Rings, faults: Faults) -> Polygon | None:
    """The polygon of closed rings, or None with a fault for each ring that fails, or else for the whole."""
    sound = True
    for where, ring in rings:
        failed = _failure(Polygon(ring))
        if failed is not None:
            sound = False
            _tell(failed, [(where, ring)], faults)
    if not sound:
        return None
    polygon = Polygon(rings[0][1], [ring for _, ring in rings[1:]])
    failed = _failure(polygon) if len(rings) > 1 else None
    if failed is not None:
        _tell(failed, rings, faults)
        return None
    return polygon


def valid_together(whole: shapely.MultiPolygon, parts: list[Rings], faults: Faults) -> bool:
    """Whether the polygons of one geofence neither overlap nor share a stretch of border."""
    failed = _failure(whole) if len(parts) > 1 else None
    if failed is not None:
        _, place = failed
        rings = [ring for part in parts for ring in part]
        beside = _nearest(place, rings, count=4, within=1e-9)
        touched = sorted({where.part for where, _ in beside if where.part is not None})
        which = f"Polygons {touched[0]} and {touched[1]}" if len(touched) > 1 else "Its polygons"
        where = _where(place, rings)
        sentence = f"{which} of this MultiPolygon overlap or share a border here. Draw them as one polygon."
        faults.add(where, "parts_overlap", sentence, place)
    return failed is None


def _failure(geometry: shapely.Geometry) -> tuple[str, tuple[float, float]] | None:
    """(what is wrong, where) in the geometry library's words; None where nothing is."""
    said = str(shapely.is_valid_reason(geometry))
    if said == "Valid Geometry":
        return None
    match = REASON.match(said)
    if match is None:
        return said, tuple(shapely.get_coordinates(geometry)[0])
    return match["what"], (float(match["x"]), float(match["y"]))


def _tell(failed: tuple[str, tuple[float, float]], rings: Rings, faults: Faults) -> None:
    what, place = failed
    where = _where(place, rings)
    number = where.ring or 0
    if what == "Self-intersection":
        code, sentence = "self_intersection", _crossing(place, rings)
    elif what == "Ring Self-intersection":
        code = "ring_touches_itself"
        sentence = f"{_ring(number)} touches itself at vertex {where.vertex}: it passes this place twice."
    elif what == "Hole lies outside shell":
        code, sentence = "hole_outside", f"{_ring(number)} is a hole, and lies outside the outer ring."
    elif what == "Holes are nested":
        code, sentence = "holes_nested", f"{_ring(number)} is a hole inside another hole."
    elif what == "Interior is disconnected":
        code = "interior_cut"
        sentence = "The rings touch so that they cut the area in two here. Draw it as two polygons."
    elif what == "Too few points in geometry component":
        code = "no_area"
        sentence = f"{_ring(number)} has fewer than three different vertices, so it encloses nothing."
    else:
        code, sentence = "invalid_area", f"{_ring(number)} encloses no proper area: {what.lower()}."
    faults.add(where, code, sentence, place)


def _crossing(place: tuple[float, float], rings: Rings) -> str:
    found = _nearest(place, rings, count=2, within=np.inf)
    edges = [f"the edge from vertex {where.vertex} to {(where.vertex or 0) + 1}" for where, _ in found]
    numbers = [where.ring or 0 for where, _ in found]
    if len(found) < 2:
        return f"{_ring(numbers[0] if numbers else 0)} crosses itself here."
    if numbers[0] == numbers[1]:
        return f"{_ring(numbers[0])} crosses itself: {edges[0]} meets {edges[1]}."
    return f"{edges[0].capitalize()} of {_ring(numbers[0]).lower()} meets {edges[1]} of {_ring(numbers[1]).lower()}."


def _ring(number: int) -> str:
    return "The outer ring" if number == 0 else f"Ring {number}"


def _where(place: tuple[float, float], rings: Rings) -> Where:
    """The vertex at the place, or the one at which the edge through it begins."""
    found = _nearest(place, rings, count=1, within=np.inf)
    return found[0][0] if found else rings[0][0]


def _nearest(
    place: tuple[float, float], rings: Rings, *, count: int, within: float
) -> list[tuple[Where, float]]:
    """The edges nearest to the place, each named by its first vertex; the place may be a turn of the globe away."""
    begin = np.concatenate([ring[:-1] for _, ring in rings])
    along = np.concatenate([np.diff(ring, axis=0) for _, ring in rings])
    sizes = np.array([len(ring) - 1 for _, ring in rings])
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)  # of the ring each edge belongs to
    owner = np.repeat(np.arange(len(rings)), sizes)
    turns = [_distances(begin, along, place[0] + turn, place[1]) for turn in (0, 360, -360)]
    distance = np.minimum.reduce(turns)
    found = []
    for edge in np.argsort(distance, kind="stable")[: 2 * count + 2]:
        vertex = int(edge - first[edge])
        before = edge - 1 if vertex else edge + sizes[owner[edge]] - 1
        # of the two edges that meet at a vertex, the one that begins there stands for it
        ends_here = distance[before] <= distance[edge] + 1e-15 and not _begins_at(begin[edge], place)
        found.append((round(float(distance[edge]), 13), bool(ends_here), int(edge)))
    found.sort()
    best = [(rings[owner[edge]][0].at_vertex(edge - int(first[edge])), far) for far, _, edge in found[:count]]
    return [(where, far) for where, far in best if far <= within]


def _begins_at(vertex: Coordinates, place: tuple[float, float]) -> bool:
    return bool(np.hypot(vertex[0] - place[0], vertex[1] - place[1]) < 1e-12)


def _distances(begin: Coordinates, along: Coordinates, x: float, y: float) -> Coordinates:
    """From the place to each edge, in degrees."""
    square = (along * along).sum(axis=1)
    gap = np.array([x, y]) - begin
    share = (gap * along).sum(axis=1) / np.where(square > 0, square, 1.0)
    nearest = along * np.clip(share, 0, 1)[:, None]
    x_off, y_off = (gap - nearest).T
    far: Coordinates = np.hypot(x_off, y_off)
    return far
