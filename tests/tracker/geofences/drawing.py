"""Shapes for tests."""

from typing import Any

from tracker.geofences.shape_facts import NewShape
from tracker.geofences.uploads import read_upload


def polygon(west: float, south: float, size: float = 0.01) -> dict[str, Any]:
    """A square, its sides in degrees."""
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def square_at(west: float, south: float, **properties: Any) -> NewShape:
    upload = read_upload(feature(polygon(west, south), **properties))
    assert upload.faults.kept == []
    return upload.shapes[0]


def a_square(name: str, *, east: int = 0, **properties: Any) -> NewShape:
    """Near Pune; `east` sets it aside of the others."""
    return square_at(73.8 + east * 0.02, 18.5, name=name, **properties)
