"""The geofences in force as one GeoJSON text for the map, put together by the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from tracker.live.frames import as_text
from tracker.live.sight import Sight
from tracker.tenants.identifiers import public_id

VERSION_SQL = """
    SELECT id, number FROM tracker_geofenceversion
    WHERE environment_id = %s AND effective_at <= %s
    ORDER BY effective_at DESC LIMIT 1
"""
SHAPES_SQL = """
    SELECT g.id, g.uid, g.external_id, s.name, s.kind, s.colour, s.radius_m, ST_AsGeoJSON(s.geometry, 6)
    FROM tracker_geofenceversionmember m
    JOIN tracker_geofence g ON g.id = m.geofence_id
    JOIN tracker_geofenceshape s ON s.id = m.shape_id
    WHERE m.environment_id = %s AND m.version_id = %s
    ORDER BY s.area_m2 DESC, g.id
"""


@dataclass(frozen=True)
class Layer:
    """A FeatureCollection as text, and the tag by which a browser knows it again."""

    text: str
    etag: str


def in_force(environment_id: int, sight: Sight | None, *, now: datetime) -> Layer:
    """The version in force at `now`, the largest geofence first so that smaller ones lie on top.

    `properties`: id, external_id, name, kind, colour, and of circles and corridors radius_m. The collection has
    `version` (null before the first publish). Limited to a sight: only geofences of it.
    """
    with connection.cursor() as cursor:
        cursor.execute(VERSION_SQL, [environment_id, now])
        found: tuple[int | None, int | None] = cursor.fetchone() or (None, None)
        key, number = found
        rows: list[Any] = []
        if key is not None:
            cursor.execute(SHAPES_SQL, [environment_id, key])
            rows = [row for row in cursor if sight is None or row[0] in sight.keys]
    features = ",".join(_feature(row) for row in rows)
    seen = "" if sight is None else "-" + ".".join(str(key) for key in sorted(sight.keys))
    version = "null" if number is None else str(number)
    text = f'{{"type":"FeatureCollection","version":{version},"features":[{features}]}}'
    return Layer(text, f'"{environment_id}-{version}{seen}"')


def _feature(row: tuple[Any, ...]) -> str:
    _, uid, external_id, name, kind, colour, radius_m, geometry = row
    gf = public_id("gf", uid)
    properties = as_text(
        {
            "id": gf,
            "external_id": external_id,
            "name": name,
            "kind": kind,
            "colour": colour,
            "radius_m": radius_m,
        }
    )
    return f'{{"type":"Feature","id":"{gf}","properties":{properties},"geometry":{geometry}}}'
