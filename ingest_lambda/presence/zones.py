"""A published set of zones, indexed to be asked for many places at once; and the versions of an environment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from ingest_lambda.presence.border import Border
from ingest_lambda.presence.zone import Zone


class Zones:
    """One version of a set. Never changed; borders are made ready when first asked for."""

    def __init__(self, number: int, effective_us: int, zones: Sequence[Zone]) -> None:
        self.number = number
        self.effective_us = effective_us
        self.zones = tuple(zones)
        self.by_id = {zone.geofence_id: zone for zone in self.zones}
        self._borders: dict[int, Border] = {}
        self._geometries = np.array([zone.geometry for zone in self.zones], dtype=object)
        self._tree = shapely.STRtree(self._geometries)
        self.sets: list[frozenset[int]] = [frozenset()]  # the covering sets met so far, by label
        self._labels: dict[frozenset[int], int] = {self.sets[0]: 0}

    def border(self, geofence_id: int) -> Border:
        """The border of a member. Raises KeyError for another."""
        found = self._borders.get(geofence_id)
        if found is None:
            found = self._borders[geofence_id] = Border(self.by_id[geofence_id])
        return found

    def covering(self, longitude: float, latitude: float) -> frozenset[int]:
        """The geofences a place is in, borders included."""
        return self.sets[int(self.labels(np.array([longitude]), np.array([latitude]))[0])]

    def labels(self, longitudes: Any, latitudes: Any) -> Any:
        """For each place the index in `sets` of the geofences that cover it."""
        found: list[list[int]] = [[] for _ in longitudes]
        pairs = self._tree.query(shapely.points(longitudes, latitudes), predicate="intersects")
        for place, member in zip(*pairs.tolist(), strict=True):
            found[place].append(self.zones[member].geofence_id)
        return np.array([self._label(frozenset(one)) for one in found], dtype=np.int32)

    def _label(self, covering: frozenset[int]) -> int:
        label = self._labels.get(covering)
        if label is None:
            label = self._labels[covering] = len(self.sets)
            self.sets.append(covering)
        return label

    def on_way(self, a: tuple[float, float], b: tuple[float, float]) -> list[int]:
        """The geofences that a straight way touches."""
        lines = [((a[0], a[1]), (b[0], b[1]))]
        if abs(b[0] - a[0]) > 180.0:
            turn = 360.0 if b[0] < a[0] else -360.0
            lines = [((a[0], a[1]), (b[0] + turn, b[1])), ((a[0] - turn, a[1]), (b[0], b[1]))]
        members = self._tree.query(shapely.linestrings(lines), predicate="intersects")[1]
        return sorted({self.zones[member].geofence_id for member in members})


class Versions:
    """The versions of one environment's set, by the time from which they count."""

    def __init__(self, versions: Sequence[Zones]) -> None:
        self.all = sorted(versions, key=lambda one: one.effective_us)
        self._from = [one.effective_us for one in self.all]

    def at(self, at_us: int) -> Zones | None:
        """The version in force then; None before the first."""
        index = bisect_right(self._from, at_us)
        return self.all[index - 1] if index else None

    def numbered(self, number: int) -> Zones | None:
        """That version; None where it is not among these."""
        return next((one for one in self.all if one.number == number), None)

    def since(self, number: int, until: Zones) -> list[Zones]:
        """The versions after `number` up to and with `until`, oldest first."""
        return [one for one in self.all if number < one.number <= until.number]
