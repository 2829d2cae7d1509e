"""Events as the outbox holds them, and geofences that wish for alerts; for tests of what they raise."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Polygon

from tracker.devices.models import Device
from tracker.geofences.models import (
    Geofence,
    GeofenceShape,
    GeofenceVersion,
    GeofenceVersionMember,
    GeofenceVisit,
)
from tracker.outbox.models import OutboxEvent
from tracker.tenants.models import Environment
from tracker.trips.models import Trip

EIGHT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)  # a Monday
SQUARE = MultiPolygon(Polygon.from_bbox((4.8, 52.3, 4.9, 52.4)), srid=4326)
numbers = itertools.count(1)


def minutes(count: float) -> datetime:
    """So long after eight."""
    return EIGHT + timedelta(minutes=count)


def a_geofence(
    environment: Environment, name: str, *, enter: bool = False, leave: bool = False, version: int = 1
) -> Geofence:
    """A published geofence."""
    geofence = Geofence.objects.create(environment=environment, external_id=f"unit {name}")
    shape = GeofenceShape.objects.create(
        environment=environment, geofence=geofence, name=name, kind="polygon", source={}, geometry=SQUARE,
        area_m2=1.0, alert_on_enter=enter, alert_on_exit=leave,
    )  # fmt: skip
    rows = GeofenceVersion.objects.for_environment(environment)
    found = rows.filter(number=version).first() or GeofenceVersion.objects.create(
        environment=environment, number=version, effective_at=EIGHT - timedelta(days=30) + timedelta(days=version),
        published_at=EIGHT - timedelta(days=30),
    )  # fmt: skip
    GeofenceVersionMember.objects.create(
        environment=environment, version=found, geofence=geofence, shape=shape
    )
    return geofence


def a_visit(
    device: Device, geofence: Geofence, since: datetime, until: datetime | None = None
) -> GeofenceVisit:
    """A stay."""
    return GeofenceVisit.objects.create(
        environment_id=device.environment_id, device=device, geofence=geofence, entered_at=since,
        entered_decided_at=since, entered_version=1, exited_at=until, exited_decided_at=until,
        exited_version=None if until is None else 1,
    )  # fmt: skip


def a_trip(device: Device, **facts: Any) -> Trip:
    """A trip on its way."""
    values: Any = {"destination_name": "The mill", "started_at": EIGHT} | facts
    return Trip.objects.create(environment_id=device.environment_id, device=device, **values)


def event(device: Device, kind: str, at: datetime, **data: Any) -> OutboxEvent:
    """An event of a device, written when it happened."""
    about = {"device": {"id": device.public_id, "external_id": device.external_id, "name": device.name}}
    made = OutboxEvent.objects.create(
        environment_id=device.environment_id,
        kind=kind,
        device_id=device.pk,
        data=about | data,
        occurred_at=at,
    )
    rows = OutboxEvent.objects.for_environment(device.environment_id)
    rows.filter(pk=made.pk).update(created_at=at + timedelta(seconds=next(numbers) / 1000))
    return rows.get(pk=made.pk)


def crossed(
    device: Device, before: Geofence | None, after: Geofence | None, at: datetime, **data: Any
) -> OutboxEvent:
    """A crossing of a border, from one geofence (None is outside) to another."""
    kind = data.pop("kind", "geofence.exited" if after is None else "geofence.entered")
    facts = {
        "crossing": f"crs_{uuid.uuid4().hex}",
        "from": _named(before),
        "to": _named(after),
        "cause": "moved",
        "geofence_version": 1,
        "corrects": None,
    }
    return event(device, kind, at, **(facts | data))


def of_trip(trip: Trip, kind: str, at: datetime) -> OutboxEvent:
    """An event of a trip."""
    document = {"id": trip.public_id, "destination": {"name": trip.destination_name}}
    return event(trip.device, kind, at, trip=document)


def _named(geofence: Geofence | None) -> dict[str, Any] | None:
    if geofence is None:
        return None
    name = str(geofence.external_id).removeprefix("unit ")
    return {"id": geofence.public_id, "external_id": geofence.external_id, "name": name}
