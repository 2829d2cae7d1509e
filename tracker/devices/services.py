"""Writes on devices: rename, metadata, delete. Open maps are told after the commit."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from tracker.alerts.services import forget_alerts
from tracker.archive.erasure import forget_archived
from tracker.certificates.services import revoke_all_of
from tracker.devices.changes import Change
from tracker.devices.metadata import hub_in
from tracker.devices.models import Device, DeviceCondition, DeviceState
from tracker.geofences.forgetting import forget_crossings
from tracker.ingestion.models import SetAsideReport
from tracker.live import announce
from tracker.outbox.retention import forget_events_of
from tracker.positions.models import Position
from tracker.trips.services import forget_trips
from tracker.units.services import set_speed_unit

SWEPT_FOR = timedelta(days=2)


def update_device(
    device: Device, *, name: str | None = None, metadata: dict[str, Any] | None = None
) -> Device:
    """Set the name, the metadata or both; what is None stays. Returns the device as it is then."""
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = name
    if metadata is not None:
        changes["metadata"] = metadata
    if not changes:
        return device
    Device.objects.for_environment(device.environment_id).filter(pk=device.pk).update(**changes)
    for field, value in changes.items():
        setattr(device, field, value)
    if metadata is not None:
        facts = {"hub": hub_in(metadata)}
        transaction.on_commit(
            partial(announce.announce_facts, device.environment_id, device.public_id, **facts)
        )
    if name is not None:
        told = partial(announce.announce_rename, device.environment_id, device.public_id, name)
        transaction.on_commit(told)
    return device


def change_device(device: Device, change: Change, *, now: datetime) -> Device | None:
    """Apply a change that is merged with what is there; None where the device was deleted meanwhile.

    The row is locked first: of two callers who each add a key of metadata, neither must lose theirs.
    """
    rows = Device.objects.for_environment(device.environment_id).filter(pk=device.pk, deleted_at=None)
    with transaction.atomic():
        stored = rows.select_for_update().values_list("metadata", flat=True).first()
        if stored is None:
            return None
        device.metadata = stored
        if change.speed_unit is not None:
            set_speed_unit(device, change.speed_unit, now=now)
        return update_device(device, name=change.name, metadata=change.merged(stored))


def delete_device(device: Device, *, now: datetime) -> bool:
    """Forget a device and everything it reported. True where it was still there.

    Its row stays as a tombstone: what it sends from now on is quarantined as `device_deleted`, where a new
    row under the same external id would silently bring it back.
    """
    rows = Device.objects.for_environment(device.environment_id).filter(pk=device.pk, deleted_at=None)
    with transaction.atomic():
        if not rows.update(deleted_at=now, name="", metadata={}):
            return False
        revoke_all_of(device, now=now)
        forget_reports(device, now=now)
        SetAsideReport.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
    transaction.on_commit(partial(announce.announce_removal, device.environment_id, device.public_id))
    return True


def sweep_deleted(*, now: datetime) -> int:
    """Forget what reached devices while they were being deleted; returns how many devices were looked at.

    A batch of the consumer that had read a device's row just before the deletion may store its reports just
    after. A lock on every device of every batch would close that gap at a price; this closes it within the hour.
    """
    gone = Device.objects.unscoped("deleted devices of all customers are swept in one go")
    found = list(gone.filter(deleted_at__gte=now - SWEPT_FOR))
    for device in found:
        with transaction.atomic():
            forget_reports(device, now=now)
    return len(found)


def forget_reports(device: Device, *, now: datetime) -> None:
    """Everything that came of what a device reported, wherever it lies."""
    forget_alerts(device)
    DeviceState.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
    Position.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
    DeviceCondition.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
    forget_crossings(device)
    forget_trips(device)
    forget_events_of(device.environment_id, device.pk)
    forget_archived(device, now=now)
