"""Crossings and visits as the API shows them. The OpenAPI document is made from these structs."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tracker.devices.models import Device
from tracker.devices.schemas import DeviceId, ExternalId
from tracker.geofences.models import Geofence, GeofenceCrossing, GeofenceVisit
from tracker.http.times import Moment, moment_text
from tracker.tenants.identifiers import public_id

CrossingId = Annotated[str, Meta(examples=["crs_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]


class CrossingDevice(Struct):
    """Whose crossing or visit it is."""

    id: DeviceId
    external_id: ExternalId
    name: str


class CrossingGeofence(Struct):
    """A side of the border."""

    id: Annotated[str, Meta(examples=["gf_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    external_id: str | None
    name: Annotated[str, Meta(description="Of a crossing: as the version that decided called it.")]


class CrossingPlace(Struct):
    """Where the border was crossed, reckoned between two fixes."""

    longitude: float
    latitude: float


class CrossingDocument(Struct, rename={"from_": "from"}):
    """One crossing as it was told. It is never rewritten: what late fixes disprove is put right by a later one."""

    id: CrossingId
    kind: Annotated[
        Literal["crossed", "dwelled", "withdrawn"],
        Meta(
            description="`dwelled`: stayed in `to` for its dwell time. `withdrawn`: what `corrects` names did not "
            "happen."
        ),
    ]
    cause: Literal["moved", "passed", "first_fix", "published", "time"]
    device: CrossingDevice
    from_: Annotated[CrossingGeofence | None, Meta(description="null: from outside of all geofences.")]
    to: Annotated[CrossingGeofence | None, Meta(description="null: out of all geofences.")]
    occurred_at: Annotated[
        Moment, Meta(description="When the border was crossed, reckoned between two fixes.")
    ]
    decided_at: Annotated[Moment, Meta(description="When the fix that decided was recorded.")]
    location: CrossingPlace | None
    geofence_version: Annotated[int, Meta(description="The version of the set that decided.", examples=[3])]
    corrects: Annotated[
        CrossingId | None, Meta(description="The crossing told before that this one puts right.")
    ]
    superseded_at: Annotated[
        Moment | None, Meta(description="Since when it is not believed any more; null: it is.")
    ]
    received_at: Annotated[Moment, Meta(description="When the report that made it known was received.")]
    stored_at: Annotated[Moment, Meta(description="When it became known.")]
    request_id: Annotated[
        str | None, Meta(description="The request that reported it; null: time, or a publish.")
    ]


class CrossingPage(Struct):
    """Some crossings in the order they were told."""

    data: list[CrossingDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class VisitDocument(Struct):
    """A stay of a device in a geofence, as it is known now."""

    device: CrossingDevice
    geofence: CrossingGeofence
    entered_at: Moment
    exited_at: Annotated[Moment | None, Meta(description="null: still inside.")]
    duration_s: Annotated[float | None, Meta(description="How long it stayed; null while it does.")]
    entered_version: Annotated[int, Meta(description="The version of the set that decided that it entered.")]
    exited_version: int | None
    dwelled_at: Annotated[
        Moment | None, Meta(description="When its dwell time was over, where that was told.")
    ]


class VisitPage(Struct):
    """Some visits in the order they began."""

    data: list[VisitDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


def crossing_document(row: GeofenceCrossing) -> CrossingDocument:
    """A crossing with its device, geofences and the one it corrects loaded."""
    place = None
    if row.longitude is not None and row.latitude is not None:
        place = CrossingPlace(row.longitude, row.latitude)
    return CrossingDocument(
        id=row.public_id,
        kind=row.kind,  # type: ignore[arg-type]  # the column's choices
        cause=row.cause,  # type: ignore[arg-type]  # the same
        device=_device(row.device),
        from_=_side(row.from_geofence, row.from_name),
        to=_side(row.to_geofence, row.to_name),
        occurred_at=moment_text(row.occurred_at),
        decided_at=moment_text(row.decided_at),
        location=place,
        geofence_version=row.version,
        corrects=row.corrects.public_id if row.corrects is not None else None,
        superseded_at=moment_text(row.superseded_at) if row.superseded_at else None,
        received_at=moment_text(row.received_at),
        stored_at=moment_text(row.stored_at),
        request_id=public_id("req", row.request_id) if row.request_id else None,
    )


def visit_document(row: GeofenceVisit) -> VisitDocument:
    """A row of `visits.visits_known`."""
    lasted = (row.exited_at - row.entered_at).total_seconds() if row.exited_at else None
    name: str = row.name or ""  # type: ignore[attr-defined]  # annotated by the selector
    return VisitDocument(
        device=_device(row.device),
        geofence=CrossingGeofence(row.geofence.public_id, row.geofence.external_id, name),
        entered_at=moment_text(row.entered_at),
        exited_at=moment_text(row.exited_at) if row.exited_at else None,
        duration_s=lasted,
        entered_version=row.entered_version,
        exited_version=row.exited_version,
        dwelled_at=moment_text(row.dwelled_at) if row.dwelled_at else None,
    )


def _device(device: Device) -> CrossingDevice:
    return CrossingDevice(device.public_id, device.external_id, device.name)


def _side(geofence: Geofence | None, name: str | None) -> CrossingGeofence | None:
    return (
        None if geofence is None else CrossingGeofence(geofence.public_id, geofence.external_id, name or "")
    )
