"""How the grid is made: level by level, which cells a border touches, and which zones the others are in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely

from ingest_lambda.presence.edges import Edges

SIDE = 8
CHILDREN = SIDE * SIDE
SKIN = 1e-6  # of a cell: what is this near to its edge touches both, for a number rounded the other way
_LOCAL_X, _LOCAL_Y = np.tile(np.arange(SIDE), SIDE), np.repeat(np.arange(SIDE), SIDE)


class Frame(NamedTuple):
    """Where cell (0, 0) begins, and how large the smallest cells are, in degrees."""

    west: float
    south: float
    wide: float
    high: float


class Touched(NamedTuple):
    """Cells of one level that a border touches, and the edges in them; `cell` and `edge` are pairs."""

    x: Any
    y: Any
    base: Any  # keys of the zones that cover all of the cell
    cell: Any
    edge: Any


class Sets:
    """Keys and members of the sets of zones met. A key is the sum of its members' random numbers."""

    def __init__(self, count: int) -> None:
        self.random = np.random.default_rng(1).integers(1, 2**63, count, dtype=np.uint64)
        self.members: dict[int, frozenset[int]] = {0: frozenset()}

    def add(self, keys: Any, bases: Any, places: Any, zones: Any) -> None:
        """Know the keys: each of a base and the zones that `places`, positions in `keys`, are in besides."""
        fresh, first = np.unique(keys, return_index=True)
        new = [
            (int(key), int(at)) for key, at in zip(fresh, first, strict=True) if int(key) not in self.members
        ]
        if not new:
            return
        wanted = np.isin(places, [at for _, at in new])
        besides: dict[int, list[int]] = {}
        for at, zone in zip(places[wanted].tolist(), zones[wanted].tolist(), strict=True):
            besides.setdefault(at, []).append(zone)
        for key, at in new:
            self.members[key] = self.members[int(bases[at])].union(besides.get(at, ()))


def root(
    frame: Frame, edges: Edges, unit: int, columns: int, rows: int, geometries: Any, sets: Sets
) -> tuple[Touched, Any]:
    """The first level: its touched cells, and for each cell, row by row, the key of the zones all over it."""
    one = np.zeros(len(edges.of), dtype=np.int64)
    owner, x, y = _touching(frame, edges, np.arange(len(one)), one, one, unit, columns, rows)
    cells, cell = np.unique(y * columns + x, return_inverse=True)
    count = columns * rows
    places = np.arange(count)
    centres = _centres(frame, places % columns, places // columns, unit)
    at, zone = shapely.STRtree(geometries).query(shapely.points(*centres), predicate="intersects")
    barred = np.unique((y * columns + x) * len(geometries) + edges.of[owner])
    free = ~np.isin(at * len(geometries) + zone, barred)
    keys = np.zeros(count, dtype=np.uint64)
    np.add.at(keys, at[free], sets.random[zone[free]])
    sets.add(keys, np.zeros(count, dtype=np.uint64), at[free], zone[free])
    return Touched(cells % columns, cells // columns, keys[cells], cell, owner), keys


def divide(
    frame: Frame, edges: Edges, unit: int, parents: Touched, geometries: Any, sets: Sets
) -> tuple[Touched, Any, Any]:
    """The next level, in cells of `unit`: its touched cells; where they are among the children, 64 a parent; and the
    keys of all children."""
    left, low = parents.x[parents.cell] * SIDE, parents.y[parents.cell] * SIDE
    pair, x, y = _touching(frame, edges, parents.edge, left, low, unit, SIDE, SIDE)
    parent, edge = parents.cell[pair], parents.edge[pair]
    local = (y - left_of(parents.y, parent)) * SIDE + (x - left_of(parents.x, parent))
    cells, cell = np.unique(parent * CHILDREN + local, return_inverse=True)
    keys = _keys(frame, edges, unit, parents, (parent, edge, local), geometries, sets)
    where, within = cells // CHILDREN, cells % CHILDREN
    x, y = parents.x[where] * SIDE + within % SIDE, parents.y[where] * SIDE + within // SIDE
    return Touched(x, y, keys[cells], cell, edge), cells, keys


def left_of(coordinate: Any, parent: Any) -> Any:
    """Of the first child of each pair's parent."""
    return coordinate[parent] * SIDE


def _keys(
    frame: Frame,
    edges: Edges,
    unit: int,
    parents: Touched,
    touched: tuple[Any, Any, Any],
    geometries: Any,
    sets: Sets,
) -> Any:
    """The key of each child: its parent's base, and the zones with a border in the parent but not in the child that
    its middle is in."""
    parent, edge, local = touched
    count = len(geometries)
    pairs = np.unique(parents.cell * count + edges.of[parents.edge])
    free = np.ones((len(pairs), CHILDREN), dtype=bool)
    free[np.searchsorted(pairs, parent * count + edges.of[edge]), local] = False
    which, within = np.nonzero(free)
    owner, zone = pairs[which] // count, pairs[which] % count
    x, y = parents.x[owner] * SIDE + within % SIDE, parents.y[owner] * SIDE + within // SIDE
    inside = shapely.intersects_xy(geometries[zone], *_centres(frame, x, y, unit))
    child = (owner * CHILDREN + within)[inside]
    bases = np.repeat(parents.base, CHILDREN)
    keys = bases.copy()
    np.add.at(keys, child, sets.random[zone[inside]])
    sets.add(keys, bases, child, zone[inside])
    return keys


def _centres(frame: Frame, x: Any, y: Any, unit: int) -> tuple[Any, Any]:
    return (
        frame.west + (x + 0.5) * (frame.wide * unit),
        frame.south + (y + 0.5) * (frame.high * unit),
    )


def _touching(
    frame: Frame, edges: Edges, which: Any, left: Any, low: Any, unit: int, columns: int, rows: int
) -> tuple[Any, Any, Any]:
    """Which cells of the block of `columns` by `rows` from (left, low) each edge touches: (pair, x, y)."""
    wide, high = frame.wide * unit, frame.high * unit
    x0, x1 = (edges.x0[which] - frame.west) / wide, (edges.x1[which] - frame.west) / wide
    y0, y1 = (edges.y0[which] - frame.south) / high, (edges.y1[which] - frame.south) / high
    first_x = np.clip(np.floor(np.minimum(x0, x1) - SKIN).astype(np.int64), left, left + columns - 1)
    last_x = np.clip(np.floor(np.maximum(x0, x1) + SKIN).astype(np.int64), left, left + columns - 1)
    first_y = np.clip(np.floor(np.minimum(y0, y1) - SKIN).astype(np.int64), low, low + rows - 1)
    last_y = np.clip(np.floor(np.maximum(y0, y1) + SKIN).astype(np.int64), low, low + rows - 1)
    across = last_x - first_x + 1
    counts = across * (last_y - first_y + 1)
    pair = np.repeat(np.arange(len(which)), counts)
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
    x, y = first_x[pair] + nth % across[pair], first_y[pair] + nth // across[pair]
    # a line misses a box if the box lies on one side of it, or beside its ends
    dx, dy = (x1 - x0)[pair], (y1 - y0)[pair]
    middle_x, middle_y = x + 0.5, y + 0.5
    reach = (np.abs(dx) + np.abs(dy)) * (0.5 + SKIN) + SKIN
    off = np.abs(dx * (middle_y - y0[pair]) - dy * (middle_x - x0[pair]))
    beside_x = np.abs(middle_x - (x0 + x1)[pair] / 2) <= np.abs(dx) / 2 + 0.5 + SKIN
    beside_y = np.abs(middle_y - (y0 + y1)[pair] / 2) <= np.abs(dy) / 2 + 0.5 + SKIN
    hit = (off <= reach) & beside_x & beside_y
    return pair[hit], x[hit], y[hit]
