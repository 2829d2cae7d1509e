"""Reads for the unit doctor: a device's last fixes, devices worth a look, and what was found."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from tracker.devices.models import Device, UnitFinding
from tracker.positions.models import Position
from tracker.tenants.models import Environment
from tracker.units.doctor import Fix

LOOKED_AT = 600  # fixes of a device: an hour or two of driving
LOOKED_BACK = timedelta(days=3)  # and so few partitions


def last_fixes(device: Device, *, now: datetime) -> list[Fix]:
    """The device's newest kept positions in recorded order, at most LOOKED_AT, at most LOOKED_BACK old.

    What was read in a unit its owner has changed since is left out: only fixes that say one thing can be weighed.
    """
    rows = Position.objects.for_environment(device.environment_id).filter(
        device_id=device.pk, recorded_at__gt=now - LOOKED_BACK
    )
    if device.speed_unit_set_at is not None:
        rows = rows.filter(received_at__gt=device.speed_unit_set_at)
    newest = rows.order_by("-recorded_at").values_list("recorded_at", "location", "speed_mps", "accuracy_m")
    return [
        Fix(recorded_at.timestamp(), location.x, location.y, speed_mps, accuracy_m)
        for recorded_at, location, speed_mps, accuracy_m in reversed(newest[:LOOKED_AT])
    ]


def reporting_speed(environment: Environment, *, since: datetime) -> QuerySet[Device]:
    """Devices that were heard of since then, with a speed."""
    return Device.objects.for_environment(environment).filter(
        deleted_at=None, state__stored_at__gte=since, state__speed_mps__isnull=False
    )


def open_findings(environment: Environment) -> QuerySet[UnitFinding]:
    """What the doctor found and nobody has settled yet, newest first."""
    rows = UnitFinding.objects.for_environment(environment).filter(dismissed_at=None, device__deleted_at=None)
    return rows.select_related("device").order_by("-found_at", "-pk")


def finding_of(device: Device) -> UnitFinding | None:
    """The open finding about a device."""
    return open_findings_of(device).first()


def open_findings_of(device: Device) -> QuerySet[UnitFinding]:
    """The same as a query, for a row to be locked."""
    return UnitFinding.objects.for_environment(device.environment_id).filter(
        device_id=device.pk, dismissed_at=None
    )
