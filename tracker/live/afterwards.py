"""Tells open maps what events changed of devices that no new position says: risk, zones, when they count as offline."""

from collections.abc import Sequence
from functools import partial

from django.db import connection, transaction

from tracker.devices.models import DeviceState
from tracker.devices.risk import risks_of
from tracker.devices.status import offline_after
from tracker.live.announce import announce_facts, announce_risks, announce_zones
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import public_id

RISKY = {kind for kind in Kind if kind.startswith("trip.") and kind != Kind.TRIP_ETA_CHANGED}
SILENCE = {Kind.DEVICE_SILENT, Kind.DEVICE_ONLINE}
ZONES_SQL = """
    SELECT d.uid, (extract(epoch FROM s.recorded_at) * 1000)::bigint,
           array_remove(array_agg(g.uid ORDER BY v.entered_at), NULL)
    FROM tracker_device d
    JOIN tracker_devicestate s ON s.device_id = d.id
    LEFT JOIN tracker_geofencevisit v
        ON v.environment_id = d.environment_id AND v.device_id = d.id AND v.exited_at IS NULL
    LEFT JOIN tracker_geofence g ON g.id = v.geofence_id
    WHERE d.environment_id = %s AND d.id = ANY(%s) AND d.deleted_at IS NULL
    GROUP BY d.uid, s.recorded_at
"""


def announce_after(environment_id: int, events: Sequence[OutboxEvent]) -> None:
    """Once the running transaction is kept, tell what these events of one environment changed."""
    risky = {e.device_id for e in events if e.kind in RISKY and e.device_id}
    # of what moved, the consumer tells with the position; a border that moved or a late fix comes without one
    placed = {e.device_id for e in events if e.device_id and _without_position(e)}
    silence = {e.device_id for e in events if e.kind in SILENCE and e.device_id}
    if risky or placed or silence:
        transaction.on_commit(partial(_announce, environment_id, risky, placed, silence))


def _without_position(event: OutboxEvent) -> bool:
    return event.kind == Kind.CROSSING_CORRECTED or event.data.get("cause") == "published"


def _announce(environment_id: int, risky: set[int], placed: set[int], silence: set[int]) -> None:
    if risky:
        risks = risks_of(environment_id, risky)
        announce_risks(environment_id, {device: risk.value for device, risk in risks.items()})
    if placed:
        announce_zones(environment_id, zones_of(environment_id, placed))
    rows = DeviceState.objects.for_environment(environment_id).filter(device__in=silence)
    for state in rows.select_related("device"):
        bound = int(offline_after(state.cadence_s).total_seconds())
        announce_facts(environment_id, state.device.public_id, offline_after_s=bound)


def zones_of(environment_id: int, devices: set[int]) -> list[tuple[str, list[str], int]]:
    """(public id, public ids of the geofences it is inside, `recorded_at` in epoch ms) of these devices."""
    with connection.cursor() as cursor:
        cursor.execute(ZONES_SQL, [environment_id, sorted(devices)])
        return [
            (public_id("dev", uid), [public_id("gf", zone) for zone in zones], recorded_at)
            for uid, recorded_at, zones in cursor.fetchall()
        ]
