"""Reads of how many stops were planned, by the hour in which the plan was ready."""

from datetime import datetime
from typing import Any

from django.db import connection

from tracker.tenants.hourly import HourCount

PLANNED = """
    SELECT environment_id, date_trunc('hour', finished_at, 'UTC'), sum((facts->>'planned')::bigint)::bigint
    FROM dispatch_planrun
    WHERE state IN ('done', 'stopped') AND finished_at >= %(first)s AND finished_at < %(last)s
        AND facts ? 'planned' {which}
    GROUP BY 1, 2"""


def stops_planned_by_hour(
    first: datetime, last: datetime, environment_id: int | None = None
) -> list[HourCount]:
    """Stops of the plans that were ready in [first, last). A run that was begun again is one run."""
    which = "" if environment_id is None else "AND environment_id = %(environment)s"
    facts: dict[str, Any] = {"first": first, "last": last, "environment": environment_id}
    with connection.cursor() as cursor:
        cursor.execute(PLANNED.format(which=which), facts)
        return [HourCount(*row) for row in cursor.fetchall()]
