"""Reads of how many bytes the archive held, hour by hour."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from tracker.positions.models import ArchivedBytes
from tracker.tenants.hourly import HourCount

HOUR = timedelta(hours=1)
# what it held before the span, once, and then the changes within
LEVELS = """
    WITH changed AS (
        SELECT environment_id, greatest(date_trunc('hour', at, 'UTC'), %(first)s) AS hour, sum(bytes) AS bytes
        FROM tracker_archivedbytes WHERE at < %(last)s {which} GROUP BY 1, 2
    )
    SELECT e.environment_id, h.hour, sum(c.bytes)::bigint
    FROM (SELECT DISTINCT environment_id FROM changed) AS e
    CROSS JOIN generate_series(%(first)s, %(last)s - interval '1 second', interval '1 hour') AS h(hour)
    JOIN changed c ON c.environment_id = e.environment_id AND c.hour <= h.hour
    GROUP BY 1, 2"""


def archived_bytes_by_hour(
    first: datetime, last: datetime, environment_id: int | None = None
) -> list[HourCount]:
    """The bytes held at the end of each hour in [first, last), of one environment or of all that hold any."""
    which = "" if environment_id is None else "AND environment_id = %(environment)s"
    facts: dict[str, Any] = {"first": first, "last": last, "environment": environment_id}
    with connection.cursor() as cursor:
        cursor.execute(LEVELS.format(which=which), facts)
        return [HourCount(*row) for row in cursor.fetchall()]


def has_changed_since(moment: datetime) -> bool:
    """Whether any customer's archive grew or shrank since."""
    return ArchivedBytes.objects.unscoped("one question for all customers").filter(at__gte=moment).exists()
