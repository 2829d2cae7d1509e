"""The fence around payments: a tenant sees its own rows; the provider's news is of nobody until it is acted on."""

from django.db import migrations

UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
OF_THE_TENANT = f"{UNSCOPED} OR tenant_id = nullif(current_setting('milepost.tenant_id', true), '')::bigint"

RULES = {
    "billing_paymentaccount": OF_THE_TENANT,
    "billing_metersubmission": OF_THE_TENANT,
    "billing_reconciliation": OF_THE_TENANT,
    "billing_providerevent": UNSCOPED,
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
# what was told to the provider and what it told is evidence: nothing of it is deleted by the app
KEEP = "REVOKE DELETE ON billing_providerevent FROM milepost_app;"
LET_GO = "GRANT DELETE ON billing_providerevent TO milepost_app;"


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_payments_and_what_was_told_of_them")]

    operations = [migrations.RunSQL(FENCE, UNFENCE), migrations.RunSQL(KEEP, LET_GO)]
