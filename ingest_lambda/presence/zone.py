"""One geofence as a version of the set holds it: who it is, where its border is, how sure one must be."""

from __future__ import annotations

from typing import Any, NamedTuple

HOUSE_MARGIN_M = 25.0  # jitter of a parked phone stays within, but for outliers: docs/decisions/0026


class Zone(NamedTuple):
    """A member of a version. `geometry` is a shapely Polygon or MultiPolygon in degrees, valid, cut at ±180."""

    geofence_id: int
    uid: str  # 32 hex digits
    external_id: str | None
    name: str
    geometry: Any
    margin_m: float | None = (
        None  # None: the house's, or the fix's accuracy where that is more; 0: no hysteresis
    )
    dwell_s: int | None = None

    @property
    def exact(self) -> bool:
        """No hysteresis: each fix decides, the border is inside."""
        return self.margin_m == 0


def margin_m(zone: Zone, accuracy_m: float | None) -> float:
    """How far beyond the border a fix must lie to be evidence, in metres."""
    if zone.margin_m is not None:
        return zone.margin_m
    return max(HOUSE_MARGIN_M, accuracy_m or 0.0)
