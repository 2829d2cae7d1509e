"""A whole upload: GeoJSON of one geofence or many becomes shapes, and every fault is told with its place. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tracker.geofences.attributes import external_id_in, radius_in, rules_in
from tracker.geofences.faults import Faults, Where
from tracker.geofences.outlines import KINDS, circle_outline, corridor_outline, polygon_outline
from tracker.geofences.shape_facts import MOST_GEOFENCES, NewShape, Outline
from tracker.geofences.tangle import Effort

DEGREES = {"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326", "CRS84", "OGC:CRS84"}
FOREIGN = {
    "FeatureCollection": {"coordinates", "geometries", "geometry", "properties"},
    "Feature": {"features", "coordinates", "geometries"},
}  # RFC 7946, section 7.1: members that would say it is something else


@dataclass
class Upload:
    """What was understood. It may be stored as a whole only where `faults` is empty."""

    shapes: list[NewShape] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    features: int = 0
    effort: Effort = field(default_factory=Effort)
    ids: set[str] = field(default_factory=set)  # external ids met so far


def read_upload(document: Any) -> Upload:
    """A FeatureCollection, a Feature or a bare geometry, as decoded from JSON. Never raises for its content."""
    upload = Upload()
    where = Where()
    faults = upload.faults
    if not isinstance(document, dict):
        faults.add(
            where, "not_geojson", "The file must be a GeoJSON object: a FeatureCollection or a Feature."
        )
        return upload
    if not _in_degrees(document, where, faults) or not _sound_members(document, where, faults):
        return upload
    if document.get("type") != "FeatureCollection":
        upload.features = 1
        _take(upload, document, where)
        return upload
    features = document.get("features")
    if not isinstance(features, list):
        faults.add(where.member("features"), "not_geojson", "A FeatureCollection needs an array `features`.")
    elif len(features) > MOST_GEOFENCES:
        sentence = f"There are {len(features):,} features; a set may hold {MOST_GEOFENCES:,}."
        faults.add(where.member("features"), "too_many_features", sentence)
    elif not features:
        faults.add(where.member("features"), "not_geojson", "There are no features in it.")
    else:
        upload.features = len(features)
        for number, feature in enumerate(features):
            _take(upload, feature, where.in_feature(number))
    return upload


def read_geometry(
    geometry: Any,
    properties: Mapping[str, Any],
    where: Where,
    faults: Faults,
    effort: Effort,
    *,
    at: str = "geometry",
    beside: str = "properties",
) -> Outline | None:
    """The outline of a geometry; `at` is the member of `where` it stands in, `beside` that of its properties.

    Each is empty where it is `where` itself.
    """
    here = where.member(at) if at else where
    if not isinstance(geometry, dict):
        said = "There is no geometry." if geometry is None else "The geometry must be an object."
        faults.add(here, "no_geometry", said)
        return None
    type_ = geometry.get("type")
    if not isinstance(type_, str) or type_ not in KINDS:
        faults.add(here.member("type"), "wrong_geometry", _wrong_type(type_))
        return None
    if geometry.keys() & {"features", "geometry", "properties"} or not _sound_bbox(geometry, here, faults):
        faults.add(here, "not_geojson", "A geometry may not hold features, geometry or properties.")
        return None
    inside = here.member("coordinates")
    if KINDS[type_] == "polygon":
        return polygon_outline(geometry, inside, faults, effort)
    before = faults.count
    facts = where.member(beside) if beside else where
    radius = radius_in(properties, KINDS[type_], facts, faults)
    if radius is None:
        if faults.count == before:
            faults.add(*_no_radius(type_, facts))
        return None
    if KINDS[type_] == "circle":
        return circle_outline(geometry, radius, inside, faults)
    return corridor_outline(geometry, radius, inside, faults, effort)


def _take(upload: Upload, feature: Any, where: Where) -> None:
    """Read one feature into the upload; a bare geometry is a feature without properties."""
    faults, before = upload.faults, upload.faults.count
    if not isinstance(feature, dict):
        faults.add(where, "not_geojson", "A feature must be an object.")
        return
    bare = where.feature is None and feature.get("type") != "Feature"
    properties, id_ = _feature_members(feature, where, faults) if not bare else ({}, None)
    otherwise = f"Geofence {1 if where.feature is None else where.feature + 1}"
    at = where.member("properties")
    external_id = external_id_in(properties, id_, at, faults)
    name = properties.get("name")
    where = replace(where, name=name[:80] if isinstance(name, str) else external_id or "")
    rules = rules_in(properties, replace(at, name=where.name), faults, otherwise=external_id or otherwise)
    if not bare and feature.get("type") != "Feature":
        return
    geometry = feature if bare else feature.get("geometry")
    members = ("", "") if bare else ("geometry", "properties")
    outline = read_geometry(
        geometry, properties, where, faults, upload.effort, at=members[0], beside=members[1]
    )
    if external_id is not None and external_id in upload.ids:
        faults.add(
            at, "repeated_id", f"An earlier feature of this upload has the id {external_id[:60]!r} too."
        )
    upload.ids |= {external_id} if external_id else set()
    if faults.count == before and rules is not None and outline is not None:
        upload.shapes.append(NewShape(external_id, rules, outline))


def _feature_members(feature: dict[str, Any], where: Where, faults: Faults) -> tuple[dict[str, Any], Any]:
    if feature.get("type") != "Feature":
        faults.add(where.member("type"), "not_geojson", 'Its type must be "Feature".')
    elif where.feature is not None:
        _sound_members(feature, where, faults)
    id_ = feature.get("id")
    if isinstance(id_, dict | list | bool):
        faults.add(where.member("id"), "not_geojson", "The id of a feature must be a text or a number.")
    properties = feature.get("properties")
    if properties is None:
        return {}, id_
    if not isinstance(properties, dict):
        faults.add(where.member("properties"), "not_geojson", "The properties must be an object.")
        return {}, id_
    return properties, id_


def _sound_members(value: dict[str, Any], where: Where, faults: Faults) -> bool:
    foreign = value.keys() & FOREIGN.get(str(value.get("type")), set())
    if foreign:
        sentence = f"A {value['type']} may not have a member {min(foreign)!r}."
        faults.add(where.member(min(foreign)), "not_geojson", sentence)
        return False
    return _sound_bbox(value, where, faults)


def _sound_bbox(value: dict[str, Any], where: Where, faults: Faults) -> bool:
    bbox = value.get("bbox")
    if bbox is None:
        return True
    numbers = isinstance(bbox, list) and all(type(one) in (int, float) for one in bbox)
    if numbers and len(bbox) in (4, 6):
        return True
    faults.add(where.member("bbox"), "not_geojson", "A bbox must be an array of four or six numbers.")
    return False


def _in_degrees(document: dict[str, Any], where: Where, faults: Faults) -> bool:
    """The old `crs` member may name what GeoJSON means anyway, and nothing else."""
    crs = document.get("crs")
    if crs is None:
        return True
    inside = crs.get("properties") if isinstance(crs, dict) else None
    name = inside.get("name") if isinstance(inside, dict) else None
    if name in DEGREES:
        return True
    sentence = f"The coordinates are in {str(name)[:60]}. GeoJSON wants degrees, WGS 84: export it anew as EPSG:4326."
    faults.add(where.member("crs"), "wrong_crs", sentence)
    return False


def _no_radius(type_: str, where: Where) -> tuple[Where, str, str]:
    if type_ == "Point":
        return where.member("radius_m"), "no_radius", "A Point is a circle only with radius_m, in metres."
    return where.member("width_m"), "no_radius", "A LineString is a corridor only with width_m, in metres."


def _wrong_type(type_: Any) -> str:
    if isinstance(type_, str) and type_ in {"MultiPoint", "MultiLineString", "GeometryCollection"}:
        return f"A {type_} cannot be a geofence: give each of its members a feature of its own."
    return "The type of the geometry must be Polygon, MultiPolygon, Point (with radius_m) or LineString (with width_m)."
