"""Geofences as GeoJSON: what it says can be uploaded again and means the same."""

from collections.abc import Iterable
from typing import Any

from tracker.geofences.models import GeofenceShape


def feature_collection(shapes: Iterable[GeofenceShape]) -> dict[str, Any]:
    """The shapes, their geofences loaded, as they were drawn."""
    return {"type": "FeatureCollection", "features": [feature(shape) for shape in shapes]}


def feature(shape: GeofenceShape) -> dict[str, Any]:
    """One shape; facts that are not set are left out."""
    facts = {
        "external_id": shape.geofence.external_id,
        "name": shape.name,
        "radius_m": shape.radius_m if shape.kind == GeofenceShape.Kind.CIRCLE else None,
        "width_m": shape.radius_m * 2
        if shape.radius_m and shape.kind == GeofenceShape.Kind.CORRIDOR
        else None,
        "margin_m": shape.margin_m,
        "dwell_s": shape.dwell_s,
        "alert_on_enter": shape.alert_on_enter or None,
        "alert_on_exit": shape.alert_on_exit or None,
        "colour": shape.colour or None,
        "metadata": shape.metadata or None,
    }
    return {
        "type": "Feature",
        "id": shape.geofence.public_id,
        "properties": {key: value for key, value in facts.items() if value is not None},
        "geometry": shape.source,
    }
