"""Learns how often each device usually reports: a tick over the devices heard of lately, a few hundred at a time."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

HEARD_WITHIN = timedelta(minutes=15)  # the tick comes every ten
GAPS = 20  # the newest ones; their median passes over nights and tunnels
LEAST_GAPS = 5
LOOK_BACK = timedelta(days=7)  # bounds how many partitions a rare reporter is looked for in
WORTH_WRITING = 0.25  # a smaller change decides nothing, and each one is a row version
AT_ONCE = 500

# A row that the consumer holds is skipped and learned next time: waiting for it could be a deadlock.
LEARN = """
    WITH heard AS MATERIALIZED (
        SELECT device_id, environment_id, recorded_at, cadence_s
        FROM tracker_devicestate
        WHERE stored_at > %(since)s AND device_id > %(after)s
        ORDER BY device_id
        LIMIT %(at_once)s
    ), learned AS MATERIALIZED (
        SELECT heard.device_id, usual.gap_s
        FROM heard CROSS JOIN LATERAL (
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap_s) AS gap_s
            FROM (
                SELECT extract(epoch FROM recorded_at - lead(recorded_at) OVER (ORDER BY recorded_at DESC)) AS gap_s
                FROM (
                    SELECT p.recorded_at FROM tracker_position p
                    WHERE p.environment_id = heard.environment_id AND p.device_id = heard.device_id
                        AND p.recorded_at <= heard.recorded_at AND p.recorded_at > heard.recorded_at - %(look_back)s
                    ORDER BY p.recorded_at DESC
                    LIMIT %(positions)s
                ) AS newest
            ) AS gaps
            HAVING count(gap_s) >= %(least)s
        ) AS usual
        WHERE heard.cadence_s IS NULL OR abs(usual.gap_s - heard.cadence_s) > %(worth)s * heard.cadence_s
    ), free AS MATERIALIZED (
        SELECT s.device_id, learned.gap_s
        FROM tracker_devicestate s JOIN learned ON learned.device_id = s.device_id
        ORDER BY s.device_id
        FOR UPDATE OF s SKIP LOCKED
    ), written AS (
        UPDATE tracker_devicestate s SET cadence_s = free.gap_s FROM free WHERE s.device_id = free.device_id
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM heard), (SELECT max(device_id) FROM heard), (SELECT count(*) FROM written)
"""


def learn(*, now: datetime, at_once: int = AT_ONCE) -> int:
    """Note the median of each device's newest gaps, in seconds, where it became another; returns how many did."""
    facts: dict[str, Any] = {
        "since": now - HEARD_WITHIN,
        "at_once": at_once,
        "look_back": LOOK_BACK,
        "positions": GAPS + 1,
        "least": LEAST_GAPS,
        "worth": WORTH_WRITING,
    }
    after, written = 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LEARN, facts | {"after": after})
            heard, last, changed = cursor.fetchone()
        written += int(changed)
        if heard < at_once:
            return written
        after = last
