"""Geofences with their versions, visits and crossings; trips; the outbox, webhooks and alerts."""

import uuid

import django.contrib.gis.db.models.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0008_certificates_are_kept_whole"),
    ]

    operations = [
        migrations.CreateModel(
            name="QuarantineRate",
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
                ("high_since", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="devicestate",
            name="cadence_s",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="devicestate",
            name="presence",
            field=models.BinaryField(null=True),
        ),
        migrations.CreateModel(
            name="DeviceCondition",
            fields=[
                (
                    "device",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="condition",
                        serialize=False,
                        to="tracker.device",
                    ),
                ),
                ("silent_since", models.DateTimeField(null=True)),
                ("battery_low_since", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.environment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Geofence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                    ),
                ),
                ("external_id", models.CharField(max_length=200, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
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
            ],
        ),
        migrations.CreateModel(
            name="GeofenceShape",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[("polygon", "Polygon"), ("circle", "Circle"), ("corridor", "Corridor")],
                        max_length=8,
                    ),
                ),
                ("source", models.JSONField()),
                ("radius_m", models.FloatField(null=True)),
                (
                    "geometry",
                    django.contrib.gis.db.models.fields.MultiPolygonField(spatial_index=False, srid=4326),
                ),
                ("area_m2", models.FloatField()),
                ("margin_m", models.FloatField(null=True)),
                ("dwell_s", models.PositiveIntegerField(null=True)),
                ("alert_on_enter", models.BooleanField(db_default=False, default=False)),
                ("alert_on_exit", models.BooleanField(db_default=False, default=False)),
                ("colour", models.CharField(blank=True, db_default="", default="", max_length=7)),
                ("metadata", models.JSONField(db_default={}, default=dict)),
                (
                    "made_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
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
                    "geofence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shapes",
                        to="tracker.geofence",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="geofence",
            name="draft",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tracker.geofenceshape",
            ),
        ),
        migrations.CreateModel(
            name="GeofenceVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("effective_at", models.DateTimeField()),
                ("published_at", models.DateTimeField()),
                ("note", models.CharField(blank=True, db_default="", default="", max_length=500)),
                ("restores", models.PositiveIntegerField(null=True)),
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
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GeofenceVersionMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                    "geofence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracker.geofence"
                    ),
                ),
                (
                    "shape",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.geofenceshape",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="tracker.geofenceversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GeofenceVisit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entered_at", models.DateTimeField()),
                ("entered_decided_at", models.DateTimeField()),
                ("entered_version", models.PositiveIntegerField()),
                ("exited_at", models.DateTimeField(null=True)),
                ("exited_decided_at", models.DateTimeField(null=True)),
                ("exited_version", models.PositiveIntegerField(null=True)),
                ("dwell_due_at", models.DateTimeField(null=True)),
                ("dwelled_at", models.DateTimeField(null=True)),
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
                    "geofence",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.geofence",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("request_sha256", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField(default=b"")),
                ("made_at", models.DateTimeField()),
                (
                    "environment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.environment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LearnedPace",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "environment_id",
                        "hour",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hour", models.PositiveSmallIntegerField()),
                ("speed_mps", models.FloatField()),
                ("street_factor", models.FloatField()),
                ("samples", models.PositiveIntegerField()),
                (
                    "environment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.environment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MembershipGeofence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "geofence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracker.geofence"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="geofences",
                        to="tracker.membership",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.tenant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OutboxEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(), editable=False
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("device_id", models.BigIntegerField(null=True)),
                ("data", models.JSONField()),
                ("occurred_at", models.DateTimeField()),
                ("request_id", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("relayed_at", models.DateTimeField(null=True)),
                (
                    "environment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.environment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Trip",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                    ),
                ),
                ("external_id", models.CharField(max_length=200, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "On its way"),
                            ("arrived", "Arrived"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        db_default="active",
                        default="active",
                        max_length=9,
                    ),
                ),
                (
                    "destination",
                    django.contrib.gis.db.models.fields.PointField(null=True, spatial_index=False, srid=4326),
                ),
                ("destination_name", models.CharField(blank=True, db_default="", default="", max_length=300)),
                ("radius_m", models.FloatField(db_default=50.0, default=50.0)),
                ("scheduled_at", models.DateTimeField(null=True)),
                (
                    "corridor",
                    django.contrib.gis.db.models.fields.LineStringField(
                        null=True, spatial_index=False, srid=4326
                    ),
                ),
                ("corridor_m", models.FloatField(null=True)),
                ("metadata", models.JSONField(db_default={}, default=dict)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                ("checked_to", models.DateTimeField(null=True)),
                ("eta_at", models.DateTimeField(null=True)),
                ("eta_made_at", models.DateTimeField(null=True)),
                ("eta_told_at", models.DateTimeField(null=True)),
                ("eta_by", models.CharField(blank=True, db_default="", default="", max_length=12)),
                ("remaining_m", models.FloatField(null=True)),
                ("delayed_since", models.DateTimeField(null=True)),
                ("off_corridor_since", models.DateTimeField(null=True)),
                ("arrived_at", models.DateTimeField(null=True)),
                ("exited_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("summary", models.JSONField(null=True)),
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
            ],
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("silent", "Silent"),
                            ("entered", "Entered"),
                            ("left", "Left"),
                            ("off_corridor", "Off its corridor"),
                            ("delayed", "Delayed"),
                            ("absent", "Not where expected"),
                        ],
                        max_length=12,
                    ),
                ),
                ("subject", models.CharField(db_default="", default="", max_length=100)),
                ("text", models.CharField(max_length=300)),
                ("raised_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracker.device"
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
                    "geofence",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.geofence",
                    ),
                ),
                (
                    "trip",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.trip",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TripShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("token_sha256", models.BinaryField(max_length=32, unique=True)),
                ("reveal_within_m", models.FloatField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("views", models.PositiveIntegerField(db_default=0, default=0)),
                ("last_viewed_at", models.DateTimeField(null=True)),
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
                    "trip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="tracker.trip"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("url", models.CharField(max_length=2000)),
                ("description", models.CharField(blank=True, default="", max_length=200)),
                ("kinds", models.JSONField(default=list)),
                (
                    "content_type",
                    models.CharField(
                        choices=[("application/json", "application/json"), ("text/plain", "text/plain")],
                        default="application/json",
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unverified", "Not verified yet"),
                            ("enabled", "Enabled"),
                            ("disabled", "Disabled"),
                        ],
                        default="unverified",
                        max_length=10,
                    ),
                ),
                ("state_reason", models.CharField(blank=True, default="", max_length=500)),
                ("verified_at", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("told_failing_at", models.DateTimeField(null=True)),
                ("disabled_at", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            ],
        ),
        migrations.CreateModel(
            name="WebhookMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("number", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("delivered", "Delivered"),
                            ("failed", "Given up"),
                            ("withheld", "Endpoint disabled"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("due_at", models.DateTimeField()),
                ("leased_until", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.webhookendpoint",
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
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.outboxevent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("started_at", models.DateTimeField()),
                ("duration_ms", models.PositiveIntegerField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("error", models.CharField(blank=True, default="", max_length=300)),
                ("answer", models.TextField(blank=True, default="")),
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
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="log",
                        to="tracker.webhookmessage",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookSecret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("secret", models.BinaryField()),
                (
                    "made_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="secrets",
                        to="tracker.webhookendpoint",
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
            ],
        ),
        migrations.CreateModel(
            name="ExpectedPresence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("by", models.TimeField()),
                ("time_zone", models.CharField(max_length=64)),
                ("weekdays", models.JSONField(default=list)),
                ("next_due_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracker.device"
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
                    "geofence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracker.geofence"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["next_due_at"], name="expected_presence_due")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("environment"), models.F("uid"), name="expected_presence_uid"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GeofenceCrossing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("crossed", "Crossed"), ("dwelled", "Dwelled"), ("withdrawn", "Withdrawn")],
                        max_length=9,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("moved", "Moved across the border"),
                            ("passed", "Passed through between two fixes"),
                            ("first_fix", "Was there at its first fix"),
                            ("published", "The border moved: a version was published"),
                            ("time", "Time went by"),
                        ],
                        max_length=9,
                    ),
                ),
                ("from_name", models.CharField(max_length=200, null=True)),
                ("to_name", models.CharField(max_length=200, null=True)),
                ("occurred_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField()),
                ("longitude", models.FloatField(null=True)),
                ("latitude", models.FloatField(null=True)),
                ("version", models.PositiveIntegerField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField()),
                ("stored_at", models.DateTimeField()),
                ("request_id", models.UUIDField(null=True)),
                (
                    "corrects",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.geofencecrossing",
                    ),
                ),
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
                    "from_geofence",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.geofence",
                    ),
                ),
                (
                    "to_geofence",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.geofence",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["environment", "device", "decided_at"], name="crossing_of_device"),
                    models.Index(fields=["environment", "stored_at"], name="crossing_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(models.F("environment"), models.F("uid"), name="crossing_uid")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="geofenceshape",
            index=models.Index(fields=["environment", "geofence"], name="shape_of_geofence"),
        ),
        migrations.AddConstraint(
            model_name="geofenceshape",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["polygon", "circle", "corridor"])), name="shape_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="geofenceshape",
            constraint=models.CheckConstraint(
                condition=models.Q(("margin_m", None), ("margin_m__gte", 0), _connector="OR"),
                name="shape_margin_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="geofence",
            constraint=models.UniqueConstraint(models.F("environment"), models.F("uid"), name="geofence_uid"),
        ),
        migrations.AddConstraint(
            model_name="geofence",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("external_id"), name="geofence_external_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="geofenceversion",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("number"), name="geofence_version_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="geofenceversion",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("effective_at"), name="geofence_version_one_an_instant"
            ),
        ),
        migrations.AddConstraint(
            model_name="geofenceversionmember",
            constraint=models.UniqueConstraint(
                models.F("environment"),
                models.F("version"),
                models.F("geofence"),
                name="version_holds_geofence_once",
            ),
        ),
        migrations.AddIndex(
            model_name="geofencevisit",
            index=models.Index(
                fields=["environment", "device", "entered_decided_at"], name="visit_of_device"
            ),
        ),
        migrations.AddIndex(
            model_name="geofencevisit",
            index=models.Index(fields=["environment", "geofence", "entered_at"], name="visit_of_geofence"),
        ),
        migrations.AddIndex(
            model_name="geofencevisit",
            index=models.Index(
                condition=models.Q(("exited_at", None)), fields=["environment", "geofence"], name="visit_open"
            ),
        ),
        migrations.AddIndex(
            model_name="geofencevisit",
            index=models.Index(
                condition=models.Q(
                    ("dwell_due_at__isnull", False), ("dwelled_at", None), ("exited_at", None)
                ),
                fields=["dwell_due_at"],
                name="visit_dwell_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="geofencevisit",
            constraint=models.UniqueConstraint(
                models.F("environment"),
                models.F("device"),
                models.F("geofence"),
                models.F("entered_at"),
                name="visit_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="geofencevisit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("exited_at", None), ("exited_at__gte", models.F("entered_at")), _connector="OR"
                ),
                name="visit_ends_after_it_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="idempotentanswer",
            index=models.Index(fields=["made_at"], name="idempotent_answer_by_age"),
        ),
        migrations.AddConstraint(
            model_name="idempotentanswer",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("key"), name="idempotency_key_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="membershipgeofence",
            constraint=models.UniqueConstraint(
                models.F("tenant"),
                models.F("membership"),
                models.F("geofence"),
                name="member_limited_once_by_geofence",
            ),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(
                condition=models.Q(("relayed_at", None)), fields=["id"], name="outbox_not_relayed"
            ),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(fields=["environment", "-created_at"], name="outbox_by_age"),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(fields=["environment", "device_id"], name="outbox_of_device"),
        ),
        migrations.AddConstraint(
            model_name="outboxevent",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("uid"), name="outbox_event_uid"
            ),
        ),
        migrations.AddIndex(
            model_name="trip",
            index=models.Index(fields=["environment", "device", "-started_at"], name="trip_of_device"),
        ),
        migrations.AddIndex(
            model_name="trip",
            index=models.Index(
                condition=models.Q(("state__in", ["active", "arrived"])), fields=["id"], name="trip_under_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="trip",
            constraint=models.UniqueConstraint(models.F("environment"), models.F("uid"), name="trip_uid"),
        ),
        migrations.AddConstraint(
            model_name="trip",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("external_id"), name="trip_external_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="trip",
            constraint=models.CheckConstraint(
                condition=models.Q(("radius_m__gt", 0)), name="trip_radius_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["environment", "-raised_at"], name="alert_by_age"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(models.F("environment"), models.F("uid"), name="alert_uid"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                models.F("environment"),
                models.F("device"),
                models.F("kind"),
                models.F("subject"),
                condition=models.Q(("resolved_at", None)),
                name="alert_once_while_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="tripshare",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("uid"), name="trip_share_uid"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("uid"), name="webhook_endpoint_uid"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookmessage",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["due_at"], name="webhook_message_due"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookmessage",
            index=models.Index(fields=["environment", "endpoint", "-id"], name="webhook_message_of_endpoint"),
        ),
        migrations.AddConstraint(
            model_name="webhookmessage",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("uid"), name="webhook_message_uid"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookmessage",
            constraint=models.UniqueConstraint(
                models.F("environment"),
                models.F("endpoint"),
                models.F("event"),
                models.F("number"),
                name="webhook_message_once",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookattempt",
            index=models.Index(
                fields=["environment", "message", "number"], name="webhook_attempt_of_message"
            ),
        ),
    ]
