"""A deleted device leaves the archive too: its lines at once, its rows with the next run."""

from datetime import datetime

from tracker.devices.models import Device
from tracker.positions.models import ArchivedDay, DailyLine


def forget_archived(device: Device, *, now: datetime) -> None:
    """Delete a device's daily lines, and ask for the days that held it to be written again without it.

    A line is made together with each archive that holds its device, so the lines know the days. A run that is under
    way meanwhile may still bring some back: the sweep of deleted devices calls this again.
    """
    lines = DailyLine.objects.for_environment(device.environment_id).filter(device_id=device.pk)
    days = list(lines.values_list("day", flat=True))
    if days:
        ArchivedDay.objects.for_environment(device.environment_id).filter(day__in=days).update(
            rewrite_asked_at=now
        )
        lines.delete()
