"""Usage records as they are, and a slow recount of the raw rows that shares no line with the counting."""

from datetime import UTC, datetime

from django.db import connection

from billing.meters.models import UsageRecord
from tracker.tenants import scope

Records = dict[tuple[str, datetime], int]

SLOW = {
    "fixes_accepted": """
        SELECT date_trunc('hour', received_at, 'UTC'), count(*) FROM tracker_position
        WHERE environment_id = %(environment)s GROUP BY 1""",
    "active_devices": """
        SELECT date_trunc('hour', first, 'UTC'), count(*) FROM (
            SELECT device_id, date_trunc('month', received_at, 'UTC') AS month, min(received_at) AS first
            FROM tracker_position WHERE environment_id = %(environment)s GROUP BY 1, 2
        ) AS firsts GROUP BY 1""",
    "geofence_evaluations": """
        SELECT date_trunc('hour', p.received_at, 'UTC'), count(*) FROM tracker_position p
        WHERE p.environment_id = %(environment)s AND EXISTS (
            SELECT 1 FROM tracker_geofenceversion v WHERE v.environment_id = p.environment_id
                AND v.effective_at <= p.recorded_at)
        GROUP BY 1""",
    "shipments_tracked": """
        SELECT date_trunc('hour', created_at, 'UTC'), count(*) FROM dispatch_shipment
        WHERE environment_id = %(environment)s GROUP BY 1""",
    "webhooks_delivered": """
        SELECT date_trunc('hour', first, 'UTC'), count(*) FROM (
            SELECT m.endpoint_id, m.event_id, min(m.ended_at) AS first FROM tracker_webhookmessage m
            JOIN tracker_outboxevent e ON e.id = m.event_id
            WHERE m.environment_id = %(environment)s AND m.state = 'delivered' AND e.kind <> 'webhook.test'
            GROUP BY 1, 2
        ) AS firsts GROUP BY 1""",
}


def records(environment_id: int) -> Records:
    """Quantities by meter and hour, those of nothing left out."""
    with scope.scope(unscoped="a test looks at everything"):
        rows = UsageRecord.objects.for_environment(environment_id).exclude(quantity=0)
        return {(row.meter, row.hour): row.quantity for row in rows}


def revisions(environment_id: int) -> dict[tuple[str, datetime], int]:
    """Revisions by meter and hour."""
    with scope.scope(unscoped="a test looks at everything"):
        rows = UsageRecord.objects.for_environment(environment_id)
        return {(row.meter, row.hour): row.revision for row in rows}


def slow_recount(environment_id: int) -> Records:
    """The same from the raw rows."""
    found: Records = {}
    with scope.scope(unscoped="a test looks at everything"), connection.cursor() as cursor:
        for meter, sql in SLOW.items():
            cursor.execute(sql, {"environment": environment_id})
            found |= {(meter, hour.astimezone(UTC)): count for hour, count in cursor.fetchall()}
    return found


def hour_at(moment_us: int) -> datetime:
    """The full hour of an instant in epoch microseconds."""
    at = datetime.fromtimestamp(moment_us / 1_000_000, UTC)
    return at.replace(minute=0, second=0, microsecond=0)
