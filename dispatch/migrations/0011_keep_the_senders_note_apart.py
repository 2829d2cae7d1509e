"""What the sender tells the driver has a place of its own, and is taken out of manifests with the recipient."""

from django.db import migrations, models

FORGET = """
    CREATE OR REPLACE FUNCTION dispatch_forget_in_manifests(environment bigint, shipment bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        changed bigint;
        name text;
        before text := coalesce(current_setting('milepost.environment_id', true), '');
    BEGIN
        PERFORM set_config('milepost.environment_id', environment::text, true);
        SELECT 'shp_' || replace(s.uid::text, '-', '') INTO name
            FROM dispatch_shipment s WHERE s.environment_id = environment AND s.id = shipment;
        IF NOT EXISTS (
            SELECT 1 FROM dispatch_shipmentevent e WHERE e.environment_id = environment AND e.shipment_id = shipment
                AND e.kind = 'PersonalDataForgotten'
        ) THEN
            RAISE EXCEPTION 'the recipient of shipment % is not forgotten', shipment
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        UPDATE dispatch_manifestversion v SET document = jsonb_set(v.document, '{stops}', (
            SELECT coalesce(jsonb_agg(
                CASE WHEN t.stop->>'shipment' = name
                    THEN t.stop - ARRAY['recipient', 'phone', 'address', 'note', 'sender_note', 'longitude', 'latitude']
                    ELSE t.stop END
                ORDER BY t.place), '[]'::jsonb)
            FROM jsonb_array_elements(v.document->'stops') WITH ORDINALITY AS t(stop, place)
        ))
        WHERE v.environment_id = environment AND jsonb_typeof(v.document->'stops') = 'array'
            AND v.manifest_id IN (
                SELECT p.manifest_id FROM dispatch_manifeststop p
                WHERE p.environment_id = environment AND p.shipment_id = shipment
            );
        GET DIAGNOSTICS changed = ROW_COUNT;
        PERFORM set_config('milepost.environment_id', before, true);
        RETURN changed;
    END
    $$;
"""
# nobody wrote down whose a note was: as the sender's, only the driver sees it, as when the events are read anew
MOVE = """
    ALTER TABLE dispatch_shipmentstate NO FORCE ROW LEVEL SECURITY;
    UPDATE dispatch_shipmentstate SET sender_note = note, note = '' WHERE note <> '';
    ALTER TABLE dispatch_shipmentstate FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0010_find_where_something_was_delivered")]

    operations = [
        migrations.AddField(
            model_name="shipmentstate",
            name="sender_note",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
    ]
