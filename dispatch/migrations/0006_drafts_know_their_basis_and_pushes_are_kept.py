"""A draft says what its plan knew, and what the broker keeps for each device stands in a row of its own."""

import django.db.models.deletion
from django.db import migrations, models

SETTING = "nullif(current_setting('milepost.environment_id', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR environment_id = {SETTING}"
FENCE = f"""
    ALTER TABLE dispatch_pushedmanifest ENABLE ROW LEVEL SECURITY;
    ALTER TABLE dispatch_pushedmanifest FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON dispatch_pushedmanifest USING ({RULE}) WITH CHECK ({RULE});
"""
UNFENCE = "DROP POLICY whose_data_it_is ON dispatch_pushedmanifest;"


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0005_say_which_times_customers_may_choose"),
        ("tracker", "0017_alerts_of_dispatch"),
    ]

    operations = [
        migrations.AddField(
            model_name="manifest",
            name="basis",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.CreateModel(
            name="PushedManifest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(db_default=0, default=0)),
                ("pushed_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.device",
                    ),
                ),
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
                    "manifest",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="dispatch.manifest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("environment", "device"), name="pushed_manifest_of_device"
                    )
                ],
            },
        ),
        migrations.RunSQL(FENCE, UNFENCE),
    ]
