"""`manage.py draw_land`: draws the mask of land anew from the world atlas that set-up brought; for developers."""

import json
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dispatch.intake.land import CELLS, COLUMNS, MASK, ROWS

SOURCE = "world-atlas/countries-10m.json"


class Command(BaseCommand):
    """Every cell that holds land or a coast, or lies beside one, becomes one bit."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Reads Natural Earth's land (public domain), 1:10 million, and writes dispatch/intake/land.bin."""
        source = Path(settings.VENDOR_DIR) / SOURCE
        if not source.is_file():
            raise CommandError(f"{source} is not there: `make run` brings it")
        rings = rings_of(json.loads(source.read_text()))
        mask = np.zeros((ROWS, COLUMNS), dtype=bool)
        crossings: list[list[float]] = [[] for _ in range(ROWS)]
        for ring in rings:
            mark_coast(mask, ring)
            cross(crossings, ring)
        for row, places in enumerate(crossings):
            ends = sorted(places)
            for begin, end in zip(ends[::2], ends[1::2], strict=False):
                mask[row, int(np.ceil(begin - 0.5)) : int(np.floor(end - 0.5)) + 1] = True
        packed = np.packbits(widened(mask), axis=1)
        packed[1:] ^= packed[:-1].copy()  # rows are much alike: what changed packs to a third
        MASK.write_bytes(zlib.compress(packed.tobytes(), 9))
        self.stdout.write(f"{MASK.stat().st_size:,} bytes, {mask.mean():.1%} of the cells hold land")


def widened(mask: Any) -> Any:
    """With every cell beside land: the atlas leaves out piers, small islands, and land won from the sea."""
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    across = wide.copy()
    wide |= np.roll(across, 1, axis=1) | np.roll(across, -1, axis=1)
    return wide


def rings_of(topology: dict[str, Any]) -> list["np.ndarray[Any, np.dtype[np.float64]]"]:
    """Every ring of the land, holes too, in cells: columns from 180° W, rows from the south pole."""
    (scale_x, scale_y), (from_x, from_y) = (topology["transform"][name] for name in ("scale", "translate"))
    arcs = []
    for deltas in topology["arcs"]:
        steps = np.cumsum(np.array(deltas, dtype=float), axis=0)
        longitude, latitude = steps[:, 0] * scale_x + from_x, steps[:, 1] * scale_y + from_y
        arcs.append(np.column_stack([(longitude + 180) * CELLS, (latitude + 90) * CELLS]))
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        for numbers in (ring for polygon in polygons for ring in polygon):
            parts = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
            rings.append(np.concatenate([parts[0], *(part[1:] for part in parts[1:])]))
    return rings


def mark_coast(mask: Any, ring: Any) -> None:
    """Every cell the ring runs through."""
    lengths = np.abs(np.diff(ring, axis=0)).max(axis=1)
    for start, step, length in zip(ring[:-1], np.diff(ring, axis=0), lengths, strict=True):
        along = np.linspace(0, 1, max(2, int(length * 4) + 2))[:, None] * step + start
        columns = np.clip(along[:, 0].astype(int), 0, COLUMNS - 1)
        mask[np.clip(along[:, 1].astype(int), 0, ROWS - 1), columns] = True


def cross(crossings: list[list[float]], ring: Any) -> None:
    """Where the ring crosses the middle line of each row."""
    for (x1, y1), (x2, y2) in pairwise(ring):
        low, high = min(y1, y2), max(y1, y2)
        for row in range(max(0, int(np.ceil(low - 0.5))), min(ROWS - 1, int(np.ceil(high - 0.5)) - 1) + 1):
            middle = row + 0.5
            crossings[row].append(x1 + (middle - y1) / (y2 - y1) * (x2 - x1))
