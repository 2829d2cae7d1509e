"""Reads for the live check: has anything come from this device, and what became of it."""

from datetime import datetime
from typing import Any

from tracker.devices.models import DeviceState
from tracker.ingestion.models import SetAsideReport
from tracker.ingestion.reasons import reason_of
from tracker.tenants.models import Environment


def first_fix(environment: Environment, external_id: str, *, since: datetime) -> dict[str, Any]:
    """What has come since then: the last position, or else why the newest report was set aside.

    What could not be told to belong to any device is looked at too: a request that was not understood names none.
    """
    state = (
        DeviceState.objects.for_environment(environment)
        .filter(device__external_id=external_id, device__deleted_at=None, received_at__gte=since)
        .first()
    )
    if state is not None:
        return {"arrived": True}
    aside = (
        SetAsideReport.objects.for_environment(environment)
        .filter(external_id__in=[external_id, ""], received_at__gte=since)
        .order_by("-pk")
        .first()
    )
    if aside is None:
        return {"arrived": False}
    reason = reason_of(aside.reason)
    return {"arrived": False, "reason": reason.title, "detail": aside.detail, "advice": reason.advice}
