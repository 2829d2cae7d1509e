"""To which hub a place belongs: the one in whose geofence, as published, it lies. A million places a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np
import shapely

from dispatch.fleet.models import Hub
from tracker.geofences.models import GeofenceVersionMember
from tracker.geofences.selectors import latest_version
from tracker.tenants.models import Environment

Place = tuple[float, float]  # longitude, latitude


@dataclass(frozen=True)
class Zone:
    """A hub and its area; of two that hold a place the deeper one has it, then the smaller, then the older."""

    hub_id: int
    depth: int
    area_m2: float
    geometry: bytes  # well-known binary


class Zones:
    """The areas of an environment's hubs, ready to be asked."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        ranked = sorted(zones, key=lambda zone: (-zone.depth, zone.area_m2, zone.hub_id))
        self._hubs = [zone.hub_id for zone in ranked]
        self._tree = shapely.STRtree([shapely.from_wkb(zone.geometry) for zone in ranked])

    def hubs_of(self, places: Sequence[Place]) -> list[int | None]:
        """The hub of each place, None where it lies in none; a place on a border lies inside."""
        found: list[int | None] = [None] * len(places)
        sound = [n for n, (x, y) in enumerate(places) if isfinite(x) and isfinite(y)]
        if not sound or not self._hubs:
            return found
        points = shapely.points(np.array([places[n] for n in sound], dtype=float))
        hits: Any = self._tree.query(points, predicate="intersects")
        best = np.full(len(sound), len(self._hubs), dtype=np.int64)
        np.minimum.at(best, hits[0], hits[1])  # ranked: the lowest number is the one that has it
        for n, rank in zip(sound, best.tolist(), strict=True):
            found[n] = self._hubs[rank] if rank < len(self._hubs) else None
        return found


def hub_for(environment: Environment, places: Sequence[Place]) -> list[int | None]:
    """The hub of each (longitude, latitude), None where no hub's geofence holds it: two small queries in all.

    Retired hubs and hubs without a published geofence have no area. The index is kept for as long as neither the
    published geofences nor the hubs change.
    """
    hubs = Hub.objects.for_environment(environment).filter(retired_at=None)
    rows = list(hubs.order_by("pk").values_list("pk", "parent_id", "geofence_id"))
    version = latest_version(environment.pk)
    if version is None or not any(geofence for _, _, geofence in rows):
        return [None] * len(places)
    return _zones(environment.pk, version.pk, tuple(rows)).hubs_of(places)


@lru_cache(maxsize=64)
def _zones(
    environment_id: int, version_id: int, hubs: tuple[tuple[int, int | None, int | None], ...]
) -> Zones:
    parents = {pk: parent for pk, parent, _ in hubs}
    members = GeofenceVersionMember.objects.for_environment(environment_id).filter(
        version_id=version_id, geofence_id__in=[geofence for _, _, geofence in hubs if geofence is not None]
    )
    shapes = {member.geofence_id: member.shape for member in members.select_related("shape")}
    return Zones(
        [
            Zone(pk, _depth(pk, parents), shapes[geofence].area_m2, bytes(shapes[geofence].geometry.wkb))
            for pk, _, geofence in hubs
            if geofence in shapes
        ]
    )


def _depth(hub_id: int, parents: dict[int, int | None]) -> int:
    depth, here = 0, parents.get(hub_id)
    while here is not None:
        depth, here = depth + 1, parents.get(here)
    return depth
