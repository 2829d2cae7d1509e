"""What must go with a device: its visits and crossings, and the events that tell of it."""

from tracker.devices.models import Device
from tracker.geofences.models import GeofenceCrossing, GeofenceVisit
from tracker.outbox.models import OutboxEvent


def forget_crossings(device: Device) -> None:
    """Visits, crossings with their corrections, and every event of the device, whatever it tells."""
    GeofenceVisit.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
    GeofenceCrossing.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
    OutboxEvent.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()
