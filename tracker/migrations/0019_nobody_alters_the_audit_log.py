"""The audit log's fence and rights: entries are added, and neither changed nor deleted, by the app's role.

They go when their tenant goes: the constraint's cascade runs with the owner's rights, so erasing a tenant needs no
right to delete here. A person's or environment's end leaves the entry, with its words.
"""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.{0}', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = (
    f"{UNSCOPED} OR tenant_id = {SETTING.format('tenant_id')}"
    f" OR environment_id = {SETTING.format('environment_id')}"  # a key's scope names no tenant
)
FENCE = f"""
    ALTER TABLE tracker_auditentry ENABLE ROW LEVEL SECURITY;
    ALTER TABLE tracker_auditentry FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON tracker_auditentry USING ({RULE}) WITH CHECK ({RULE});
"""
UNFENCE = """
    DROP POLICY whose_data_it_is ON tracker_auditentry;
    ALTER TABLE tracker_auditentry NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE tracker_auditentry DISABLE ROW LEVEL SECURITY;
"""
FINAL = """
    REVOKE UPDATE, DELETE, TRUNCATE ON tracker_auditentry FROM milepost_app;
    ALTER TABLE tracker_auditentry
        ADD CONSTRAINT audit_entry_tenant FOREIGN KEY (tenant_id) REFERENCES tracker_tenant
            ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        ADD CONSTRAINT audit_entry_environment FOREIGN KEY (environment_id) REFERENCES tracker_environment
            ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
        ADD CONSTRAINT audit_entry_user FOREIGN KEY (user_id) REFERENCES tracker_user
            ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
"""
NOT_FINAL = """
    ALTER TABLE tracker_auditentry DROP CONSTRAINT audit_entry_tenant, DROP CONSTRAINT audit_entry_environment,
        DROP CONSTRAINT audit_entry_user;
    GRANT UPDATE, DELETE ON tracker_auditentry TO milepost_app;
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0018_keep_what_members_change")]

    operations = [migrations.RunSQL(FENCE, UNFENCE), migrations.RunSQL(FINAL, NOT_FINAL)]
