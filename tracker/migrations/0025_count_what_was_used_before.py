"""What the new counts would hold had they been kept from the beginning, as far as it can still be told.

By which key a report came, and which fixes were compared with geofences, was not kept.
"""

from django.db import migrations

COUNT = """
    SELECT set_config('milepost.unscoped', 'counts of all customers are made up for', true);
    INSERT INTO tracker_keyuse (environment_id, hour, what, key_id, lane, count)
    SELECT environment_id, date_trunc('hour', second, 'UTC'), outcome, 0, 0, sum(count)
    FROM tracker_outcomecount GROUP BY 1, 2, 3
    ON CONFLICT DO NOTHING;
    INSERT INTO tracker_activedevice (environment_id, month, device_id, first_received_at)
    SELECT environment_id, date_trunc('month', received_at AT TIME ZONE 'UTC')::date, device_id, min(received_at)
    FROM tracker_position GROUP BY 1, 2, 3
    ON CONFLICT DO NOTHING;
    INSERT INTO tracker_deliverycount (environment_id, hour, kind, count)
    SELECT environment_id, date_trunc('hour', first_at, 'UTC'), kind, count(*) FROM (
        SELECT m.environment_id, m.endpoint_id, m.event_id, e.kind, min(m.ended_at) AS first_at
        FROM tracker_webhookmessage m JOIN tracker_outboxevent e ON e.id = m.event_id
        WHERE m.state = 'delivered' AND m.ended_at IS NOT NULL AND e.kind <> 'webhook.test' GROUP BY 1, 2, 3, 4
    ) AS delivered GROUP BY 1, 2, 3
    ON CONFLICT DO NOTHING;
    INSERT INTO tracker_archivedbytes (environment_id, at, bytes)
    SELECT environment_id, archived_at, bytes FROM tracker_archivedday WHERE bytes > 0;
    SELECT set_config('milepost.unscoped', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0024_fence_use_and_let_the_edge_count_it")]

    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
