"""What a trip's progress remembers between two looks, its band, and a destination given as a geofence."""

import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

MOMENTS = ("eta_earliest_at", "eta_latest_at", "due_at")


class Migration(migrations.Migration):
    dependencies = [("tracker", "0013_claim_messages_by_endpoint")]

    operations = [
        *(migrations.AddField("trip", name, models.DateTimeField(null=True)) for name in MOMENTS),
        migrations.AddField(
            "trip",
            "geofence",
            models.ForeignKey(
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tracker.geofence",
            ),
        ),
        migrations.AddField(
            "trip",
            "area",
            django.contrib.gis.db.models.fields.MultiPolygonField(null=True, spatial_index=False, srid=4326),
        ),
        migrations.AddField(
            "trip",
            "complete_on",
            models.CharField(
                choices=[
                    ("manual", "Only when told"),
                    ("arrival", "On arrival"),
                    ("exit", "On leaving the destination"),
                ],
                db_default="manual",
                default="manual",
                max_length=7,
            ),
        ),
        migrations.AddField("trip", "fold", models.JSONField(null=True)),
        migrations.AddField("trip", "told", models.JSONField(db_default={}, default=dict)),
        migrations.AddField("learnedpace", "spread", models.FloatField(db_default=0.35, default=0.35)),
        migrations.AddField(
            "tripshare",
            "created_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            "trip",
            models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="trip_due"),
        ),
        migrations.AddIndex("trip", models.Index(fields=["environment", "-id"], name="trip_newest_first")),
        migrations.AddIndex(
            "tripshare", models.Index(fields=["environment", "trip"], name="trip_share_of_trip")
        ),
    ]
