"""The fence around counted deliveries, and the edge's rights on what it counts.

What the edge writes has no row-level security, as outcome counts have none.
"""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.{0}', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
# pages of usage show all environments of a tenant side by side
RULE = (
    f"{UNSCOPED} OR environment_id = {SETTING.format('environment_id')} OR environment_id IN "
    f"(SELECT id FROM tracker_environment WHERE tenant_id = {SETTING.format('tenant_id')})"
)

FENCE = f"""
    ALTER TABLE tracker_deliverycount ENABLE ROW LEVEL SECURITY;
    ALTER TABLE tracker_deliverycount FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON tracker_deliverycount USING ({RULE}) WITH CHECK ({RULE});
"""
UNFENCE = """
    DROP POLICY whose_data_it_is ON tracker_deliverycount;
    ALTER TABLE tracker_deliverycount NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE tracker_deliverycount DISABLE ROW LEVEL SECURITY;
"""
RIGHTS = "GRANT SELECT, INSERT, UPDATE ON tracker_keyuse, tracker_activedevice TO milepost_edge;"
NO_RIGHTS = "REVOKE ALL ON tracker_keyuse, tracker_activedevice FROM milepost_edge;"


class Migration(migrations.Migration):
    dependencies = [("tracker", "0023_count_use_by_key_and_hour")]

    operations = [migrations.RunSQL(FENCE, UNFENCE), migrations.RunSQL(RIGHTS, NO_RIGHTS)]
