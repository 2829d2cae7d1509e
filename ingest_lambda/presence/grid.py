"""Which zones cover a place, for thousands of places at once: a tree of cells, each in the same zones all over.

Where no border touches a cell, every place in it is in the same zones, which are found once. Cells that a border
touches are divided 8 by 8, down to `LEAF_M`; in the last ones the zones whose border is there are asked themselves, so
the answer is that of GEOS for every place. A set of zones is known by its key, the sum of its members' random numbers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely

from ingest_lambda.presence import grid_growing
from ingest_lambda.presence.edges import METRES_A_DEGREE, Edges
from ingest_lambda.presence.grid_growing import CHILDREN, SIDE, Frame, Sets, Touched

LEAF_M = 40.0
ROOT_MOST = 16  # cells in a row of the first level
CELLS_MOST = 1_500_000  # larger leaves instead: 10,000 zones must be ready within a second or two
CELLS_A_LEAF = 12  # cells made for each leaf's length of border, about


class Found(NamedTuple):
    """For each place the key of the zones it is in, and the undivided cell it is in, -1 where a border is near."""

    keys: Any
    cells: Any


class Grid:
    """Of one immutable set of geometries."""

    def __init__(self, geometries: Any, edges: Edges) -> None:
        self.geometries = geometries
        self.sets = Sets(len(geometries))
        self._empty = len(geometries) == 0
        if not self._empty:
            shapely.prepare(geometries)
            self._measure(edges)
            self._grow(edges)

    def members(self, key: int) -> frozenset[int]:
        """The positions of the zones that a key stands for."""
        return self.sets.members[key]

    @property
    def nbytes(self) -> int:
        """What the tables take, without the geometries."""
        tables = (self._cells, self._keys, self._leaf_base, self._leaf_from, self._leaf_zone)
        return 0 if self._empty else sum(int(table.nbytes) for table in tables)

    def find(self, longitudes: Any, latitudes: Any) -> Found:
        """Look the places up: arrays of degrees."""
        keys = np.zeros(len(longitudes), dtype=np.uint64)
        cells = np.full(len(longitudes), -1, dtype=np.int64)  # beyond all zones is no cell
        if self._empty:
            return Found(keys, cells)
        x = np.floor((longitudes - self._frame.west) / self._frame.wide).astype(np.int64)
        y = np.floor((latitudes - self._frame.south) / self._frame.high).astype(np.int64)
        shift = 3 * self._levels
        within = (x >= 0) & (y >= 0) & ((x >> shift) < self._columns) & ((y >> shift) < self._rows)
        if within.all():
            return self._descend(longitudes, latitudes, x, y)
        at = np.flatnonzero(within)
        found = self._descend(longitudes[at], latitudes[at], x[at], y[at])
        keys[at], cells[at] = found
        return Found(keys, cells)

    def _descend(self, longitudes: Any, latitudes: Any, x: Any, y: Any) -> Found:
        shift = 3 * self._levels
        cells = (y >> shift) * self._columns + (x >> shift)
        values = self._cells[cells]
        below = np.flatnonzero(values < 0)
        while shift and len(below):
            shift -= 3
            deeper = ((y[below] >> shift) & 7) * SIDE + ((x[below] >> shift) & 7) - values[below] - 1
            cells[below] = deeper
            found = self._cells[deeper]
            values[below] = found
            below = below[found < 0]
        if not len(below):
            return Found(self._keys[values], cells)
        leaves = -values[below] - 1
        values[below] = 0
        keys = self._keys[values]
        keys[below] = self._ask(leaves, longitudes[below], latitudes[below])
        cells[below] = -1
        return Found(keys, cells)

    def _ask(self, leaves: Any, longitudes: Any, latitudes: Any) -> Any:
        """The keys of places in leaves: the zones whose border is there are asked."""
        first = self._leaf_from[leaves]
        counts = self._leaf_from[leaves + 1] - first
        begins = np.cumsum(counts) - counts
        place = np.repeat(np.arange(len(leaves)), counts)
        zone = self._leaf_zone[np.arange(len(place)) + np.repeat(first - begins, counts)]
        inside = shapely.intersects_xy(self.geometries[zone], longitudes[place], latitudes[place])
        bases = self._leaf_base[leaves]
        besides = np.where(inside, self.sets.random[zone], np.uint64(0))
        keys = bases + np.add.reduceat(besides, begins)
        self.sets.add(keys, bases, place[inside], zone[inside])
        return keys

    def _measure(self, edges: Edges) -> None:
        """The frame, and how many levels there are below the first."""
        west, east, south, north = edges.x0.min(), edges.x0.max(), edges.y0.min(), edges.y0.max()
        high = max(LEAF_M, float(edges.metres.sum()) * CELLS_A_LEAF / CELLS_MOST) / METRES_A_DEGREE
        wide = high / float(np.cos(np.radians(min(abs(south + north) / 2, 80.0))))
        self._frame = Frame(west - wide / 2, south - high / 2, wide, high)
        self._levels = 0
        while max((east - west) / wide, (north - south) / high) / SIDE**self._levels > ROOT_MOST:
            self._levels += 1
        unit = SIDE**self._levels
        self._columns = int((east - self._frame.west) / wide / unit) + 1
        self._rows = int((north - self._frame.south) / high / unit) + 1

    def _grow(self, edges: Edges) -> None:
        unit = SIDE**self._levels
        touched, keys = grid_growing.root(
            self._frame, edges, unit, self._columns, self._rows, self.geometries, self.sets
        )
        at = touched.y * self._columns + touched.x
        tables, divided = [keys], [at]
        pointers, size = [], len(keys)
        while unit > 1:
            unit //= SIDE
            pointers.append(size + np.arange(len(at)) * CHILDREN)
            touched, at, keys = grid_growing.divide(
                self._frame, edges, unit, touched, self.geometries, self.sets
            )
            tables.append(keys)
            divided.append(at + size)
            size += len(keys)
        pointers.append(np.arange(len(at)))
        self._keys, values = np.unique(np.concatenate(tables), return_inverse=True)
        self._cells = values.astype(np.int32)
        self._cells[np.concatenate(divided)] = -np.concatenate(pointers) - 1
        self._leave(touched, edges)

    def _leave(self, touched: Touched, edges: Edges) -> None:
        """For each leaf the zones whose border is there."""
        count = len(self.geometries)
        pairs = np.unique(touched.cell * count + edges.of[touched.edge])
        self._leaf_zone = (pairs % count).astype(np.int32)
        self._leaf_from = np.searchsorted(pairs // count, np.arange(len(touched.x) + 1))
        self._leaf_base = touched.base
