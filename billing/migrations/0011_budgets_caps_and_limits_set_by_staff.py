"""What a tenant means to spend, what it caps, who was told, and limits that staff set above its plan."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_accounts_remember_their_limits"),
        ("tracker", "0025_count_what_was_used_before"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "shares",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), size=None
                    ),
                ),
                (
                    "mails",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254), blank=True, default=list, size=None
                    ),
                ),
                ("tells_webhooks", models.BooleanField(default=True)),
                ("changed_at", models.DateTimeField()),
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tenant",), name="budget_once_a_tenant"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 1)), name="budget_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="budget_currency_is_three_letters",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BudgetAlert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("share", models.PositiveSmallIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("spent_minor", models.BigIntegerField()),
                ("crossed_at", models.DateTimeField()),
                ("mail_due", models.BooleanField(default=True)),
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "month", "share", "amount_minor", "currency"),
                        name="budget_alert_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Cap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("meter", models.CharField(max_length=30)),
                ("quantity", models.BigIntegerField()),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("stop", "Stop"),
                            ("sample", "Keep one in some"),
                            ("tell", "Go on and tell"),
                        ],
                        max_length=6,
                    ),
                ),
                ("keeps_one_in", models.PositiveSmallIntegerField(default=1)),
                ("reached_month", models.DateField(null=True)),
                ("reached_at", models.DateTimeField(null=True)),
                ("told_month", models.DateField(null=True)),
                ("told_quantity", models.BigIntegerField(null=True)),
                ("mail_due", models.BooleanField(default=False)),
                (
                    "environment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.environment",
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "environment", "meter"),
                        name="cap_once_a_meter",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(fields=("tenant", "uid"), name="cap_uid"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 0)), name="cap_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("action", "sample"), ("keeps_one_in__gte", 2)),
                            models.Q(("action__in", ["stop", "tell"]), ("keeps_one_in", 1)),
                            _connector="OR",
                        ),
                        name="cap_action_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LimitOverride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "column",
                    models.CharField(
                        choices=[
                            ("reports_per_second", "Reports a second"),
                            ("key_reports_per_second", "Reports a second of each key"),
                            ("registrations_per_second", "Registrations a second"),
                        ],
                        max_length=30,
                    ),
                ),
                ("value", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=500)),
                (
                    "set_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.environment",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "environment", "column"),
                        name="limit_overridden_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("value__gte", 1)), name="limit_override_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="limit_override_has_a_reason"
                    ),
                ],
            },
        ),
    ]
