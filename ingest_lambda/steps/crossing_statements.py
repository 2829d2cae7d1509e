"""The SQL texts for devices among geofences: versions of the set, visits, crossings. Tested as `statements` are."""

from __future__ import annotations

_AT = "timestamptz 'epoch' + {} * interval '1 microsecond'"

# --- versions of the set ---

NEWEST_VERSIONS = """
    SELECT wanted.id, v.number FROM unnest(%s::bigint[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT number FROM tracker_geofenceversion v WHERE v.environment_id = wanted.id ORDER BY number DESC LIMIT 1
    ) v"""
VERSIONS_BEYOND = """
    SELECT v.environment_id, v.number, v.effective_at
    FROM unnest(%s::bigint[], %s::bigint[]) AS known (environment_id, number)
    JOIN tracker_geofenceversion v ON v.environment_id = known.environment_id AND v.number > known.number
    ORDER BY v.environment_id, v.number"""
MEMBERS = """
    SELECT v.number, m.shape_id FROM tracker_geofenceversion v
    JOIN tracker_geofenceversionmember m ON m.environment_id = v.environment_id AND m.version_id = v.id
    WHERE v.environment_id = %s AND v.number = ANY(%s::bigint[]) ORDER BY v.number, m.geofence_id"""
SHAPES = """
    SELECT s.id, s.geofence_id, g.uid, g.external_id, s.name, ST_AsBinary(s.geometry), s.margin_m, s.dwell_s
    FROM tracker_geofenceshape s JOIN tracker_geofence g ON g.id = s.geofence_id
    WHERE s.environment_id = %s AND s.id = ANY(%s::bigint[])"""
# Shared with all who write crossings; a publish takes it alone. In order, so that nobody deadlocks.
HOLD_SETS = "SELECT pg_advisory_xact_lock_shared(k) FROM unnest(%s::bigint[]) AS k"
GEOFENCES = """
    SELECT environment_id, id, uid, external_id FROM tracker_geofence
    WHERE environment_id = ANY(%s::bigint[]) AND id = ANY(%s::bigint[])"""

# --- the stored way of a device ---

# the real columns are widened exactly: a stored fix and the same one on its way in are equal
FIX_FACTS = """
    recorded_at, ST_X(location) AS longitude, ST_Y(location) AS latitude, accuracy_m::float8 AS accuracy_m,
    speed_mps::float8 AS speed_mps, coalesce(moved_at, recorded_at) AS moved_at"""
_WANTED = """
    FROM unnest(%(environments)s::bigint[], %(devices)s::bigint[], %(times_us)s::bigint[])
        WITH ORDINALITY AS wanted (environment_id, device_id, time_us, n)"""
_WITHIN = (
    "p.recorded_at >= %(first)s AND p.recorded_at <= %(last)s"  # lets the planner leave partitions alone
)
_OF_DEVICE = "p.environment_id = wanted.environment_id AND p.device_id = wanted.device_id"
# the last fix before a time, those of the look-back before that one, and a few more
FIXES_BEFORE = f"""
    SELECT wanted.n, p.* {_WANTED}
    CROSS JOIN LATERAL (
        SELECT recorded_at - %(look_back)s * interval '1 microsecond' AS since FROM tracker_position p
        WHERE {_OF_DEVICE} AND p.recorded_at < {_AT.format("wanted.time_us")} AND {_WITHIN}
        ORDER BY p.recorded_at DESC LIMIT 1 OFFSET 0
    ) last
    CROSS JOIN LATERAL (
        (SELECT {FIX_FACTS} FROM tracker_position p
        WHERE {_OF_DEVICE} AND p.recorded_at < {_AT.format("wanted.time_us")} AND p.recorded_at >= last.since
            AND {_WITHIN} ORDER BY p.recorded_at OFFSET 0)
        UNION ALL
        (SELECT {FIX_FACTS} FROM tracker_position p
        WHERE {_OF_DEVICE} AND p.recorded_at < last.since AND {_WITHIN}
        ORDER BY p.recorded_at DESC LIMIT %(most)s OFFSET 0)
    ) p"""  # noqa: S608 only the constants above are put in, here and below
FIXES_FROM = f"""
    SELECT wanted.n, p.* {_WANTED}
    CROSS JOIN LATERAL (
        SELECT {FIX_FACTS} FROM tracker_position p
        WHERE {_OF_DEVICE} AND p.recorded_at >= {_AT.format("wanted.time_us")} AND {_WITHIN}
        ORDER BY p.recorded_at LIMIT %(most)s OFFSET 0
    ) p"""  # noqa: S608

# --- visits and crossings as they are stored ---

_SPANS = """
    FROM unnest(%(environments)s::bigint[], %(devices)s::bigint[], %(from_us)s::bigint[], %(to_us)s::bigint[])
        WITH ORDINALITY AS span (environment_id, device_id, from_us, to_us, n)"""
# held: the tick that tells of long stays writes them too
VISITS = f"""
    SELECT span.n, v.id, v.geofence_id, v.entered_at, v.entered_decided_at, v.entered_version,
        v.exited_at, v.exited_decided_at, v.exited_version, v.dwell_due_at, v.dwelled_at
    {_SPANS}
    JOIN tracker_geofencevisit v ON v.environment_id = span.environment_id AND v.device_id = span.device_id
        AND v.entered_decided_at <= {_AT.format("span.to_us")}
        AND (v.exited_decided_at IS NULL OR v.exited_decided_at > {_AT.format("span.from_us")})
    ORDER BY v.id FOR UPDATE OF v"""
TOLD = f"""
    SELECT span.n, c.id, c.uid, c.kind, c.cause, c.from_geofence_id, c.to_geofence_id, c.occurred_at, c.decided_at,
        c.longitude, c.latitude, c.version, c.from_name, c.to_name
    {_SPANS}
    JOIN tracker_geofencecrossing c ON c.environment_id = span.environment_id AND c.device_id = span.device_id
        AND c.decided_at > {_AT.format("span.from_us")} AND c.decided_at <= {_AT.format("span.to_us")}
        AND c.superseded_at IS NULL AND c.kind <> 'withdrawn'
    ORDER BY c.id"""

# --- what is written ---

FORGET_VISITS = "DELETE FROM tracker_geofencevisit WHERE id = ANY(%s::bigint[])"
PUT_VISITS = f"""
    INSERT INTO tracker_geofencevisit
        (environment_id, device_id, geofence_id, entered_at, entered_decided_at, entered_version,
         exited_at, exited_decided_at, exited_version, dwell_due_at, dwelled_at)
    SELECT environment_id, device_id, geofence_id, {_AT.format("entered_us")}, {_AT.format("entered_decided_us")},
        entered_version, {_AT.format("exited_us")}, {_AT.format("exited_decided_us")}, exited_version,
        {_AT.format("due_us")}, {_AT.format("dwelled_us")}
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[],
            %s::bigint[], %s::bigint[], %s::int[], %s::bigint[], %s::bigint[])
        AS stay (environment_id, device_id, geofence_id, entered_us, entered_decided_us, entered_version,
            exited_us, exited_decided_us, exited_version, due_us, dwelled_us)
    ON CONFLICT (environment_id, device_id, geofence_id, entered_at) DO UPDATE SET
        entered_decided_at = excluded.entered_decided_at, entered_version = excluded.entered_version,
        exited_at = excluded.exited_at, exited_decided_at = excluded.exited_decided_at,
        exited_version = excluded.exited_version, dwell_due_at = excluded.dwell_due_at,
        dwelled_at = excluded.dwelled_at"""  # noqa: S608
SUPERSEDE = """
    UPDATE tracker_geofencecrossing SET superseded_at = %(now)s
    WHERE id = ANY(%(ids)s::bigint[]) AND superseded_at IS NULL"""
TELL_CROSSINGS = f"""
    INSERT INTO tracker_geofencecrossing
        (uid, environment_id, device_id, kind, cause, from_geofence_id, to_geofence_id, from_name, to_name,
         occurred_at, decided_at, longitude, latitude, version, corrects_id, received_at, request_id, stored_at)
    SELECT uid, environment_id, device_id, kind, cause, from_id, to_id, from_name, to_name,
        {_AT.format("occurred_us")}, {_AT.format("decided_us")}, longitude, latitude, version, corrects_id,
        {_AT.format("received_us")}, request_id, {_AT.format("stored_us")}
    FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],
            %s::text[], %s::bigint[], %s::bigint[], %s::float8[], %s::float8[], %s::int[], %s::bigint[], %s::bigint[],
            %s::uuid[], %s::bigint[])
        AS told (uid, environment_id, device_id, kind, cause, from_id, to_id, from_name, to_name,
            occurred_us, decided_us, longitude, latitude, version, corrects_id, received_us, request_id, stored_us)"""  # noqa: S608
RECORD_EVENTS = f"""
    INSERT INTO tracker_outboxevent (environment_id, kind, device_id, data, occurred_at, request_id)
    SELECT environment_id, kind, device_id, data::jsonb, {_AT.format("occurred_us")}, request_id
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::uuid[])
        AS happened (environment_id, kind, device_id, data, occurred_us, request_id)"""  # noqa: S608
MOVE_PRESENCES = """
    UPDATE tracker_devicestate s SET presence = said.presence
    FROM unnest(%s::bigint[], %s::bytea[]) AS said (device_id, presence) WHERE s.device_id = said.device_id"""
