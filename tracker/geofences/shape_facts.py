"""A geofence's shape as read and checked, ready to be stored. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapely import MultiPolygon

SMALLEST_M2 = 1.0  # below that no satellite fix tells inside from outside
SMALLEST_RADIUS_M, LARGEST_RADIUS_M = 1.0, 500_000.0
LARGEST_MARGIN_M = 10_000.0
LONGEST_DWELL_S = 31 * 24 * 3600
LONGEST_NAME, LONGEST_EXTERNAL_ID = 200, 200
MOST_VERTICES = 100_000  # of one geofence
MOST_LINE_POINTS = 10_000  # of a corridor: each becomes a piece of outline
MOST_GEOFENCES = 10_000  # of a set


@dataclass(frozen=True)
class Rules:
    """What a geofence is called and what it tells; everything but where it lies."""

    name: str
    margin_m: float | None = None  # None: the house's rule; 0: no hysteresis
    dwell_s: int | None = None  # None: do not tell of stays
    alert_on_enter: bool = False
    alert_on_exit: bool = False
    colour: str = ""  # "#rrggbb"
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Outline:
    """Where a geofence lies: as it was drawn, and as it decides."""

    kind: str  # polygon, circle, corridor
    source: dict[str, Any]  # GeoJSON geometry: Polygon or MultiPolygon, Point, LineString
    radius_m: float | None  # of a circle; of a corridor half its width
    geometry: MultiPolygon  # longitudes within -180 and 180
    area_m2: float
    notes: tuple[str, ...] = ()  # what a person should know of how it was understood


@dataclass(frozen=True)
class NewShape:
    """A whole shape, and the id by which its owner knows the geofence."""

    external_id: str | None
    rules: Rules
    outline: Outline
