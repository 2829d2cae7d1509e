"""The edges of one border by square cells, for looking at a few of them without waking numpy."""

from __future__ import annotations

from math import cos, floor, radians
from typing import Any

from ingest_lambda.presence.edges import METRES_A_DEGREE

CELL_LEAST_M = 100.0
CELLS_MOST = 48  # of a box; where it has more, arrays are faster

Edge = tuple[float, float, float, float]  # x0, y0, x1, y1 in degrees


class EdgeCells:
    """A dict from cell to edges; edges that would be in very many cells are in all."""

    def __init__(self, edges: Any) -> None:
        rows: list[Edge] = [tuple(edge) for edge in edges.T.tolist()]
        x0, y0, x1, y1 = edges
        middle = float((y0.min() + y0.max()) / 2) if rows else 0.0
        mean = float((abs(x1 - x0) + abs(y1 - y0)).mean()) if rows else 0.0
        self._high = max(CELL_LEAST_M / METRES_A_DEGREE, mean)
        self._wide = self._high / max(cos(radians(middle)), 0.05)
        self._cells: dict[tuple[int, int], list[Edge]] = {}
        self._long: list[Edge] = []
        for edge in rows:
            self._put(edge)

    def touching(self, west: float, south: float, east: float, north: float) -> list[Edge] | None:
        """The edges near a box, some of them twice; None where it is too large to look at cell by cell."""
        left, right = floor(west / self._wide), floor(east / self._wide)
        low, high = floor(south / self._high), floor(north / self._high)
        if left == right and low == high:
            only = self._cells.get((left, low))
            return self._long if only is None else self._long + only if self._long else only
        if (right - left + 1) * (high - low + 1) > CELLS_MOST:
            return None
        found = self._long
        for x in range(left, right + 1):
            for y in range(low, high + 1):
                edges = self._cells.get((x, y))
                if edges is not None:
                    found = found + edges if found else edges
        return found

    def _put(self, edge: Edge) -> None:
        left, right = sorted((floor(edge[0] / self._wide), floor(edge[2] / self._wide)))
        low, high = sorted((floor(edge[1] / self._high), floor(edge[3] / self._high)))
        if (right - left + 1) * (high - low + 1) > CELLS_MOST:
            self._long.append(edge)
            return
        for x in range(left, right + 1):
            for y in range(low, high + 1):
                self._cells.setdefault((x, y), []).append(edge)
