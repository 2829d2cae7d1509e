"""Devices that were there before their conditions were watched begin as they are, so that nobody is told of the past."""

from django.db import migrations

# quiet for longer than 15 minutes is silent; under 15 % and not charging is low
AS_THEY_ARE = """
    INSERT INTO tracker_devicecondition (device_id, environment_id, silent_since, battery_low_since, told_at)
    SELECT device_id, environment_id,
        CASE WHEN recorded_at < now() - interval '15 minutes' THEN recorded_at END,
        CASE WHEN battery < 0.15 AND charging IS NOT TRUE THEN recorded_at END,
        now()
    FROM tracker_devicestate
    ON CONFLICT (device_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0011_number_events_by_their_transaction")]

    operations = [migrations.RunSQL(AS_THEY_ARE, migrations.RunSQL.noop)]
