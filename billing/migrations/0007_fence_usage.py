"""Row-level security on usage: an environment's rows show in its scope and in its tenant's."""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.{0}', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = (
    f"{UNSCOPED} OR environment_id = {SETTING.format('environment_id')} OR environment_id IN "
    f"(SELECT id FROM tracker_environment WHERE tenant_id = {SETTING.format('tenant_id')})"
)
FENCE = f"""
    ALTER TABLE billing_usagerecord ENABLE ROW LEVEL SECURITY;
    ALTER TABLE billing_usagerecord FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON billing_usagerecord USING ({RULE}) WITH CHECK ({RULE});
"""
UNFENCE = """
    DROP POLICY whose_data_it_is ON billing_usagerecord;
    ALTER TABLE billing_usagerecord NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE billing_usagerecord DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_usage_by_the_hour")]

    operations = [migrations.RunSQL(FENCE, UNFENCE)]
