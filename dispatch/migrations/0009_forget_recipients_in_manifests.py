"""The one change a manifest that was given out may ever see: a recipient who is forgotten is taken out of it."""

from django.db import migrations

FORGET = """
    CREATE FUNCTION dispatch_forget_in_manifests(environment bigint, shipment bigint) RETURNS bigint
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
                    THEN t.stop - ARRAY['recipient', 'phone', 'address', 'note', 'longitude', 'latitude']
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
    REVOKE ALL ON FUNCTION dispatch_forget_in_manifests(bigint, bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION dispatch_forget_in_manifests(bigint, bigint) TO milepost_app;
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0008_uploads_know_what_was_found_and_who_sent_them")]

    operations = [
        migrations.RunSQL(FORGET, "DROP FUNCTION dispatch_forget_in_manifests(bigint, bigint);"),
    ]
