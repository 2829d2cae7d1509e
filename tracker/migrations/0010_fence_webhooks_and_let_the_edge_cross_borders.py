"""The fence around webhooks and repeated answers, and what the consumer may do with geofences and the outbox.

Tables with geometry have no row-level security: it would keep their spatial operators off the indexes.
"""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.{0}', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR environment_id = {SETTING.format('environment_id')}"
OF_THE_TENANT = f"{UNSCOPED} OR tenant_id = {SETTING.format('tenant_id')}"

RULES = {
    "tracker_webhookendpoint": RULE,
    "tracker_webhooksecret": RULE,
    "tracker_webhookmessage": RULE,
    "tracker_webhookattempt": RULE,
    "tracker_idempotentanswer": RULE,
    "tracker_membershipgeofence": OF_THE_TENANT,
}
FENCE = "".join(
    f"""
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON {table} USING ({rule}) WITH CHECK ({rule});
    """
    for table, rule in RULES.items()
)
UNFENCE = "".join(
    f"""
    DROP POLICY whose_data_it_is ON {table};
    ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """
    for table in RULES
)
RIGHTS = """
    GRANT SELECT ON tracker_geofence, tracker_geofenceshape, tracker_geofenceversion,
        tracker_geofenceversionmember TO milepost_edge;
    GRANT SELECT, INSERT, UPDATE, DELETE ON tracker_geofencevisit TO milepost_edge;
    GRANT SELECT, INSERT ON tracker_geofencecrossing, tracker_outboxevent TO milepost_edge;
    GRANT UPDATE (superseded_at) ON tracker_geofencecrossing TO milepost_edge;
    REVOKE UPDATE ON tracker_geofencecrossing FROM milepost_app;
    GRANT UPDATE (superseded_at) ON tracker_geofencecrossing TO milepost_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO milepost_edge;
"""
NO_RIGHTS = """
    GRANT UPDATE ON tracker_geofencecrossing TO milepost_app;
    REVOKE ALL ON tracker_geofence, tracker_geofenceshape, tracker_geofenceversion, tracker_geofenceversionmember,
        tracker_geofencevisit, tracker_geofencecrossing, tracker_outboxevent FROM milepost_edge;
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0009_geofences_trips_webhooks_and_alerts")]

    operations = [migrations.RunSQL(FENCE, UNFENCE), migrations.RunSQL(RIGHTS, NO_RIGHTS)]
