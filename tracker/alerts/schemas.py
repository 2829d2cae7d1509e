"""Alerts and expected presences as the API shows them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tracker.alerts.models import Alert, ExpectedPresence
from tracker.alerts.selectors import state_of
from tracker.alerts.shown import geofence_name, person
from tracker.devices.models import Device
from tracker.devices.schemas import DeviceId, ExternalId
from tracker.http.times import Moment, moment_text

AlertKind = Literal[
    "silent", "entered", "left", "off_corridor", "delayed", "absent",
    "driver_silent", "slot_at_risk", "slot_missed", "unconfirmed", "undelivered",
]  # fmt: skip
AlertState = Literal["open", "acknowledged", "resolved"]
GeofenceId = Annotated[str, Meta(examples=["gf_3f6b1c2d4e5f40718293a4b5c6d7e8f9"])]
Clock = Annotated[
    str, Meta(pattern="^[0-2][0-9]:[0-5][0-9]$", description="Local time of day.", examples=["09:10"])
]


class AlertDevice(Struct):
    """The device it is about."""

    id: DeviceId
    external_id: ExternalId
    name: str


class AlertGeofence(Struct):
    """The geofence it is about; `name` is what it is called now."""

    id: GeofenceId
    name: str


class AlertDocument(Struct):
    """Something a supervisor should look at."""

    id: Annotated[str, Meta(examples=["alt_2b1c7d90a4f35e68c0d1b2a3948576fe"])]
    kind: AlertKind
    state: Annotated[
        AlertState,
        Meta(description="`resolved`: its cause has ended, whether or not somebody acknowledged it."),
    ]
    text: Annotated[str, Meta(examples=["Van 12 left North hub."])]
    device: AlertDevice
    geofence: AlertGeofence | None
    trip: Annotated[
        str | None, Meta(description="`trp_…`", examples=["trp_2b1c7d90a4f35e68c0d1b2a3948576fe"])
    ]
    raised_at: Annotated[Moment, Meta(description="When what it tells of happened.")]
    resolved_at: Moment | None
    acknowledged_at: Moment | None
    acknowledged_by: Annotated[str | None, Meta(description="A name.", examples=["Ada Lovelace"])]
    note: Annotated[str, Meta(max_length=500)]


class AlertPage(Struct):
    """Some alerts, newest first."""

    data: list[AlertDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class Acknowledgement(Struct, forbid_unknown_fields=True):
    """What to note; an empty object notes nothing."""

    note: Annotated[str, Meta(max_length=500)] = ""


class ExpectedPresenceDocument(Struct):
    """A standing question: is this device in this geofence at this time of day?"""

    id: Annotated[str, Meta(examples=["xpr_2b1c7d90a4f35e68c0d1b2a3948576fe"])]
    device: AlertDevice
    geofence: AlertGeofence
    by: Clock
    time_zone: Annotated[str, Meta(description="IANA name.", examples=["Europe/Amsterdam"])]
    weekdays: Annotated[
        list[Annotated[int, Meta(ge=0, le=6)]],
        Meta(description="0 Monday to 6 Sunday; empty: every day.", examples=[[0, 1, 2, 3, 4]]),
    ]
    next_due_at: Moment


class ExpectedPresencePage(Struct):
    """Some expected presences, newest first."""

    data: list[ExpectedPresenceDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class NewExpectedPresence(Struct, forbid_unknown_fields=True):
    """What is expected of a device."""

    device: Annotated[
        str, Meta(description="`dev_…` or `external:` and its external id.", examples=["external:van-12"])
    ]
    geofence: Annotated[
        str, Meta(description="`gf_…` or `external:` and its external id.", examples=["external:north-hub"])
    ]
    by: Clock
    time_zone: Annotated[str, Meta(description="IANA name.", examples=["Europe/Amsterdam"])]
    weekdays: Annotated[
        list[Annotated[int, Meta(ge=0, le=6)]],
        Meta(description="0 Monday to 6 Sunday; empty or left out: every day.", examples=[[0, 1, 2, 3, 4]]),
    ] = []


def alert_document(alert: Alert) -> AlertDocument:
    """An alert as the API shows it."""
    geofence, trip = alert.geofence, alert.trip
    return AlertDocument(
        id=alert.public_id,
        kind=alert.kind,  # type: ignore[arg-type]  # the model's choices are the literal's
        state=state_of(alert).value,
        text=alert.text,
        device=_device(alert.device),
        geofence=AlertGeofence(geofence.public_id, geofence_name(alert)) if geofence else None,
        trip=trip.public_id if trip else None,
        raised_at=moment_text(alert.raised_at),
        resolved_at=moment_text(alert.resolved_at) if alert.resolved_at else None,
        acknowledged_at=moment_text(alert.acknowledged_at) if alert.acknowledged_at else None,
        acknowledged_by=person(alert.acknowledged_by) if alert.acknowledged_at else None,
        note=alert.note,
    )


def expected_document(expected: ExpectedPresence) -> ExpectedPresenceDocument:
    """An expected presence as the API shows it."""
    name = getattr(expected, "geofence_name", None) or ""
    return ExpectedPresenceDocument(
        id=expected.public_id,
        device=_device(expected.device),
        geofence=AlertGeofence(expected.geofence.public_id, name),
        by=f"{expected.by:%H:%M}",
        time_zone=expected.time_zone,
        weekdays=expected.weekdays,
        next_due_at=moment_text(expected.next_due_at),
    )


def _device(device: Device) -> AlertDevice:
    return AlertDevice(device.public_id, device.external_id, device.name)
