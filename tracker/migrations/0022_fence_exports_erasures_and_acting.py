"""Row-level security on exports, erasures, listed features and on who acted as whom; and how an audit log ends.

Nobody has a right to delete entries of the audit log. A function of the tables' owner does it for one tenant, and only
while an order to erase that tenant is being worked off.
"""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.{0}', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
OF_THE_TENANT = f"{UNSCOPED} OR tenant_id = {SETTING.format('tenant_id')}"
OF_THE_ENVIRONMENT = f"{UNSCOPED} OR environment_id = {SETTING.format('environment_id')}"

RULES = {
    "tracker_dataexport": OF_THE_TENANT,
    "tracker_erasurerequest": OF_THE_TENANT,
    "tracker_flagtenant": OF_THE_TENANT,
    "tracker_actingsession": OF_THE_TENANT,
    "tracker_simulatedcity": OF_THE_ENVIRONMENT,
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
AUDIT = """
    CREATE FUNCTION tracker_erase_audit(tenant bigint, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        gone bigint;
        before text := coalesce(current_setting('milepost.tenant_id', true), '');
    BEGIN
        PERFORM set_config('milepost.tenant_id', tenant::text, true);
        IF NOT EXISTS (
            SELECT 1 FROM tracker_erasurerequest r WHERE r.tenant_id = tenant AND r.kind = 'tenant'
                AND r.begun_at IS NOT NULL AND r.taken_back_at IS NULL AND r.ended_at IS NULL
        ) THEN
            RAISE EXCEPTION 'no erasure of tenant % is under way', tenant USING ERRCODE = 'insufficient_privilege';
        END IF;
        DELETE FROM tracker_auditentry WHERE tenant_id = tenant AND id IN (
            SELECT e.id FROM tracker_auditentry e WHERE e.tenant_id = tenant LIMIT most
        );
        GET DIAGNOSTICS gone = ROW_COUNT;
        PERFORM set_config('milepost.tenant_id', before, true);
        RETURN gone;
    END
    $$;
    REVOKE ALL ON FUNCTION tracker_erase_audit(bigint, integer) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION tracker_erase_audit(bigint, integer) TO milepost_app;
"""
NO_AUDIT = "DROP FUNCTION tracker_erase_audit(bigint, integer);"
# the record that something was erased is itself never erased
FINAL = "REVOKE DELETE ON tracker_erasurerequest FROM milepost_app;"
NOT_FINAL = "GRANT DELETE ON tracker_erasurerequest TO milepost_app;"


class Migration(migrations.Migration):
    dependencies = [("tracker", "0021_exports_erasures_cities_flags_and_acting")]

    operations = [
        migrations.RunSQL(FENCE, UNFENCE),
        migrations.RunSQL(FINAL, NOT_FINAL),
        migrations.RunSQL(AUDIT, NO_AUDIT),
    ]
