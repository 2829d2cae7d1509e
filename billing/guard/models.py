"""LimitOverride, Budget, BudgetAlert, Cap."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment, Tenant, User


class LimitOverride(models.Model):
    """A limit that staff set, for a reason: it holds whatever the plan says, until it is taken away."""

    class Column(models.TextChoices):
        REPORTS = "reports_per_second", "Reports a second"
        KEY_REPORTS = "key_reports_per_second", "Reports a second of each key"
        REGISTRATIONS = "registrations_per_second", "Registrations a second"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    # none: of the tenant as a whole
    environment = models.ForeignKey(
        Environment, on_delete=models.CASCADE, related_name="+", null=True, blank=True, db_index=False
    )
    column = models.CharField(max_length=30, choices=Column)
    value = models.PositiveIntegerField()
    reason = models.CharField(max_length=500)
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "environment", "column"],
                nulls_distinct=False,
                name="limit_overridden_once",
            ),
            models.CheckConstraint(condition=models.Q(value__gte=1), name="limit_override_positive"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="limit_override_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.column} = {self.value} of tenant {self.tenant_id}"


class Budget(models.Model):
    """What a tenant means to spend in a month, and who is told when it has spent which shares of it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    shares = ArrayField(models.PositiveSmallIntegerField())  # per cent, ascending
    mails = ArrayField(models.EmailField(), default=list, blank=True)  # none: the owners
    tells_webhooks = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="budget_once_a_tenant"),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=1), name="budget_positive"),
            models.CheckConstraint(
                condition=models.Q(currency__regex="^[A-Z]{3}$"), name="budget_currency_is_three_letters"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} of tenant {self.tenant_id}"


class BudgetAlert(models.Model):
    """A share of a budget was spent: once a month for each amount, however often the spend crosses it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    share = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    spent_minor = models.BigIntegerField()
    crossed_at = models.DateTimeField()
    mail_due = models.BooleanField(default=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "month", "share", "amount_minor", "currency"], name="budget_alert_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.share} % in {self.month:%Y-%m} of tenant {self.tenant_id}"


class Cap(models.Model):
    """How much of a meter may be used in a month, and what happens then."""

    class Action(models.TextChoices):
        STOP = "stop", "Stop"
        SAMPLE = "sample", "Keep one in some"
        TELL = "tell", "Go on and tell"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    # none: all live environments together
    environment = models.ForeignKey(
        Environment, on_delete=models.CASCADE, related_name="+", null=True, db_index=False
    )
    meter = models.CharField(max_length=30)
    quantity = models.BigIntegerField()
    action = models.CharField(max_length=6, choices=Action)
    keeps_one_in = models.PositiveSmallIntegerField(default=1)
    # while it is reached: the month it holds for, and since when
    reached_month = models.DateField(null=True)
    reached_at = models.DateTimeField(null=True)
    # for which month and quantity people were told of it, so that crossing back and forth tells once
    told_month = models.DateField(null=True)
    told_quantity = models.BigIntegerField(null=True)
    mail_due = models.BooleanField(default=False)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "environment", "meter"], nulls_distinct=False, name="cap_once_a_meter"
            ),
            models.UniqueConstraint(fields=["tenant", "uid"], name="cap_uid"),
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="cap_not_negative"),
            models.CheckConstraint(
                condition=models.Q(action="sample", keeps_one_in__gte=2)
                | models.Q(action__in=["stop", "tell"], keeps_one_in=1),
                name="cap_action_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.quantity} of tenant {self.tenant_id}"

    @property
    def public_id(self) -> str:
        return public_id("cap", self.uid)
