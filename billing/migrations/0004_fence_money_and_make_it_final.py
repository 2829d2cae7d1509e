"""The fence around what a tenant owes, and what nobody may change once it is written.

The ledger takes new rows and nothing else, by the app's rights and by a trigger that binds the tables' owner too. At
the end of each database transaction every movement that was touched must sum to zero in every currency and have
entries: the trigger's function sees all rows whatever the scope, so that no scope hides a leg. An invoice's lines and
amounts are final; its state and what was paid are not.
"""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.tenant_id', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR tenant_id = {SETTING}"
TABLES = ("planchoice", "transaction", "entry", "invoice", "closedmonth")
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
FINAL = """
    REVOKE UPDATE, DELETE, TRUNCATE ON billing_transaction, billing_entry FROM milepost_app;
    REVOKE UPDATE, DELETE ON billing_invoice, billing_closedmonth FROM milepost_app;
    GRANT UPDATE (status, status_reason, paid_minor, paid_at) ON billing_invoice TO milepost_app;
    CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the ledger is never changed or deleted: write a movement that puts it right'
            USING ERRCODE = 'insufficient_privilege'; END
    $$;
    CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON billing_transaction
        FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
    CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON billing_entry
        FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
    CREATE FUNCTION billing_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            movement bigint := CASE TG_TABLE_NAME
                WHEN 'billing_entry' THEN (to_jsonb(NEW) ->> 'transaction_id')::bigint
                ELSE (to_jsonb(NEW) ->> 'id')::bigint END;
            scope_before text := coalesce(current_setting('milepost.unscoped', true), '');
            odd record;
        BEGIN
            PERFORM set_config('milepost.unscoped', 'the sum of a movement', true);
            SELECT e.currency, sum(e.amount_minor) AS total INTO odd
                FROM billing_entry e WHERE e.transaction_id = movement
                GROUP BY e.currency HAVING sum(e.amount_minor) <> 0 LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'movement % does not sum to zero: % %', movement, odd.total, odd.currency
                    USING ERRCODE = 'check_violation';
            END IF;
            IF NOT EXISTS (SELECT FROM billing_entry e WHERE e.transaction_id = movement) THEN
                RAISE EXCEPTION 'movement % has no entries', movement USING ERRCODE = 'check_violation';
            END IF;
            IF EXISTS (SELECT FROM billing_entry e JOIN billing_transaction t ON t.id = e.transaction_id
                    WHERE t.id = movement AND (e.currency <> t.currency OR e.tenant_id <> t.tenant_id)) THEN
                RAISE EXCEPTION 'movement % has entries of another currency or tenant', movement
                    USING ERRCODE = 'check_violation';
            END IF;
            PERFORM set_config('milepost.unscoped', scope_before, true);
            RETURN NULL;
        END
    $$;
    CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON billing_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_sums_to_zero();
    CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON billing_transaction
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_sums_to_zero();
"""
NOT_FINAL = """
    DROP TRIGGER sums_to_zero ON billing_transaction;
    DROP TRIGGER sums_to_zero ON billing_entry;
    DROP FUNCTION billing_sums_to_zero();
    DROP TRIGGER never_changed ON billing_entry;
    DROP TRIGGER never_changed ON billing_transaction;
    DROP FUNCTION billing_refuse_change();
    GRANT UPDATE, DELETE ON billing_transaction, billing_entry, billing_invoice, billing_closedmonth TO milepost_app;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_plans_choices_ledger_and_invoices")]

    operations = [migrations.RunSQL(FENCE, UNFENCE), migrations.RunSQL(FINAL, NOT_FINAL)]
