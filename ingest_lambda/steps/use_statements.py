"""The SQL texts for what is charged for: uses by key and hour, devices active in a month."""

from __future__ import annotations

# What changes an hour that is long over carries the changing transaction: whoever charges by the hour looks at the
# hours at hand anyway, and finds the others by it. A column that stays null in the usual case costs no index.
COUNT_USES = """
    INSERT INTO tracker_keyuse AS u (environment_id, hour, what, key_id, lane, count, late_by)
    SELECT environment_id, to_timestamp(hour * 3600), what, key_id, %s, count,
        CASE WHEN to_timestamp(hour * 3600) < now() - interval '70 minutes'
            THEN pg_current_xact_id()::text::bigint END
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[])
        AS used (environment_id, hour, what, key_id, count)
    ON CONFLICT (environment_id, hour, what, key_id, lane)
        DO UPDATE SET count = u.count + excluded.count, late_by = coalesce(excluded.late_by, u.late_by)"""
NOTE_ACTIVE = """
    INSERT INTO tracker_activedevice AS a (environment_id, month, device_id, first_received_at)
    SELECT environment_id, (to_timestamp(month) AT TIME ZONE 'UTC')::date, device_id,
        timestamptz 'epoch' + received_us * interval '1 microsecond'
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
        AS active (environment_id, month, device_id, received_us)
    ON CONFLICT (environment_id, month, device_id) DO UPDATE SET first_received_at = excluded.first_received_at
        WHERE excluded.first_received_at < a.first_received_at"""
