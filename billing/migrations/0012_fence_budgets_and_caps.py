"""The fence around budgets, alerts, caps and limits that staff set: a tenant sees its own."""

from django.db import migrations

UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR tenant_id = nullif(current_setting('milepost.tenant_id', true), '')::bigint"
TABLES = ("budget", "budgetalert", "cap", "limitoverride")
FENCE = "".join(
    f"""
    ALTER TABLE billing_{table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE billing_{table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON billing_{table} USING ({RULE}) WITH CHECK ({RULE});
    """
    for table in TABLES
)
UNFENCE = "".join(
    f"""
    DROP POLICY whose_data_it_is ON billing_{table};
    ALTER TABLE billing_{table} NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE billing_{table} DISABLE ROW LEVEL SECURITY;
    """
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_budgets_caps_and_limits_set_by_staff")]

    operations = [migrations.RunSQL(FENCE, UNFENCE)]
