"""The fence around storms: they belong to an environment."""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.{0}', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR environment_id = {SETTING.format('environment_id')}"

FENCE = f"""
    ALTER TABLE billing_storm ENABLE ROW LEVEL SECURITY;
    ALTER TABLE billing_storm FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON billing_storm USING ({RULE}) WITH CHECK ({RULE});
"""
UNFENCE = """
    DROP POLICY whose_data_it_is ON billing_storm;
    ALTER TABLE billing_storm NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE billing_storm DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_storms")]

    operations = [migrations.RunSQL(FENCE, UNFENCE)]
