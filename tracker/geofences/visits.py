"""Reads on what devices did among geofences: visits as known now, and crossings as they were told."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from tracker.devices.models import Device
from tracker.geofences.models import Geofence, GeofenceCrossing, GeofenceVisit
from tracker.geofences.naming import last_name
from tracker.geofences.references import reference_in

CLOCKS_AHEAD = timedelta(minutes=10)  # nothing is told longer before it happened; see the judge's bound


class Wanted(NamedTuple):
    """What a caller wants to know of one environment; a device or a geofence that is None stands for all."""

    environment_id: int
    since: datetime
    until: datetime
    device: Device | None = None
    geofence: Geofence | None = None


def geofence_of_any_time(environment_id: int, text: str) -> Geofence | None:
    """The geofence that a caller names, also one that was retired: what happened there stays."""
    reference = reference_in(text)
    if reference is None:
        return None
    return Geofence.objects.for_environment(environment_id).filter(**reference).first()


def crossings_told(
    wanted: Wanted, *, superseded: bool, after: tuple[datetime, int] | None, limit: int
) -> list[GeofenceCrossing]:
    """Up to `limit` crossings that occurred in the time wanted, in the order they were told; devices are loaded.

    Without `superseded` only those believed now; with it also those taken back, and the rows that take them back.
    `after` is when the last one of the page before was told, and its row.
    """
    rows = GeofenceCrossing.objects.for_environment(wanted.environment_id).filter(
        occurred_at__gte=wanted.since,
        occurred_at__lt=wanted.until,
        stored_at__gte=wanted.since - CLOCKS_AHEAD,
        device__deleted_at=None,
    )
    if not superseded:
        rows = rows.filter(superseded_at=None).exclude(kind=GeofenceCrossing.Kind.WITHDRAWN)
    if wanted.device is not None:
        rows = rows.filter(device=wanted.device)
    if wanted.geofence is not None:
        rows = rows.filter(Q(from_geofence=wanted.geofence) | Q(to_geofence=wanted.geofence))
    if after is not None:
        rows = rows.filter(Q(stored_at__gt=after[0]) | Q(stored_at=after[0], pk__gt=after[1]))
    loaded = rows.select_related("device", "from_geofence", "to_geofence", "corrects")
    return list(loaded.order_by("stored_at", "pk")[:limit])


def visits_known(wanted: Wanted, *, after: tuple[datetime, int] | None, limit: int) -> list[GeofenceVisit]:
    """Up to `limit` visits that went on at any moment of the time wanted, in the order they began.

    Devices and geofences are loaded, each visit has its geofence's last `name`. `after` is when the last one of the
    page before began, and its row.
    """
    rows = GeofenceVisit.objects.for_environment(wanted.environment_id).filter(
        Q(exited_at=None) | Q(exited_at__gt=wanted.since),
        entered_at__lt=wanted.until,
        device__deleted_at=None,
    )
    if wanted.device is not None:
        rows = rows.filter(device=wanted.device)
    if wanted.geofence is not None:
        rows = rows.filter(geofence=wanted.geofence)
    if after is not None:
        rows = rows.filter(Q(entered_at__gt=after[0]) | Q(entered_at=after[0], pk__gt=after[1]))
    loaded = rows.select_related("device", "geofence").annotate(name=last_name())
    return list(loaded.order_by("entered_at", "pk")[:limit])
