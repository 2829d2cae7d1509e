"""Ends the visits of geofences that a publish retires, in its transaction: no device need report for that.

The consumer comes to the same crossing from a device's next fix, and finds it told. Between the two stands an advisory
lock on the environment's set: who writes crossings shares it, who publishes waits for them and has it alone until the
commit. Without it a device that enters while we look would stay inside for ever.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from ingest_lambda.presence.telling import lock_key, retired_crossing
from tracker.geofences.dwell import tell_dwells
from tracker.geofences.models import GeofenceVersion, GeofenceVersionMember, GeofenceVisit
from tracker.geofences.telling import News, microseconds, names_at, tell


def hold_set(environment_id: int) -> None:
    """Wait for the crossings being written in the environment, and let nobody write more until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key(environment_id)])


def retire(version: GeofenceVersion, *, now: datetime) -> int:
    """End the visits under way in geofences that `version` no longer has, at the moment it comes into force.

    To be called last in the transaction that makes the version, with the set held. Returns how many it ended.
    """
    with transaction.atomic():
        rows = _under_way(version)
        if not rows:
            return 0
        long = [row for row in rows if row.dwelled_at is None and _is_long(row, version.effective_at)]
        if long:
            tell_dwells(long, now=now)
        ended = GeofenceVisit.objects.for_environment(version.environment_id)
        ended.filter(pk__in=[row.pk for row in rows]).update(
            exited_at=version.effective_at,
            exited_decided_at=version.effective_at,
            exited_version=version.number,
        )
        tell(_news(version, rows), now=now)
    return len(rows)


def _under_way(version: GeofenceVersion) -> list[GeofenceVisit]:
    kept = GeofenceVersionMember.objects.for_environment(version.environment_id).filter(
        version_id=version.pk, geofence_id=OuterRef("geofence_id")
    )
    visits = GeofenceVisit.objects.for_environment(version.environment_id).filter(
        ~Exists(kept),
        # one that begins later, by a clock that runs ahead, is decided again by the consumer
        entered_decided_at__lt=version.effective_at,
        exited_at=None,
        device__deleted_at=None,
    )
    return list(visits.select_related("device").select_for_update(of=("self",)).order_by("pk"))


def _is_long(row: GeofenceVisit, until: datetime) -> bool:
    return row.dwell_due_at is not None and row.dwell_due_at <= until


def _news(version: GeofenceVersion, rows: Sequence[GeofenceVisit]) -> list[News]:
    effective_us = microseconds(version.effective_at)
    keys = {(row.geofence_id, version.number) for row in rows}
    names = names_at(version.environment_id, keys)
    return [
        News(
            row.device,
            retired_crossing(row.geofence_id, effective_us, version.number),
            origin=names.get((row.geofence_id, version.number)),
        )
        for row in rows
    ]
