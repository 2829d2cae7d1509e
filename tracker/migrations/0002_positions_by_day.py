"""Positions, partitioned by the UTC day of `recorded_at`, and the function that keeps the partitions.

The application's role owns no table, so it may not make or drop partitions itself: the function does that with
its owner's rights and takes nothing but two bounded numbers.
"""

import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.db import migrations, models

CREATE_TABLE = """
CREATE TABLE tracker_position (
    environment_id bigint NOT NULL,
    device_id bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL,
    location geometry(Point, 4326) NOT NULL,
    accuracy_m real,
    altitude_m real,
    speed_mps real,
    heading_deg real,
    battery real,
    charging boolean,
    activity varchar(64),
    permissions jsonb,
    extra jsonb,
    request_id uuid NOT NULL,
    PRIMARY KEY (environment_id, device_id, recorded_at)
) PARTITION BY RANGE (recorded_at)
"""

CREATE_FUNCTION = """
CREATE FUNCTION tracker_keep_position_partitions(days_back int, days_ahead int)
RETURNS TABLE (made int, dropped int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    day date;
    part text;
BEGIN
    IF days_back NOT BETWEEN 1 AND 400 OR days_ahead NOT BETWEEN 1 AND 60 THEN
        RAISE EXCEPTION 'days back must lie within 1..400 and days ahead within 1..60';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('tracker_keep_position_partitions'));
    made := 0;
    dropped := 0;
    FOR day IN SELECT d::date FROM generate_series(today - days_back, today + days_ahead, interval '1 day') d LOOP
        part := 'tracker_position_' || to_char(day, 'YYYYMMDD');
        IF to_regclass('public.' || part) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF tracker_position FOR VALUES FROM (%L) TO (%L)',
                part, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
    END LOOP;
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.tracker_position'::regclass
          AND c.relname < 'tracker_position_' || to_char(today - days_back, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN NEXT;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0001_tenants_keys_devices_and_books")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CREATE_TABLE, "DROP TABLE tracker_position"),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Position",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "environment_id",
                                "device_id",
                                "recorded_at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("recorded_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("stored_at", models.DateTimeField()),
                        ("location", django.contrib.gis.db.models.fields.PointField(srid=4326)),
                        ("accuracy_m", models.FloatField(null=True)),
                        ("altitude_m", models.FloatField(null=True)),
                        ("speed_mps", models.FloatField(null=True)),
                        ("heading_deg", models.FloatField(null=True)),
                        ("battery", models.FloatField(null=True)),
                        ("charging", models.BooleanField(null=True)),
                        ("activity", models.CharField(max_length=64, null=True)),
                        ("permissions", models.JSONField(null=True)),
                        ("extra", models.JSONField(null=True)),
                        ("request_id", models.UUIDField()),
                        (
                            "device",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tracker.device",
                            ),
                        ),
                        (
                            "environment",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tracker.environment",
                            ),
                        ),
                    ],
                ),
            ],
        ),
        migrations.RunSQL(CREATE_FUNCTION, "DROP FUNCTION tracker_keep_position_partitions(int, int)"),
        migrations.RunSQL("SELECT tracker_keep_position_partitions(91, 7)", migrations.RunSQL.noop),
    ]
