"""Rows of geofences as tests need them: published at once, with stays as a consumer would have written them."""

from datetime import datetime, timedelta

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.utils import timezone

from tracker.devices.models import Device
from tracker.geofences.models import (
    Geofence,
    GeofenceShape,
    GeofenceVersion,
    GeofenceVersionMember,
    GeofenceVisit,
)
from tracker.tenants.models import Environment

AMSTERDAM = (4.8, 52.3, 5.0, 52.5)  # west, south, east, north


def a_geofence(
    environment: Environment,
    name: str = "depot",
    box: tuple[float, float, float, float] = AMSTERDAM,
    *,
    since: datetime | None = None,
) -> Geofence:
    """A rectangle, published alone as the next version."""
    geofence = Geofence.objects.create(environment=environment, external_id=name)
    shape = GeofenceShape.objects.create(
        environment=environment,
        geofence=geofence,
        name=name,
        kind="polygon",
        source={},
        geometry=MultiPolygon(Polygon.from_bbox(box), srid=4326),
        area_m2=1e6,
    )
    Geofence.objects.for_environment(environment).filter(pk=geofence.pk).update(draft=shape)
    geofence.draft = shape
    newest = GeofenceVersion.objects.for_environment(environment).order_by("-number").first()
    begins = since or timezone.now() - timedelta(days=2)
    version = GeofenceVersion.objects.create(
        environment=environment,
        number=newest.number + 1 if newest else 1,
        effective_at=max(begins, newest.effective_at + timedelta(seconds=1)) if newest else begins,
        published_at=begins,
    )
    members = [geofence]
    if newest:
        members += [member.geofence for member in newest.members.select_related("geofence__draft")]
    for member in members:
        assert member.draft is not None
        GeofenceVersionMember.objects.create(
            environment=environment, version=version, geofence=member, shape=member.draft
        )
    return geofence


def a_visit(
    device: Device, geofence: Geofence, entered_at: datetime, exited_at: datetime | None = None
) -> GeofenceVisit:
    """A stay of the device."""
    return GeofenceVisit.objects.create(
        environment_id=device.environment_id,
        device=device,
        geofence=geofence,
        entered_at=entered_at,
        entered_decided_at=entered_at,
        entered_version=1,
        exited_at=exited_at,
        exited_decided_at=exited_at,
        exited_version=1 if exited_at else None,
    )
