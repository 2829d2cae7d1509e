"""Every SQL text of the edge. Django's migrations own the tables; a test runs each against their schema."""

from __future__ import annotations

POSITION_COLUMNS = (
    "environment_id, device_id, recorded_at, received_at, stored_at, location,"
    " accuracy_m, altitude_m, speed_mps, heading_deg, battery, charging, activity, permissions, extra, request_id,"
    " moved_at"
)
STATE_COLUMNS = (
    "device_id, environment_id, recorded_at, received_at, stored_at, longitude, latitude,"
    " accuracy_m, altitude_m, speed_mps, heading_deg, battery, charging, activity,"
    " moved_at, anchor_longitude, anchor_latitude,"
    " suspect_recorded_at, suspect_longitude, suspect_latitude, suspect_count, judged_to, presence"
)
SET_ASIDE_COLUMNS = (
    "environment_id, device_id, external_id, outcome, reason, detail, payload,"
    " recorded_at, received_at, stored_at, request_id, fix"
)

# --- the session ---

# Statements of a session and not options of its connection, which Amazon's RDS Proxy does not take. Custom plans:
# a generic plan of a table by day would open every day's partition each time.
SETTINGS = "SET plan_cache_mode = force_custom_plan; SET jit = off; SET timezone = 'UTC'; SET statement_timeout = 60000"

STAGE_STATES = """
    CREATE TEMPORARY TABLE IF NOT EXISTS staged_state (
        device_id bigint, environment_id bigint,
        recorded_at timestamptz, received_at timestamptz, stored_at timestamptz, longitude float8, latitude float8,
        accuracy_m real, altitude_m real, speed_mps real, heading_deg real,
        battery real, charging boolean, activity text,
        moved_at timestamptz, anchor_longitude float8, anchor_latitude float8,
        suspect_recorded_at timestamptz, suspect_longitude float8, suspect_latitude float8, suspect_count smallint,
        judged_to timestamptz, presence bytea
    ) ON COMMIT DELETE ROWS"""
TRY_LANE_LOCK = "SELECT pg_try_advisory_lock(%s, %s)"
LANE_UNLOCK = "SELECT pg_advisory_unlock(%s, %s)"

# --- progress of a lane ---

PROGRESS = "SELECT entry_id, entry_index FROM tracker_streamprogress WHERE lane = %s"
LOCK_PROGRESS = PROGRESS + " FOR UPDATE"
BEGIN_PROGRESS = """
    INSERT INTO tracker_streamprogress (lane, entry_id, entry_index, updated_at)
    VALUES (%s, '0-0', 0, now()) ON CONFLICT (lane) DO NOTHING"""
SAVE_PROGRESS = """
    UPDATE tracker_streamprogress SET entry_id = %s, entry_index = %s, updated_at = now() WHERE lane = %s"""

# --- who is it ---

KEYS = """
    SELECT id, environment_id FROM tracker_key
    WHERE id = ANY(%s::bigint[]) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"""
KEYS_USED = """
    UPDATE tracker_key SET last_used_at = %(now)s
    WHERE id = ANY(%(ids)s::bigint[]) AND (last_used_at IS NULL OR last_used_at < %(now)s - interval '1 minute')"""
ENVIRONMENTS = """
    SELECT id, accuracy_bound_m::float8, speed_bound_mps::float8, retention_days, intake <> 'open',
        intake = 'stopped', intake_keeps_one_in
    FROM tracker_environment WHERE id = ANY(%s::bigint[])"""
FIND_DEVICES = """
    SELECT d.environment_id, d.external_id, d.id, d.uid
    FROM unnest(%s::bigint[], %s::text[]) AS wanted (environment_id, external_id)
    JOIN tracker_device d ON d.environment_id = wanted.environment_id AND d.external_id = wanted.external_id"""
# sorted, so that two workers registering the same devices wait for one another instead of deadlocking
REGISTER_DEVICES = """
    INSERT INTO tracker_device
        (environment_id, external_id, name, model, os, app_version, wire_format, uid, metadata, registered_at)
    SELECT environment_id, external_id, name, model, os, app_version, wire_format, gen_random_uuid(), '{}', now()
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS wanted (environment_id, external_id, name, model, os, app_version, wire_format)
    ORDER BY environment_id, external_id
    ON CONFLICT DO NOTHING
    RETURNING environment_id, external_id, id, uid, name"""
# a name is taken from the device only while there is none: what a person wrote stays
UPDATE_DEVICES = """
    UPDATE tracker_device d
    SET name = CASE WHEN d.name = '' THEN coalesce(said.name, '') ELSE d.name END,
        model = coalesce(said.model, d.model), os = coalesce(said.os, d.os),
        app_version = coalesce(said.app_version, d.app_version)
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS said (id, name, model, os, app_version)
    WHERE d.id = said.id AND (
        (d.name = '' AND said.name <> '') OR said.model <> d.model OR said.os <> d.os
        OR said.app_version <> d.app_version)"""
WIRE_FORMATS = """
    UPDATE tracker_device d SET wire_format = said.wire_format
    FROM unnest(%s::bigint[], %s::text[]) AS said (id, wire_format)
    WHERE d.id = said.id AND d.wire_format <> said.wire_format"""
# A device that came in by its certificate names itself by its public id alone. It is looked up once by a worker;
# whether a certificate is in force is asked again every two seconds.
CERTIFIED_DEVICES = """
    SELECT d.uid, d.environment_id, d.external_id FROM tracker_device d WHERE d.uid = ANY(%s::uuid[])"""
CERTIFICATES_IN_FORCE = """
    SELECT DISTINCT d.uid FROM unnest(%(environments)s::bigint[], %(uids)s::uuid[]) AS wanted (environment_id, uid)
    JOIN tracker_device d ON d.environment_id = wanted.environment_id AND d.uid = wanted.uid
    JOIN tracker_devicecertificate c ON c.environment_id = d.environment_id AND c.device_id = d.id
    WHERE c.revoked_at IS NULL AND c.expires_at > %(now)s"""
# Taken in order and held to the end: whoever else has fixes of the same device waits, and then sees what we did.
STATES = """
    SELECT s.device_id, d.deleted_at IS NOT NULL, d.wire_format, d.speed_unit,
        s.recorded_at, s.longitude, s.latitude, s.accuracy_m, s.speed_mps,
        s.suspect_recorded_at, s.suspect_longitude, s.suspect_latitude, s.suspect_count,
        s.moved_at, s.anchor_longitude, s.anchor_latitude, coalesce(s.judged_to, s.recorded_at),
        s.presence
    FROM tracker_devicestate s JOIN tracker_device d ON d.id = s.device_id
    WHERE s.device_id = ANY(%s::bigint[]) ORDER BY s.device_id FOR NO KEY UPDATE OF s"""
# a device without a state is held by its row in the register
STATELESS = """
    SELECT id, deleted_at IS NOT NULL, wire_format, speed_unit FROM tracker_device
    WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"""

# --- what is written ---

COPY_POSITIONS = f"COPY tracker_position ({POSITION_COLUMNS}) FROM STDIN (FORMAT binary)"
COPY_SET_ASIDE = f"COPY tracker_setasidereport ({SET_ASIDE_COLUMNS}) FROM STDIN (FORMAT binary)"
COPY_STATES = f"COPY staged_state ({STATE_COLUMNS}) FROM STDIN (FORMAT binary)"
_OVERWRITE = ", ".join(
    f"{column} = excluded.{column}" for column in STATE_COLUMNS.replace(" ", "").split(",")[2:]
)
# staged as `real`, stored as the shortest decimal of it: the state shows what the history keeps, whoever wrote it
_STAGED = STATE_COLUMNS
for _real in ("accuracy_m", "altitude_m", "speed_mps", "heading_deg", "battery"):
    _STAGED = _STAGED.replace(f" {_real},", f" {_real}::text::float8,")
CLEAR_STAGED = "DELETE FROM staged_state"
# One that is to go back is deleted before: no other statement moves a state back.
MOVE_STATES = f"""
    INSERT INTO tracker_devicestate AS s ({STATE_COLUMNS})
    SELECT {_STAGED} FROM staged_state
    ON CONFLICT (device_id) DO UPDATE SET {_OVERWRITE}
    WHERE excluded.recorded_at >= s.recorded_at"""  # noqa: S608 only the constants above are put in
SUSPECT_STATES = """
    UPDATE tracker_devicestate s
    SET suspect_recorded_at = timestamptz 'epoch' + jump.suspect_us * interval '1 microsecond',
        suspect_longitude = jump.longitude, suspect_latitude = jump.latitude, suspect_count = jump.count,
        judged_to = timestamptz 'epoch' + jump.judged_us * interval '1 microsecond'
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::float8[], %s::float8[], %s::smallint[], %s::bigint[])
        AS jump (device_id, recorded_us, suspect_us, longitude, latitude, count, judged_us)
    WHERE s.device_id = jump.device_id
        AND s.recorded_at = timestamptz 'epoch' + jump.recorded_us * interval '1 microsecond'"""
COUNT_OUTCOMES = """
    INSERT INTO tracker_outcomecount AS c (environment_id, second, outcome, reason, lane, count)
    SELECT environment_id, to_timestamp(second), outcome, reason, %s, count
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[])
        AS ended (environment_id, second, outcome, reason, count)
    ON CONFLICT (environment_id, second, outcome, reason, lane) DO UPDATE SET count = c.count + excluded.count"""
NOTE_TRACES = """
    INSERT INTO tracker_tracedrequest (environment_id, trace_id, request_id, received_at)
    SELECT environment_id, trace_id, request_id, timestamptz 'epoch' + received_us * interval '1 microsecond'
    FROM unnest(%s::bigint[], %s::uuid[], %s::uuid[], %s::bigint[])
        AS noted (environment_id, trace_id, request_id, received_us)
    ON CONFLICT DO NOTHING"""
PARK_DEAD = """
    INSERT INTO tracker_deadletter
        (environment_id, lane, entry_id, entry_index, reason, error, payload, request_id, received_at, fixes,
         created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now())"""

# --- records a stream may deliver again ---

TAKE_ONCE = """
    INSERT INTO tracker_consumedrecord (request_id, part, received_at)
    SELECT request_id, part, now() FROM unnest(%s::uuid[], %s::smallint[]) AS came (request_id, part)
    ORDER BY request_id, part
    ON CONFLICT DO NOTHING
    RETURNING request_id, part"""

# --- dead letters driven again ---

# Whoever is second finds the row locked and takes the next one. Those that had to wait the last time come last.
ASKED_LETTER = """
    SELECT id, environment_id, lane, entry_id, entry_index, payload, fixes, received_at, created_at
    FROM tracker_deadletter
    WHERE redrive_asked_at IS NOT NULL AND redriven_at IS NULL AND NOT id = ANY(%s::bigint[])
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"""
LETTER_REDRIVEN = """
    UPDATE tracker_deadletter SET redriven_at = %(now)s, redrive_error = ''
    WHERE id = %(id)s AND redriven_at IS NULL"""
LETTER_FAILED_AGAIN = """
    UPDATE tracker_deadletter SET redrive_asked_at = NULL, redrive_error = %(error)s
    WHERE id = %(id)s AND redriven_at IS NULL"""
# keys as they were when a letter was parked: one revoked since must not cost what it had let in
KEYS_AT = """
    SELECT id, environment_id FROM tracker_key
    WHERE id = ANY(%(ids)s::bigint[]) AND (revoked_at IS NULL OR revoked_at > %(now)s)
        AND (expires_at IS NULL OR expires_at > %(now)s)"""
CERTIFICATES_AT = """
    SELECT DISTINCT d.uid FROM unnest(%(environments)s::bigint[], %(uids)s::uuid[]) AS wanted (environment_id, uid)
    JOIN tracker_device d ON d.environment_id = wanted.environment_id AND d.uid = wanted.uid
    JOIN tracker_devicecertificate c ON c.environment_id = d.environment_id AND c.device_id = d.id
    WHERE (c.revoked_at IS NULL OR c.revoked_at > %(now)s) AND c.expires_at > %(now)s"""
