"""The console's list of devices: search, status, newest first."""

from datetime import datetime

from django.db.models import Q, QuerySet

from tracker.devices.models import Device
from tracker.devices.status import IDLE_AFTER, OFFLINE_AFTER, Status
from tracker.tenants.models import Environment


def with_status(status: Status, *, now: datetime) -> Q:
    """Devices in that status at `now`: `status.status_of` as a condition for the database."""
    heard = Q(state__recorded_at__gte=now - OFFLINE_AFTER)
    still = Q(state__moved_at__lt=now - IDLE_AFTER)
    return {
        Status.WAITING: Q(state=None),
        Status.OFFLINE: Q(state__recorded_at__lt=now - OFFLINE_AFTER),
        Status.IDLE: heard & still,
        Status.ACTIVE: heard & ~still,
    }[status]


def devices_matching(
    environment: Environment, *, text: str = "", status: Status | None = None, now: datetime
) -> QuerySet[Device]:
    """Devices whose name or external id contains the text, their last position loaded with them."""
    rows = Device.objects.for_environment(environment).filter(deleted_at=None).select_related("state")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(external_id__icontains=text))
    if status:
        rows = rows.filter(with_status(status, now=now))
    return rows
