"""A published set of zones, indexed to be asked for many places at once; and the versions of an environment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from ingest_lambda.presence.border import PASSAGE_LEAST_M, Border
from ingest_lambda.presence.edges import Edges, thickness_m
from ingest_lambda.presence.grid import Found, Grid
from ingest_lambda.presence.zone import HOUSE_MARGIN_M, Zone


class Zones:
    """One version of a set. Never changed; borders are made ready when first asked for."""

    def __init__(self, number: int, effective_us: int, zones: Sequence[Zone]) -> None:
        self.number = number
        self.effective_us = effective_us
        self.zones = tuple(zones)
        self.by_id = {zone.geofence_id: zone for zone in self.zones}
        geometries = np.array([zone.geometry for zone in self.zones], dtype=object)
        edges = Edges.of_all(geometries)
        self._thickness_m = thickness_m(geometries, edges)
        self.passing_m = self._shallowest_m()
        self.grid = Grid(geometries, edges)
        self._position = {zone.geofence_id: position for position, zone in enumerate(self.zones)}
        self._tree = shapely.STRtree(geometries)
        lines = [zone.geometry.boundary for zone in self.zones if zone.exact]
        self.exact_borders = shapely.STRtree(np.array(lines, dtype=object))
        self._borders: dict[int, Border] = {}
        self.exact = len(lines) > 0  # is there a zone without hysteresis?
        self._covering: dict[int, frozenset[int]] = {}

    def border(self, geofence_id: int) -> Border:
        """The border of a member. Raises KeyError for another."""
        found = self._borders.get(geofence_id)
        if found is None:
            thick_m = float(self._thickness_m[self._position[geofence_id]])
            found = self._borders[geofence_id] = Border(self.by_id[geofence_id], thick_m)
        return found

    def find(self, longitudes: Any, latitudes: Any) -> Found:
        """Keys of the sets of geofences that cover the places, borders included."""
        return self.grid.find(longitudes, latitudes)

    def covered_by(self, key: int) -> frozenset[int]:
        """The geofences that a key found here stands for."""
        found = self._covering.get(key)
        if found is None:
            members = self.grid.members(key)
            found = self._covering[key] = frozenset(self.zones[one].geofence_id for one in members)
        return found

    def covering(self, longitude: float, latitude: float) -> frozenset[int]:
        """The geofences a place is in, borders included."""
        return self.covered_by(int(self.find(np.array([longitude]), np.array([latitude])).keys[0]))

    def on_way(self, a: tuple[float, float], b: tuple[float, float]) -> list[int]:
        """The geofences that the straight way between two places touches."""
        lines = [(a, b)]
        if abs(b[0] - a[0]) > 180.0:  # the short way round leads over ±180: look at it from both sides
            turn = 360.0 if b[0] < a[0] else -360.0
            lines = [(a, (b[0] + turn, b[1])), ((a[0] - turn, a[1]), b)]
        members = self._tree.query(shapely.linestrings(lines), predicate="intersects")[1]
        return sorted({self.zones[member].geofence_id for member in members.tolist()})

    def _shallowest_m(self) -> float:
        """How deep a way must lead through the zone that asks least; the rule of `Border.passing_m`."""
        deep = [
            min(HOUSE_MARGIN_M if zone.margin_m is None else zone.margin_m, float(thick))
            for zone, thick in zip(self.zones, self._thickness_m, strict=True)
        ]
        return max(PASSAGE_LEAST_M, min(deep, default=HOUSE_MARGIN_M))


class Versions:
    """The versions of one environment's set, by the time from which they count."""

    def __init__(self, versions: Sequence[Zones]) -> None:
        self.all = sorted(versions, key=lambda one: one.effective_us)
        self.effective_us = [one.effective_us for one in self.all]

    def at(self, at_us: int) -> Zones | None:
        """The version in force then; None before the first."""
        index = bisect_right(self.effective_us, at_us)
        return self.all[index - 1] if index else None

    def numbered(self, number: int) -> Zones | None:
        """That version; None where it is not among these."""
        return next((one for one in self.all if one.number == number), None)

    def since(self, number: int, until: Zones) -> list[Zones]:
        """The versions after `number` up to and with `until`, oldest first."""
        return [one for one in self.all if number < one.number <= until.number]
