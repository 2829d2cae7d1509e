"""The SQL texts for late fixes: what is stored around them, and what they change. Tested as `statements` are."""

from __future__ import annotations

# `real` columns are read as the shortest decimal that means them, as they were sent and as a state shows them
POSITION_FACTS = """
    recorded_at, received_at, request_id, ST_X(location) AS longitude, ST_Y(location) AS latitude,
    accuracy_m::text::float8 AS accuracy_m, altitude_m::text::float8 AS altitude_m,
    speed_mps::text::float8 AS speed_mps, heading_deg::text::float8 AS heading_deg,
    battery::text::float8 AS battery, charging, activity, permissions::text AS permissions, extra::text AS extra,
    moved_at"""
_AT = "timestamptz 'epoch' + wanted.{} * interval '1 microsecond'"
_OF_DEVICE = "p.environment_id = wanted.environment_id AND p.device_id = wanted.device_id"
# The outer bounds let the planner leave the other days' partitions alone; OFFSET 0 keeps it from turning index
# probes into a scan of whole partitions.
_WITHIN = "p.recorded_at >= %(first)s AND p.recorded_at <= %(last)s"
_INSTANTS = """
    FROM unnest(%(environments)s::bigint[], %(devices)s::bigint[], %(times_us)s::bigint[])
        WITH ORDINALITY AS wanted (environment_id, device_id, time_us, n)"""

ACCEPTED_BEFORE = f"""
    SELECT wanted.n, p.* {_INSTANTS}
    CROSS JOIN LATERAL (
        SELECT {POSITION_FACTS} FROM tracker_position p
        WHERE {_OF_DEVICE} AND p.recorded_at < {_AT.format("time_us")} AND {_WITHIN}
        ORDER BY p.recorded_at DESC LIMIT 1 OFFSET 0
    ) p"""  # noqa: S608 only the constants above are put in, here and below
ANCHORS = f"""
    SELECT wanted.n, p.* {_INSTANTS}
    CROSS JOIN LATERAL (
        SELECT recorded_at, ST_X(location) AS longitude, ST_Y(location) AS latitude FROM tracker_position p
        WHERE {_OF_DEVICE} AND p.recorded_at = {_AT.format("time_us")} AND {_WITHIN}
        LIMIT 1 OFFSET 0
    ) p"""  # noqa: S608
ACCEPTED_BETWEEN = f"""
    SELECT wanted.n, p.*
    FROM unnest(%(environments)s::bigint[], %(devices)s::bigint[], %(from_us)s::bigint[], %(to_us)s::bigint[],
            %(upto_us)s::bigint[], %(more)s::int[])
        WITH ORDINALITY AS wanted (environment_id, device_id, from_us, to_us, upto_us, more, n)
    CROSS JOIN LATERAL (
        (SELECT {POSITION_FACTS} FROM tracker_position p
        WHERE {_OF_DEVICE} AND p.recorded_at >= {_AT.format("from_us")} AND p.recorded_at <= {_AT.format("to_us")}
            AND {_WITHIN} ORDER BY p.recorded_at OFFSET 0)
        UNION ALL
        (SELECT {POSITION_FACTS} FROM tracker_position p
        WHERE {_OF_DEVICE} AND p.recorded_at > {_AT.format("to_us")} AND p.recorded_at <= {_AT.format("upto_us")}
            AND {_WITHIN} ORDER BY p.recorded_at LIMIT wanted.more OFFSET 0)
    ) p"""  # noqa: S608
ASIDE_BETWEEN = f"""
    SELECT wanted.n, p.*
    FROM unnest(%(environments)s::bigint[], %(devices)s::bigint[], %(from_us)s::bigint[], %(to_us)s::bigint[])
        WITH ORDINALITY AS wanted (environment_id, device_id, from_us, to_us, n)
    CROSS JOIN LATERAL (
        SELECT id, received_at, request_id, outcome, reason, detail, fix FROM tracker_setasidereport p
        WHERE {_OF_DEVICE} AND p.fix IS NOT NULL
            AND p.recorded_at >= {_AT.format("from_us")} AND p.recorded_at <= {_AT.format("to_us")} OFFSET 0
    ) p"""  # noqa: S608

# --- what changes ---

# one row a statement, sent together: each is planned for its own day's partition alone
WITHDRAW_POSITION = """
    DELETE FROM tracker_position WHERE environment_id = %s AND device_id = %s AND recorded_at = %s"""
RESTAND_POSITIONS = """
    UPDATE tracker_position SET moved_at = %s
    WHERE environment_id = %s AND device_id = %s AND recorded_at >= %s AND recorded_at <= %s"""
TAKE_UP_ASIDE = "DELETE FROM tracker_setasidereport WHERE id = ANY(%s::bigint[])"
REWORD_ASIDE = """
    UPDATE tracker_setasidereport a SET reason = said.reason, detail = said.detail
    FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS said (id, reason, detail) WHERE a.id = said.id"""
DROP_STATES = "DELETE FROM tracker_devicestate WHERE device_id = ANY(%s::bigint[])"
