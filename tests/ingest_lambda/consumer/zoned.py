"""Geofences for the tests of the edge: published by SQL, and what is stored of devices among them."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from shapely.geometry import MultiPolygon, box

from tests.ingest_lambda.consumer.ground import SECOND, Ground
from tests.tracker.webhooks.contract import as_published

AT = "timestamptz 'epoch' + %s * interval '1 microsecond'"


class Area(NamedTuple):
    """A box in degrees with the rules of its geofence."""

    west: float
    south: float
    east: float
    north: float
    margin_m: float | None = 0.0
    dwell_s: int | None = None

    @property
    def wkt(self) -> str:
        return str(MultiPolygon([box(self.west, self.south, self.east, self.north)]).wkt)


def publish(ground: Ground, areas: Mapping[str, Area], effective_us: int) -> int:
    """A version of exactly these geofences, in force from then on; its number."""
    [(number,)] = ground.rows(
        "SELECT coalesce(max(number), 0) + 1 FROM tracker_geofenceversion WHERE environment_id = %s",
        ground.environment_id,
    )
    [(version,)] = ground.rows(
        f"""INSERT INTO tracker_geofenceversion (environment_id, number, effective_at, published_at)
        VALUES (%s, %s, {AT}, {AT}) RETURNING id""",
        *(ground.environment_id, number, effective_us, effective_us - SECOND),
    )
    for name, area in areas.items():
        geofence = _geofence(ground, name)
        [(shape,)] = ground.rows(
            """INSERT INTO tracker_geofenceshape
                (environment_id, geofence_id, name, kind, source, geometry, area_m2, margin_m, dwell_s, made_at)
            VALUES (%s, %s, %s, 'polygon', '{}', ST_GeomFromText(%s, 4326), 1, %s, %s, now()) RETURNING id""",
            *(ground.environment_id, geofence, name, area.wkt, area.margin_m, area.dwell_s),
        )
        ground.change(
            """INSERT INTO tracker_geofenceversionmember (environment_id, version_id, geofence_id, shape_id)
            VALUES (%s, %s, %s, %s)""",
            *(ground.environment_id, version, geofence, shape),
        )
    return int(number)


def _geofence(ground: Ground, name: str) -> int:
    found = ground.rows(
        "SELECT id FROM tracker_geofence WHERE environment_id = %s AND external_id = %s",
        *(ground.environment_id, name),
    )
    if not found:
        found = ground.rows(
            "INSERT INTO tracker_geofence (environment_id, external_id) VALUES (%s, %s) RETURNING id",
            *(ground.environment_id, name),
        )
    return int(found[0][0])


VISITS = """
    SELECT g.external_id, entered_at, entered_decided_at, entered_version, exited_at, exited_decided_at,
        exited_version, dwell_due_at, dwelled_at
    FROM tracker_geofencevisit v JOIN tracker_geofence g ON g.id = v.geofence_id
    JOIN tracker_device d ON d.id = v.device_id
    WHERE v.environment_id = %s AND d.external_id = %s ORDER BY entered_at, g.external_id"""
BELIEVED = """
    SELECT kind, cause, f.external_id, t.external_id, from_name, to_name, occurred_at, decided_at, longitude, latitude,
        version
    FROM tracker_geofencecrossing c LEFT JOIN tracker_geofence f ON f.id = c.from_geofence_id
    LEFT JOIN tracker_geofence t ON t.id = c.to_geofence_id JOIN tracker_device d ON d.id = c.device_id
    WHERE c.environment_id = %s AND d.external_id = %s AND superseded_at IS NULL AND kind <> 'withdrawn'
    ORDER BY occurred_at, decided_at, from_name, to_name, kind"""
TOLD = """
    SELECT c.kind, c.from_name, c.to_name, c.id, c.corrects_id, c.superseded_at IS NOT NULL
    FROM tracker_geofencecrossing c JOIN tracker_device d ON d.id = c.device_id
    WHERE c.environment_id = %s AND d.external_id = %s ORDER BY c.id"""
EVENTS = """
    SELECT e.kind, e.data::text FROM tracker_outboxevent e JOIN tracker_device d ON d.id = e.device_id
    WHERE e.environment_id = %s AND d.external_id = %s ORDER BY e.id"""


def visits(ground: Ground, device: str) -> list[tuple[Any, ...]]:
    """The stays of a device, as they are known now."""
    return ground.rows(VISITS, ground.environment_id, device)


def stays(ground: Ground, device: str) -> list[tuple[str, int | None, int | None]]:
    """The same as (geofence, seconds before `now_us` of entering, of leaving)."""
    return [(row[0], _ago(ground, row[1]), _ago(ground, row[4])) for row in visits(ground, device)]


def _ago(ground: Ground, moment: Any) -> int | None:
    return None if moment is None else round(ground.now_us / SECOND - moment.timestamp())


def believed(ground: Ground, device: str) -> list[tuple[Any, ...]]:
    """The crossings of a device that are believed now."""
    return ground.rows(BELIEVED, ground.environment_id, device)


def ways(ground: Ground, device: str) -> list[tuple[str, str | None, str | None]]:
    """All that was told, in the order it was: kind, from, to."""
    return [row[:3] for row in ground.rows(TOLD, ground.environment_id, device)]


def events(ground: Ground, device: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a device: kind and data, each as its kind's published schema says."""
    rows = ground.rows(EVENTS, ground.environment_id, device)
    return [(kind, as_published(kind, json.loads(data))) for kind, data in rows]


def each_crossing_has_its_event(ground: Ground, device: str) -> None:
    """One row of the outbox a crossing, in the order they were told, each saying what its row says."""
    rows = ground.rows(
        """SELECT c.uid, c.kind, c.from_name, c.to_name, o.uid, c.superseded_at IS NULL, later.id IS NULL
        FROM tracker_geofencecrossing c JOIN tracker_device d ON d.id = c.device_id
        LEFT JOIN tracker_geofencecrossing o ON o.id = c.corrects_id
        LEFT JOIN tracker_geofencecrossing later ON later.corrects_id = c.id
        WHERE c.environment_id = %s AND d.external_id = %s ORDER BY c.id""",
        *(ground.environment_id, device),
    )
    told = events(ground, device)
    assert [data["crossing"] for _, data in told] == [f"crs_{row[0].hex}" for row in rows]
    for (kind, data), (_, row_kind, origin, target, corrects, is_believed, is_last) in zip(
        told, rows, strict=True
    ):
        assert (data["from"] or {}).get("name") == origin
        assert (data["to"] or {}).get("name") == target
        assert data["corrects"] == (None if corrects is None else f"crs_{corrects.hex}")
        assert is_believed == is_last  # superseded if and only if a later row names it
        if corrects is not None:
            assert (kind, data["withdrawn"]) == ("crossing.corrected", row_kind == "withdrawn")
        elif row_kind == "dwelled":
            assert kind == "geofence.dwelled"
        else:
            assert kind == ("geofence.entered" if target else "geofence.exited")
