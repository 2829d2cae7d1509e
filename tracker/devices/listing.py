"""The console's list of devices: search, status, newest first."""

from datetime import datetime

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Func, Q, QuerySet, Value

from tracker.devices.models import Device
from tracker.devices.risk import at_risk, risk_now
from tracker.devices.status import CADENCES, IDLE_AFTER, OFFLINE_AFTER, OFFLINE_AT_LATEST, Status
from tracker.tenants.models import Environment


class OfflineAfter(Func):
    """`status.offline_after` for the database: an interval from a cadence in seconds."""

    template = (
        f"make_interval(secs => least(greatest({CADENCES} * coalesce(%(expressions)s, 0), "
        f"{OFFLINE_AFTER.total_seconds()}), {OFFLINE_AT_LATEST.total_seconds()}))"
    )
    output_field = DurationField()


def with_status(status: Status, *, now: datetime) -> Q:
    """Devices in that status at `now`: `status.status_of` as a condition for the database."""
    bound = ExpressionWrapper(
        Value(now, DateTimeField()) - OfflineAfter(F("state__cadence_s")), output_field=DateTimeField()
    )
    heard = Q(state__recorded_at__gte=bound)
    still = Q(state__moved_at__lt=now - IDLE_AFTER)
    risk = Q(at_risk())
    return {
        Status.WAITING: Q(state=None),
        Status.OFFLINE: Q(state__recorded_at__lt=bound),
        Status.RISK: heard & risk,
        Status.IDLE: heard & ~risk & still,
        Status.ACTIVE: heard & ~risk & ~still,
    }[status]


def devices_matching(
    environment: Environment, *, text: str = "", status: Status | None = None, now: datetime
) -> QuerySet[Device]:
    """Devices whose name or external id contains the text, loaded with their last position and their `risk`."""
    rows = Device.objects.for_environment(environment).filter(deleted_at=None).select_related("state")
    rows = rows.annotate(risk=risk_now())
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(external_id__icontains=text))
    if status:
        rows = rows.filter(with_status(status, now=now))
    return rows
