"""Writes of the unit doctor: examine devices, take its advice, or put it aside."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from tracker.devices.models import Device, SpeedUnit, UnitFinding
from tracker.limits import feed
from tracker.tenants import scope
from tracker.tenants.models import Environment
from tracker.units import selectors
from tracker.units.doctor import diagnose
from tracker.units.stated import stated_unit

logger = logging.getLogger(__name__)
HEARD_WITHIN = timedelta(hours=2)
DEVICES_A_ROUND = 2_000  # of one environment: a fleet of that size and more is seen within a few rounds


def examine(device: Device, *, now: datetime) -> UnitFinding | None:
    """Look at a device's last fixes; keep what is found, forget what no longer holds. Returns the open finding."""
    read_as = device.speed_unit or stated_unit(device.wire_format)
    found = diagnose(selectors.last_fixes(device, now=now), read_as)
    if found is None:
        selectors.open_findings_of(device).delete()
        return None
    facts = {"stated_unit": read_as, "likely_unit": found.likely, "ratio": found.ratio, "samples": found.legs}
    finding, made = UnitFinding.objects.for_environment(device.environment_id).get_or_create(
        device_id=device.pk, environment_id=device.environment_id, defaults=facts | {"found_at": now}
    )
    if made:
        logger.info("a device's speeds look like another unit", extra={"device": device.public_id, **facts})
        return finding
    same = (finding.stated_unit, finding.likely_unit) == (read_as, found.likely)
    if finding.dismissed_at is not None and same:
        return None  # its owner knows better
    for name, value in (facts | {"dismissed_at": None}).items():
        setattr(finding, name, value)
    finding.save(update_fields=[*facts, "dismissed_at"])
    return finding


def examine_all(*, now: datetime) -> tuple[int, int]:
    """Examine the devices of every environment that were heard of lately; how many, and how many findings."""
    examined = found = 0
    for environment in Environment.objects.unscoped("the doctor sees the devices of all customers").order_by(
        "pk"
    ):
        with scope.scope(tenant_id=environment.tenant_id, environment_id=environment.pk):
            rows = selectors.reporting_speed(environment, since=now - HEARD_WITHIN)
            for device in rows.order_by("?")[:DEVICES_A_ROUND]:
                examined += 1
                found += examine(device, now=now) is not None
    return examined, found


def set_speed_unit(device: Device, unit: str, *, now: datetime) -> None:
    """Read the device's speeds in `unit` from now on; "" takes its app's own. What is stored stays as it is."""
    if unit not in {"", *SpeedUnit.values}:
        raise ValueError(f"no unit of speed: {unit!r}")
    with transaction.atomic():
        Device.objects.for_environment(device.environment_id).filter(pk=device.pk).exclude(
            speed_unit=unit
        ).update(speed_unit=unit, speed_unit_set_at=now)
        UnitFinding.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
        feed.changed()
    device.speed_unit, device.speed_unit_set_at = unit, now


def dismiss(device: Device, *, now: datetime) -> bool:
    """Put the open finding aside; it comes back only when the doctor finds something else."""
    return bool(selectors.open_findings_of(device).update(dismissed_at=now))
