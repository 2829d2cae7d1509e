"""The edges of many zones as flat arrays: what the grid is built of and what margins are reckoned from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely

METRES_A_DEGREE = 111_195.08  # of latitude, on a globe of 6,371,008.8 m (IUGG), as all distances here


class Edges(NamedTuple):
    """Edge i leads from (x0, y0) to (x1, y1) in degrees and belongs to the member `of` of the set."""

    x0: Any
    y0: Any
    x1: Any
    y1: Any
    of: Any

    @classmethod
    def of_all(cls, geometries: Any) -> Edges:
        """Every ring's, holes' too."""
        parts, whole = shapely.get_parts(geometries, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        places, ring = shapely.get_coordinates(rings, return_index=True)
        same = ring[1:] == ring[:-1]
        start, end = places[:-1][same], places[1:][same]
        return cls(
            start[:, 0], start[:, 1], end[:, 0], end[:, 1], whole[part[ring[:-1][same]]].astype(np.int32)
        )

    @property
    def metres(self) -> Any:
        """How long each is."""
        across = (self.x1 - self.x0) * np.cos(np.radians(self.y0))
        return np.hypot(across, self.y1 - self.y0) * METRES_A_DEGREE


def thickness_m(geometries: Any, edges: Edges) -> Any:
    """Half of area / perimeter: a quarter of a circle's radius or a corridor's width, an eighth of a square's."""
    if not len(geometries):
        return np.zeros(0)
    _, south, _, north = shapely.bounds(geometries).T
    area = shapely.area(geometries) * np.cos(np.radians((south + north) / 2)) * METRES_A_DEGREE**2
    around = np.bincount(edges.of, weights=edges.metres, minlength=len(geometries))
    return area / np.where(around > 0, around, 1.0) / 2
