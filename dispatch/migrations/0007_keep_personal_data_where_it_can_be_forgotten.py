"""What events say of recipients lies beside them and may be deleted; events go only with their whole environment.

No right to delete events is given to anybody. A function that belongs to the owner of the tables deletes those of one
environment, and only after an order to erase that environment was written; the triggers let nothing else through.
"""

import django.db.models.deletion
from django.db import migrations, models

SETTING = "nullif(current_setting('milepost.environment_id', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR environment_id = {SETTING}"
TABLES = ["personalpart", "erasureorder"]
FENCE = "".join(
    f"""
    ALTER TABLE dispatch_{table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE dispatch_{table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON dispatch_{table} USING ({RULE}) WITH CHECK ({RULE});
    REVOKE UPDATE ON dispatch_{table} FROM milepost_app;
    """
    for table in TABLES
)
UNFENCE = "".join(f"DROP POLICY whose_data_it_is ON dispatch_{table};" for table in TABLES)
ERASURE = """
    CREATE FUNCTION dispatch_refuse_change_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('milepost.erasing', true) = OLD.environment_id::text THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'events of shipments are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
        END
    $$;
    CREATE OR REPLACE FUNCTION dispatch_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND coalesce(current_setting('milepost.erasing', true), '') <> '' THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION 'events of shipments are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
        END
    $$;
    CREATE TRIGGER never_changed_row BEFORE UPDATE OR DELETE ON dispatch_shipmentevent
        FOR EACH ROW EXECUTE FUNCTION dispatch_refuse_change_of_row();

    CREATE FUNCTION dispatch_erase_facts(environment bigint, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        gone bigint;
        before text := coalesce(current_setting('milepost.environment_id', true), '');
    BEGIN
        PERFORM set_config('milepost.environment_id', environment::text, true);
        IF NOT EXISTS (SELECT 1 FROM dispatch_erasureorder o WHERE o.environment_id = environment) THEN
            RAISE EXCEPTION 'nobody ordered the erasure of environment %', environment
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        PERFORM set_config('milepost.erasing', environment::text, true);
        DELETE FROM dispatch_shipmentevent WHERE environment_id = environment AND id IN (
            SELECT e.id FROM dispatch_shipmentevent e WHERE e.environment_id = environment LIMIT most
        );
        GET DIAGNOSTICS gone = ROW_COUNT;
        DELETE FROM dispatch_manifestoverride WHERE environment_id = environment;
        PERFORM set_config('milepost.erasing', '', true);
        PERFORM set_config('milepost.environment_id', before, true);
        RETURN gone;
    END
    $$;
    REVOKE ALL ON FUNCTION dispatch_erase_facts(bigint, integer) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION dispatch_erase_facts(bigint, integer) TO milepost_app;
"""
NO_ERASURE = """
    DROP FUNCTION dispatch_erase_facts(bigint, integer);
    DROP TRIGGER never_changed_row ON dispatch_shipmentevent;
    DROP FUNCTION dispatch_refuse_change_of_row();
    CREATE OR REPLACE FUNCTION dispatch_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'events of shipments are never changed or deleted' USING ERRCODE = 'insufficient_privilege'; END
    $$;
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0006_drafts_know_their_basis_and_pushes_are_kept")]

    operations = [
        migrations.CreateModel(
            name="PersonalPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.PositiveIntegerField()),
                ("salt", models.CharField(max_length=32)),
                ("data", models.JSONField()),
                (
                    "environment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.environment",
                    ),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="dispatch.shipment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ErasureOrder",
            fields=[
                (
                    "environment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tracker.environment",
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("ordered_by", models.CharField(max_length=300)),
                ("ordered_at", models.DateTimeField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="personalpart",
            constraint=models.UniqueConstraint(
                fields=("environment", "shipment", "sequence"), name="personal_part_of_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="erasure_has_a_reason"
            ),
        ),
        migrations.RunSQL(FENCE, UNFENCE),
        migrations.RunSQL(ERASURE, NO_ERASURE),
    ]
