"""Borders as the console's maps draw them: simplified and rounded by the database, a thousandth of the exact ones."""

from collections.abc import Iterable
from typing import Any

import msgspec
from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db.models import Func

from tracker.geofences.models import Geofence, GeofenceShape
from tracker.geofences.selectors import (
    difference,
    geofences_known,
    published_of,
    state_of,
    unpublished,
    with_published,
)

FINE_DEGREES, COARSE_DEGREES = 0.000005, 0.0001  # half a metre; ten metres where there are very many
MANY = 2000
DIGITS = 6


def borders_of(environment_id: int) -> str:
    """A FeatureCollection: of each geofence its draft, and what is published where that is another shape."""
    geofences = with_published(environment_id, geofences_known(environment_id).order_by("pk"))
    wanted: list[tuple[GeofenceShape, dict[str, Any]]] = []
    for geofence in geofences:
        draft, published = geofence.draft, published_of(geofence)
        state = state_of(geofence)
        if draft is not None:
            wanted.append((draft, _facts(geofence, draft, state) | {"of": "draft"}))
        if published is not None and state in {"changed", "retiring"}:
            wanted.append((published, _facts(geofence, published, state) | {"of": "published"}))
    return _collection(environment_id, wanted)


def difference_borders(environment_id: int, number: int | None, against: int | None) -> str:
    """A FeatureCollection of what version `number` changed; None: of what a publish would. `became` says what."""
    found = unpublished(environment_id) if number is None else difference(environment_id, number, against)
    wanted: list[tuple[GeofenceShape, dict[str, Any]]] = []
    if found is not None:
        wanted += [(shape, _became(shape, "removed")) for shape in found.removed]
        wanted += [(change.before, _became(change.before, "before")) for change in found.changed]
        wanted += [(change.after, _became(change.after, "changed")) for change in found.changed]
        wanted += [(shape, _became(shape, "added")) for shape in found.added]
    return _collection(environment_id, wanted)


def _collection(environment_id: int, wanted: list[tuple[GeofenceShape, dict[str, Any]]]) -> str:
    texts = _texts(environment_id, [shape.pk for shape, _ in wanted])
    features = [
        {"type": "Feature", "properties": facts, "geometry": msgspec.Raw(texts[shape.pk].encode())}
        for shape, facts in wanted
        if shape.pk in texts
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features}).decode()


def _texts(environment_id: int, ids: Iterable[int]) -> dict[int, str]:
    """GeoJSON of the geometries by shape."""
    ids = list(ids)
    tolerance = COARSE_DEGREES if len(ids) > MANY else FINE_DEGREES
    simple = Func(
        "geometry", tolerance, function="ST_SimplifyPreserveTopology", output_field=GeometryField(srid=4326)
    )
    rows = GeofenceShape.objects.for_environment(environment_id).filter(pk__in=ids)
    return dict(rows.values_list("pk", AsGeoJSON(simple, precision=DIGITS)))


def _facts(geofence: Geofence, shape: GeofenceShape, state: str) -> dict[str, Any]:
    return {
        "id": geofence.public_id,
        "external_id": geofence.external_id or "",
        "name": shape.name,
        "kind": shape.kind,
        "state": state,
        "colour": shape.colour,
    }


def _became(shape: GeofenceShape, became: str) -> dict[str, Any]:
    return {"id": shape.geofence.public_id, "name": shape.name, "became": became}
