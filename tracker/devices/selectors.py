"""Reads about devices for the API."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q

from tracker.devices.listing import devices_matching
from tracker.devices.models import Device, DeviceState
from tracker.devices.references import BadReference, DeviceReference, parse_reference
from tracker.devices.status import Status
from tracker.tenants.models import Environment


def find_device(environment: Environment, reference: str, *, now: datetime) -> Device | None:
    """The device that `dev_…` or `external:…` names, its last position loaded; None where there is none."""
    try:
        named = parse_reference(reference)
    except BadReference:
        return None
    return devices_matching(environment, now=now).filter(_is(named)).first()


def device_by_external_id(environment: Environment | int, external_id: str) -> Device | None:
    """The device its owner calls so, deleted or not."""
    return Device.objects.for_environment(environment).filter(external_id=external_id).first()


def how_many_report(environment: Environment | int, external_ids: Sequence[str]) -> int:
    """Of the devices their owner calls so, how many ever reported a position that was kept."""
    rows = DeviceState.objects.for_environment(environment)
    return rows.filter(
        device__external_id__in=external_ids, device__environment_id=F("environment_id")
    ).count()


def devices_after(
    environment: Environment,
    *,
    after: uuid.UUID | None,
    limit: int,
    now: datetime,
    text: str | None = None,
    external_id: str | None = None,
    status: str | None = None,
    updated_since: datetime | None = None,
) -> list[Device]:
    """Up to `limit` devices in the order they were registered, those behind the device with the uid `after`."""
    rows = devices_matching(environment, text=text or "", status=Status(status) if status else None, now=now)
    if external_id is not None:
        rows = rows.filter(external_id=external_id)
    if updated_since is not None:
        rows = rows.filter(Q(state__stored_at__gte=updated_since) | Q(registered_at__gte=updated_since))
    if after is not None:
        # a deleted device keeps its row, so the place is there even when its device has gone meanwhile
        place = Device.objects.for_environment(environment).filter(uid=after).values("pk")
        rows = rows.filter(pk__gt=place)
    return list(rows.order_by("pk")[:limit])


def _is(named: DeviceReference) -> Q:
    if named.uid is not None:
        return Q(uid=named.uid)
    return Q(external_id=named.external_id)
