"""Devices as the API shows them. The OpenAPI document is made from these structs, so the two cannot differ."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from tracker.devices.models import Device, DeviceState
from tracker.devices.status import Risk, Status, offline_after, status_of
from tracker.http.times import Moment, moment_text
from tracker.units.stated import form_of

Name = Annotated[str, Meta(max_length=200, description="Shown on maps and in lists.", examples=["Van 12"])]
DeviceId = Annotated[str, Meta(examples=["dev_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
ExternalId = Annotated[
    str, Meta(max_length=200, description="The `device_id` its owner sends.", examples=["van-12"])
]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="Degrees, WGS 84.", examples=[4.8952])]
Latitude = Annotated[float, Meta(ge=-90, le=90, description="Degrees, WGS 84.", examples=[52.3702])]
Metres = Annotated[float, Meta(description="Metres.", examples=[5.0])]
Speed = Annotated[float, Meta(ge=0, description="Metres per second.", examples=[8.3])]
Heading = Annotated[float, Meta(ge=0, lt=360, description="Degrees clockwise from north.", examples=[270.0])]
Battery = Annotated[float, Meta(ge=0, le=1, description="0 empty, 1 full.", examples=[0.81])]

Activity = Annotated[str, Meta(description="What the device said it was doing.", examples=["driving"])]


class LatestPosition(Struct):
    """Where a device last was, by its own clock. A fact the device did not send is null."""

    recorded_at: Annotated[Moment, Meta(description="When it was there, by the device's clock.")]
    received_at: Annotated[Moment, Meta(description="When we received the report.")]
    longitude: Longitude
    latitude: Latitude
    accuracy_m: Metres | None
    altitude_m: Metres | None
    speed_mps: Speed | None
    heading_deg: Heading | None
    battery: Battery | None
    charging: bool | None
    activity: Activity | None
    moved_at: Annotated[Moment, Meta(description="Since when it has stood still, if it does.")]


class DeviceDocument(Struct):
    """A device. It registers itself with its first report."""

    id: DeviceId
    external_id: ExternalId
    name: Name
    status: Annotated[
        Status,
        Meta(
            description="`waiting`: never had a position. `offline`: its last position is older than "
            "`offline_after_s`. `risk`: `risk` says why. `idle`: has not moved for more than 8 minutes. Else `active`."
        ),
    ]
    risk: Annotated[
        Risk,
        Meta(
            description="`late`: its trip will not arrive as scheduled. `off_route`: it has left its trip's "
            "corridor. Else empty."
        ),
    ]
    offline_after_s: Annotated[
        int,
        Meta(
            description="Seconds of silence after which it is offline: 900, or three times its usual gap "
            "between reports where that is more, at most a day."
        ),
    ]
    metadata: Annotated[
        dict[str, Any], Meta(description="Your own facts about it.", examples=[{"plate": "AB-123-C"}])
    ]
    model: Annotated[str, Meta(examples=["Pixel 9"])]
    os: Annotated[str, Meta(examples=["Android 16"])]
    app_version: Annotated[str, Meta(examples=["3.2.1"])]
    wire_format: Annotated[
        str,
        Meta(description="The form of its last report; empty before the first.", examples=["owntracks"]),
    ]
    speed_unit: Annotated[
        str,
        Meta(
            description="The unit in which its speed numbers are read: `mps`, `kmh`, `knots` or `mph`; empty "
            "where its app's own is taken.",
            examples=[""],
        ),
    ]
    registered_at: Moment
    latest_position: LatestPosition | None


class DevicePage(Struct):
    """Some devices, in the order they were registered."""

    data: list[DeviceDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class DeviceChange(Struct, forbid_unknown_fields=True):
    """What to change; a field that is left out stays as it is."""

    name: Annotated[
        str | UnsetType | None, Meta(description="The new name, at most 200 characters; null takes it away.")
    ] = UNSET
    metadata: Annotated[
        dict[str, Any] | UnsetType | None,
        Meta(
            description="Keys given here are set, a key with null is removed, all others stay. A value is "
            "replaced as a whole, also when it is an object. null removes all. At most 50 keys of up to 100 "
            "characters, together at most 16 KiB of JSON.",
            examples=[{"plate": "AB-123-C", "old_key": None}],
        ),
    ] = UNSET
    speed_unit: Annotated[
        str | UnsetType | None,
        Meta(
            description="`mps`, `kmh`, `knots` or `mph`: read its speed numbers in this unit from now on; null or "
            "empty takes what its app states.",
            examples=["mps"],
        ),
    ] = UNSET


def device_document(device: Device, *, now: datetime) -> DeviceDocument:
    """A device, its state and risk loaded, as the API shows it at `now`."""
    state: DeviceState | None = getattr(device, "state", None)
    risk = Risk(getattr(device, "risk", ""))
    return DeviceDocument(
        id=device.public_id,
        external_id=device.external_id,
        name=device.name,
        status=standing_of(device, now=now),
        risk=risk,
        offline_after_s=int(offline_after(state.cadence_s if state else None).total_seconds()),
        metadata=device.metadata,
        model=device.model,
        os=device.os,
        app_version=device.app_version,
        wire_format=form_of(device.wire_format),
        speed_unit=device.speed_unit,
        registered_at=moment_text(device.registered_at),
        latest_position=_latest(state) if state else None,
    )


def standing_of(device: Device, *, now: datetime) -> Status:
    """The status of a device whose state and risk are loaded."""
    state: DeviceState | None = getattr(device, "state", None)
    if state is None:
        return Status.WAITING
    risk = getattr(device, "risk", "")
    return status_of(state.recorded_at, state.moved_at, now=now, cadence_s=state.cadence_s, risk=risk)


def _latest(state: DeviceState) -> LatestPosition:
    return LatestPosition(
        recorded_at=moment_text(state.recorded_at),
        received_at=moment_text(state.received_at),
        longitude=state.longitude,
        latitude=state.latitude,
        accuracy_m=state.accuracy_m,
        altitude_m=state.altitude_m,
        speed_mps=state.speed_mps,
        heading_deg=state.heading_deg,
        battery=state.battery,
        charging=state.charging,
        activity=state.activity,
        moved_at=moment_text(state.moved_at),
    )
