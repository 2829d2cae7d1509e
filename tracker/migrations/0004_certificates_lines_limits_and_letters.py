"""Device certificates, daily lines and the archive, limits, and what redrives and second judgements need."""

import uuid

import django.contrib.gis.db.models.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0003_fences_and_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="ArchivedDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "environment_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("location", models.TextField()),
                ("rows", models.BigIntegerField()),
                ("bytes", models.BigIntegerField()),
                ("sha256", models.BinaryField(max_length=32)),
                ("newest_stored_at", models.DateTimeField()),
                ("archived_at", models.DateTimeField()),
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
            name="ConsumedRecord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "request_id", "part", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("request_id", models.UUIDField()),
                ("part", models.SmallIntegerField()),
                ("received_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="DailyLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "environment_id",
                        "device_id",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                ("line", django.contrib.gis.db.models.fields.LineStringField(srid=4326)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("positions", models.PositiveIntegerField()),
                ("distance_m", models.FloatField()),
                ("error_bound_m", models.FloatField()),
                ("made_at", models.DateTimeField()),
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
            name="DeniedPublish",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "environment_id",
                        "device_id",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                ("count", models.PositiveIntegerField()),
                ("last_topic", models.CharField(max_length=300)),
                ("last_at", models.DateTimeField()),
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
            name="DeviceCertificate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("serial", models.CharField(max_length=40)),
                ("sha256", models.BinaryField(max_length=32)),
                (
                    "issued_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
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
                    "issued_by",
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
            name="TracedRequest",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "environment_id",
                        "trace_id",
                        "request_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("trace_id", models.UUIDField()),
                ("request_id", models.UUIDField()),
                ("received_at", models.DateTimeField()),
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
            name="UnitFinding",
            fields=[
                (
                    "device",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="unit_finding",
                        serialize=False,
                        to="tracker.device",
                    ),
                ),
                (
                    "stated_unit",
                    models.CharField(
                        choices=[
                            ("mps", "metres a second"),
                            ("kmh", "kilometres an hour"),
                            ("knots", "knots"),
                            ("mph", "miles an hour"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "likely_unit",
                    models.CharField(
                        choices=[
                            ("mps", "metres a second"),
                            ("kmh", "kilometres an hour"),
                            ("knots", "knots"),
                            ("mph", "miles an hour"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.environment",
                    ),
                ),
                ("ratio", models.FloatField()),
                ("samples", models.PositiveIntegerField()),
                ("found_at", models.DateTimeField()),
                ("dismissed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="deadletter",
            name="fixes",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="deadletter",
            name="redrive_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="deadletter",
            name="redrive_error",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="device",
            name="speed_unit",
            field=models.CharField(
                blank=True,
                choices=[
                    ("mps", "metres a second"),
                    ("kmh", "kilometres an hour"),
                    ("knots", "knots"),
                    ("mph", "miles an hour"),
                ],
                db_default="",
                default="",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="speed_unit_set_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="device",
            name="wire_format",
            field=models.CharField(blank=True, db_default="", default="", max_length=30),
        ),
        migrations.AddField(
            model_name="devicestate",
            name="judged_to",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="environment",
            name="key_reports_per_second",
            field=models.PositiveIntegerField(db_default=10000, default=10000),
        ),
        migrations.AddField(
            model_name="environment",
            name="registrations_per_second",
            field=models.PositiveIntegerField(db_default=1000, default=1000),
        ),
        migrations.AddField(
            model_name="environment",
            name="reports_per_second",
            field=models.PositiveIntegerField(db_default=20000, default=20000),
        ),
        migrations.AddField(
            model_name="position",
            name="moved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="setasidereport",
            name="fix",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="reports_per_second",
            field=models.PositiveIntegerField(db_default=20000, default=20000),
        ),
        migrations.AddIndex(
            model_name="setasidereport",
            index=models.Index(
                condition=models.Q(("fix__isnull", False)),
                fields=["environment", "device", "recorded_at"],
                name="set_aside_judged_again",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(("speed_unit__in", ["", "mps", "kmh", "knots", "mph"])),
                name="device_speed_unit_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="environment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("key_reports_per_second__gte", 1),
                    ("registrations_per_second__gte", 1),
                    ("reports_per_second__gte", 1),
                ),
                name="environment_limits_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(("reports_per_second__gte", 1)), name="tenant_limit_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="consumedrecord",
            index=models.Index(fields=["received_at"], name="consumed_by_age"),
        ),
        migrations.AddIndex(
            model_name="devicecertificate",
            index=models.Index(fields=["environment", "device"], name="certificate_of_device"),
        ),
        migrations.AddConstraint(
            model_name="devicecertificate",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("uid"), name="certificate_uid"
            ),
        ),
        migrations.AddConstraint(
            model_name="devicecertificate",
            constraint=models.UniqueConstraint(
                models.F("environment"), models.F("serial"), name="certificate_serial"
            ),
        ),
        migrations.AddIndex(
            model_name="tracedrequest",
            index=models.Index(fields=["received_at"], name="traced_by_age"),
        ),
    ]
