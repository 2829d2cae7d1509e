"""Row-level security on the control tables, and each database role's rights.

The roles are made with the cluster, before the first migration: `milepost_app` serves web, live and worker,
`milepost_edge` the stream's consumer. Neither owns a table, so security binds both; FORCE binds the owner too.
A policy compares a row with settings that last one transaction (`tracker.tenants.scope`).
"""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.{0}', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
TENANT, ENVIRONMENT, USER = (
    SETTING.format("tenant_id"),
    SETTING.format("environment_id"),
    SETTING.format("user_id"),
)

RULES = {
    # a person finds their own places before a tenant is chosen
    "tracker_membership": f"{UNSCOPED} OR tenant_id = {TENANT} OR user_id = {USER}",
    "tracker_invitation": f"{UNSCOPED} OR tenant_id = {TENANT}",
    # an environment's scope shows its keys alone; a tenant's shows the keys of all its environments
    "tracker_key": f"{UNSCOPED} OR environment_id = {ENVIRONMENT} OR ({ENVIRONMENT} IS NULL AND tenant_id = {TENANT})",
}
EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


def fence(table: str, rule: str) -> str:
    return f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY whose_data_it_is ON {table} USING ({rule}) WITH CHECK ({rule});
    """


def unfence(table: str) -> str:
    return f"""
        DROP POLICY whose_data_it_is ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """


APP = f"""
    GRANT USAGE ON SCHEMA public TO milepost_app;
    GRANT {EVERYTHING} ON ALL TABLES IN SCHEMA public TO milepost_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO milepost_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {EVERYTHING} ON TABLES TO milepost_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO milepost_app;
    REVOKE INSERT, UPDATE ON tracker_position FROM milepost_app;
    REVOKE ALL ON FUNCTION tracker_keep_position_partitions(int, int) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION tracker_keep_position_partitions(int, int) TO milepost_app;
"""
EDGE = """
    GRANT USAGE ON SCHEMA public TO milepost_edge;
    GRANT SELECT ON tracker_tenant, tracker_environment, tracker_key TO milepost_edge;
    GRANT UPDATE (last_used_at) ON tracker_key TO milepost_edge;
    GRANT SELECT, INSERT, UPDATE ON tracker_device, tracker_devicestate, tracker_outcomecount,
        tracker_streamprogress TO milepost_edge;
    GRANT SELECT, INSERT ON tracker_position, tracker_setasidereport, tracker_deadletter TO milepost_edge;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO milepost_edge;
    CREATE POLICY the_edge_reads_all ON tracker_key FOR SELECT TO milepost_edge USING (true);
    CREATE POLICY the_edge_notes_use ON tracker_key FOR UPDATE TO milepost_edge USING (true);
"""
AWAY = """
    DROP POLICY the_edge_notes_use ON tracker_key;
    DROP POLICY the_edge_reads_all ON tracker_key;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM milepost_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM milepost_app;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM milepost_app, milepost_edge;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM milepost_app, milepost_edge;
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0002_positions_by_day")]

    operations = [
        *(migrations.RunSQL(fence(table, rule), unfence(table)) for table, rule in RULES.items()),
        migrations.RunSQL(APP + EDGE, AWAY),
    ]
