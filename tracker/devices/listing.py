"""The console's list of devices: search, status, newest first."""

from datetime import datetime

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Q,
    QuerySet,
    Value,
    When,
)

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


def status_at(now: datetime) -> Case:
    """`status.status_of` as an expression for the database."""
    bound = ExpressionWrapper(
        Value(now, DateTimeField()) - OfflineAfter(F("state__cadence_s")), output_field=DateTimeField()
    )
    return Case(
        When(state=None, then=Value(Status.WAITING)),
        When(state__recorded_at__lt=bound, then=Value(Status.OFFLINE)),
        When(at_risk(), then=Value(Status.RISK)),
        When(state__moved_at__lt=now - IDLE_AFTER, then=Value(Status.IDLE)),
        default=Value(Status.ACTIVE),
        output_field=CharField(),
    )


def devices_matching(
    environment: Environment, *, text: str = "", status: Status | None = None, now: datetime
) -> QuerySet[Device]:
    """Devices whose name or external id contains the text, loaded with their last position and their `risk`."""
    rows = Device.objects.for_environment(environment).filter(deleted_at=None).select_related("state")
    rows = rows.annotate(risk=risk_now())
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(external_id__icontains=text))
    if status:
        rows = rows.alias(status=status_at(now)).filter(status=status)
    return rows
