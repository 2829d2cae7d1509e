"""Row-level security on requests and their counts: pages show one environment, the tick books all."""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.environment_id', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR environment_id = {SETTING}"
TABLES = ("tracker_requestrecord", "tracker_requestcount")

FENCE = "".join(
    f"""
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON {table} USING ({RULE}) WITH CHECK ({RULE});
    """
    for table in TABLES
)
UNFENCE = "".join(
    f"""
    DROP POLICY whose_data_it_is ON {table};
    ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """
    for table in TABLES
)


class Migration(migrations.Migration):
    dependencies = [("tracker", "0028_requests_are_kept_and_counted")]

    operations = [migrations.RunSQL(FENCE, UNFENCE)]
