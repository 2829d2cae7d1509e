"""Writes on devices: rename, metadata, delete. Open maps are told after the commit."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from tracker.devices.models import Device, DeviceState
from tracker.live import announce
from tracker.positions.models import Position


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
    if name is not None:
        told = partial(announce.announce_rename, device.environment_id, device.public_id, name)
        transaction.on_commit(told)
    return device


def delete_device(device: Device, *, now: datetime) -> bool:
    """Forget a device and everything it reported. True where it was still there.

    Its row stays as a tombstone: what it sends from now on is quarantined as `device_deleted`, where a new
    row under the same external id would silently bring it back.
    """
    rows = Device.objects.for_environment(device.environment_id).filter(pk=device.pk, deleted_at=None)
    if not rows.update(deleted_at=now, name="", metadata={}):
        return False
    DeviceState.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
    Position.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
    transaction.on_commit(partial(announce.announce_removal, device.environment_id, device.public_id))
    return True
