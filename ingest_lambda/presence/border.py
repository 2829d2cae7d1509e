"""The border of one zone: how far is it, where does a way cross it, how deep does a way pass. No decisions."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, radians
from typing import Any, NamedTuple

import numpy as np
import shapely

from ingest_lambda.presence.edge_cells import Edge, EdgeCells
from ingest_lambda.presence.edges import METRES_A_DEGREE, Edges
from ingest_lambda.presence.zone import Zone, margin_m

BLOCK = 64  # edges that share a bounding box, so that a border of 100,000 vertices is not walked whole
PASSAGE_LEAST_M = 10.0  # a straight line between two fixes is not known better than this
DEPTHS = 9  # places looked at on a way through

Place = tuple[float, float]  # longitude, latitude


class Passage(NamedTuple):
    """Where on a way (0 its start, 1 its end) a zone is entered and left, and the places."""

    entered: float
    left: float
    entered_place: Place
    left_place: Place


class Border:
    """The edges of a zone as arrays. Edges along ±180 are where a shape was cut in two, and no border."""

    def __init__(self, zone: Zone, thickness_m: float) -> None:
        self.zone = zone
        self.thickness_m = thickness_m
        shapely.prepare(zone.geometry)
        edges = Edges.of_all(np.array([zone.geometry], dtype=object))
        real = ~((np.abs(edges.x0) == 180.0) & (edges.x0 == edges.x1))
        self._edges = np.stack(edges[:4])[:, real]
        self._few = EdgeCells(self._edges)
        x0, y0, x1, y1 = self._edges
        starts = np.arange(0, len(x0), BLOCK) if len(x0) else np.zeros(0, dtype=np.intp)
        self._west = np.minimum.reduceat(np.minimum(x0, x1), starts) if len(x0) else x0
        self._east = np.maximum.reduceat(np.maximum(x0, x1), starts) if len(x0) else x0
        self._south = np.minimum.reduceat(np.minimum(y0, y1), starts) if len(x0) else x0
        self._north = np.maximum.reduceat(np.maximum(y0, y1), starts) if len(x0) else x0

    def entering_m(self, accuracy_m: float | None) -> float:
        """How deep inside a fix must lie to be evidence: less in a zone too small to be that deep in."""
        return min(margin_m(self.zone, accuracy_m), self.thickness_m)

    def passing_m(self) -> float:
        """How deep a way between two fixes must lead through."""
        return max(PASSAGE_LEAST_M, self.entering_m(None))

    def covers(self, longitude: float, latitude: float) -> bool:
        """Inside, or on the border."""
        return bool(shapely.intersects_xy(self.zone.geometry, longitude, latitude))

    def nearer_than(self, metres: float, longitude: float, latitude: float) -> bool:
        """Is the border within `metres`?"""
        high = metres / METRES_A_DEGREE
        scale = max(cos(radians(latitude)), 1e-9)
        wide = high / scale
        few = self._few.touching(longitude - wide, latitude - high, longitude + wide, latitude + high)
        if few is None:
            return self._distance_m(longitude, latitude, metres) <= metres
        bound = high * high
        for x0, y0, x1, y1 in few:
            x, y, dx, dy = (x0 - longitude) * scale, y0 - latitude, (x1 - x0) * scale, y1 - y0
            length = dx * dx + dy * dy
            along = -(x * dx + y * dy) / length if length else 0.0
            along = 0.0 if along < 0.0 else 1.0 if along > 1.0 else along
            x, y = x + along * dx, y + along * dy
            if x * x + y * y <= bound:
                return True
        return False

    def _distance_m(self, longitude: float, latitude: float, within_m: float) -> float:
        """To the nearest edge on the ground, infinite where all are farther than `within_m`."""
        high = within_m / METRES_A_DEGREE
        wide = high / max(cos(radians(latitude)), 1e-9)
        edges = self._near(longitude - wide, latitude - high, longitude + wide, latitude + high)
        if edges is None:
            return float("inf")
        scale = cos(radians(latitude))
        x0, y0 = (edges[0] - longitude) * scale, edges[1] - latitude
        dx, dy = (edges[2] - edges[0]) * scale, edges[3] - edges[1]
        length = dx * dx + dy * dy
        along = np.clip(-(x0 * dx + y0 * dy) / np.where(length > 0, length, 1.0), 0.0, 1.0)
        x, y = x0 + along * dx, y0 + along * dy
        return float(np.sqrt((x * x + y * y).min())) * METRES_A_DEGREE

    def _near(self, west: float, south: float, east: float, north: float) -> Any:
        """The edges of the blocks that a box touches, None where there are none."""
        touched = (
            (self._west <= east) & (self._east >= west) & (self._south <= north) & (self._north >= south)
        )
        if len(touched) <= 1:
            return self._edges if touched.any() else None
        blocks = np.flatnonzero(touched)
        if not len(blocks):
            return None
        rows = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
        return self._edges[:, rows[rows < self._edges.shape[1]]]

    def cuts(self, a: Place, b: Place) -> list[float]:
        """Where the straight way from `a` to `b` meets the border: fractions of the way, in order."""
        ax, bx = a[0], b[0]
        if abs(bx - ax) <= 180.0:
            return sorted(self._cuts(ax, a[1], bx, b[1]))
        turn = 360.0 if bx < ax else -360.0  # the short way round leads over ±180: look at it from both sides
        found = self._cuts(ax, a[1], bx + turn, b[1]) + self._cuts(ax - turn, a[1], bx, b[1])
        return sorted(found)

    def _cuts(self, ax: float, ay: float, bx: float, by: float) -> list[float]:
        box = min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
        few = self._few.touching(*box)
        if few is not None:
            return list({cut for edge in few if (cut := _cut(edge, ax, ay, bx - ax, by - ay)) is not None})
        edges = self._near(*box)
        if edges is None:
            return []
        x0, y0 = edges[0] - ax, edges[1] - ay
        ex, ey = edges[2] - edges[0], edges[3] - edges[1]
        dx, dy = bx - ax, by - ay
        cross = dx * ey - dy * ex
        safe = np.where(cross != 0, cross, 1.0)
        along, on = (x0 * ey - y0 * ex) / safe, (x0 * dy - y0 * dx) / safe
        hit = (cross != 0) & (along >= 0) & (along <= 1) & (on >= 0) & (on <= 1)
        return [float(one) for one in np.unique(along[hit])]

    def crossed(self, a: Place, b: Place) -> float:
        """The last place on the way where the border is; 1, the end, where none is found."""
        cuts = self.cuts(a, b)
        return cuts[-1] if cuts else 1.0

    def passage(self, a: Place, b: Place) -> Passage | None:
        """The first stretch of the way that leads through deep enough; of an exact zone any stretch is."""
        cuts = self.cuts(a, b)
        for begin, end in pairwise(cuts):
            if self.covers(*between(a, b, (begin + end) / 2)) and self._deep(a, b, begin, end):
                return Passage(begin, end, between(a, b, begin), between(a, b, end))
        return None

    def _deep(self, a: Place, b: Place, begin: float, end: float) -> bool:
        if self.zone.exact:
            return True
        steps = [begin + (end - begin) * step / (DEPTHS + 1) for step in range(1, DEPTHS + 1)]
        return any(not self.nearer_than(self.passing_m(), *between(a, b, step)) for step in steps)


def _cut(edge: Edge, ax: float, ay: float, dx: float, dy: float) -> float | None:
    """Where a way of (dx, dy) from (ax, ay) meets an edge: a fraction of the way."""
    x0, y0, ex, ey = edge[0] - ax, edge[1] - ay, edge[2] - edge[0], edge[3] - edge[1]
    cross = dx * ey - dy * ex
    if cross == 0.0:
        return None
    along, on = (x0 * ey - y0 * ex) / cross, (x0 * dy - y0 * dx) / cross
    return along if 0.0 <= along <= 1.0 and 0.0 <= on <= 1.0 else None


def between(a: Place, b: Place, fraction: float) -> Place:
    """The place that far along the straight way, which takes the short way round at ±180."""
    across = b[0] - a[0]
    if abs(across) > 180.0:
        across -= 360.0 if across > 0 else -360.0
    longitude = a[0] + across * fraction
    if abs(longitude) > 180.0:
        longitude -= 360.0 if longitude > 0 else -360.0
    return longitude, a[1] + (b[1] - a[1]) * fraction


def apart_m(a: Place, b: Place) -> float:
    """Metres between two places that are near each other."""
    across = abs(b[0] - a[0])
    across = min(across, 360.0 - across) * cos(radians((a[1] + b[1]) / 2))
    return hypot(across, b[1] - a[1]) * METRES_A_DEGREE
