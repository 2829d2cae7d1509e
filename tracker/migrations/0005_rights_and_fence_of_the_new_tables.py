"""What the consumer may do with the new tables, the fence around certificates, and a cheap way to rows by age.

The consumer judges again what follows a late fix: it may now take positions and set-aside reports back out, and
counts it had added.
"""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.{0}', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR environment_id = {SETTING.format('environment_id')}"

FENCE = f"""
    ALTER TABLE tracker_devicecertificate ENABLE ROW LEVEL SECURITY;
    ALTER TABLE tracker_devicecertificate FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON tracker_devicecertificate USING ({RULE}) WITH CHECK ({RULE});
    CREATE POLICY the_edge_reads_all ON tracker_devicecertificate FOR SELECT TO milepost_edge USING (true);
"""
UNFENCE = """
    DROP POLICY the_edge_reads_all ON tracker_devicecertificate;
    DROP POLICY whose_data_it_is ON tracker_devicecertificate;
    ALTER TABLE tracker_devicecertificate NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE tracker_devicecertificate DISABLE ROW LEVEL SECURITY;
"""
RIGHTS = """
    GRANT SELECT ON tracker_devicecertificate TO milepost_edge;
    GRANT SELECT, INSERT ON tracker_tracedrequest, tracker_consumedrecord TO milepost_edge;
    GRANT UPDATE, DELETE ON tracker_position TO milepost_edge;
    GRANT UPDATE, DELETE ON tracker_setasidereport TO milepost_edge;
    GRANT UPDATE ON tracker_deadletter TO milepost_edge;
    GRANT DELETE ON tracker_devicestate TO milepost_edge;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO milepost_edge;
"""
NO_RIGHTS = """
    REVOKE DELETE ON tracker_devicestate FROM milepost_edge;
    REVOKE UPDATE ON tracker_deadletter FROM milepost_edge;
    REVOKE UPDATE, DELETE ON tracker_setasidereport FROM milepost_edge;
    REVOKE UPDATE, DELETE ON tracker_position FROM milepost_edge;
    REVOKE ALL ON tracker_tracedrequest, tracker_consumedrecord, tracker_devicecertificate FROM milepost_edge;
"""
# rows enter a partition in the order they are stored, so a block range index of a few pages finds them by age
BY_AGE = "CREATE INDEX tracker_position_stored_at ON tracker_position USING brin (stored_at) WITH (pages_per_range = 32)"
NOT_BY_AGE = "DROP INDEX tracker_position_stored_at"


class Migration(migrations.Migration):
    dependencies = [("tracker", "0004_certificates_lines_limits_and_letters")]

    operations = [
        migrations.RunSQL(FENCE, UNFENCE),
        migrations.RunSQL(RIGHTS, NO_RIGHTS),
        migrations.RunSQL(BY_AGE, NOT_BY_AGE),
    ]
