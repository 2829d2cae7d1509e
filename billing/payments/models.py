"""PaymentAccount, MeterSubmission, ProviderEvent, Reconciliation."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.models import Tenant


class PaymentAccount(models.Model):
    """A tenant as the payment provider knows it, and how it stands."""

    class Standing(models.TextChoices):
        """As billing.payments.dunning has them."""

        OK = "ok", "In order"
        REMINDED = "reminded", "Reminded"
        RESTRICTED = "restricted", "Restricted"
        PAUSED = "paused", "Paused"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    # the provider's names; a webhook knows the customer's and no other
    customer = models.CharField(max_length=80, unique=True, null=True)  # noqa: DJ001  none yet is no name
    subscription = models.CharField(max_length=80, blank=True, default="")
    subscription_status = models.CharField(max_length=30, blank=True, default="")
    price_keys = models.JSONField(default=list)
    metered_from = models.DateTimeField(null=True)  # use of the month before it is told with this hour
    swept_at = models.DateTimeField(null=True)  # when all 35 days were last looked through
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.OK, db_default="ok")
    standing_since = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    limits_before = models.JSONField(default=dict)  # by environment, while they are lowered
    owing_since = models.DateTimeField(null=True)
    owing_minor = models.BigIntegerField(default=0, db_default=0)
    owing_currency = models.CharField(max_length=3, blank=True, default="")
    owing_page = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("tenant", name="payment_account_once_a_tenant"),
            models.CheckConstraint(
                condition=models.Q(standing__in=["ok", "reminded", "restricted", "paused"]),
                name="payment_account_standing_known",
            ),
            models.CheckConstraint(
                condition=models.Q(owing_minor__gte=0), name="payment_account_owes_no_less"
            ),
        ]

    def __str__(self) -> str:
        return f"payments of {self.tenant_id}"


class MeterSubmission(models.Model):
    """The last total of an hour that was told to the provider, or is to be."""

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        REFUSED = "refused", "Refused"
        TOO_OLD = "too_old", "Too old to be sent"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    meter = models.CharField(max_length=40)
    hour = models.DateTimeField()
    quantity = models.BigIntegerField()
    revision = models.BigIntegerField()
    repeat = models.PositiveIntegerField(default=0, db_default=0)  # sent again although nothing changed here
    identifier = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State)
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("tenant", "meter", "hour", name="submission_once_an_hour"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sent", "refused", "too_old"]),
                name="submission_state_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["tenant", "identifier"], name="submission_by_identifier")]

    def __str__(self) -> str:
        return self.identifier


class ProviderEvent(models.Model):
    """One piece of news from the provider, kept as it came until it is acted on. It names a customer, or nobody."""

    uid = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=120)
    customer = models.CharField(max_length=80, blank=True, default="")
    payload = models.JSONField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True)  # none: not to be tried again
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], name="provider_event_due", condition=models.Q(processed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class Reconciliation(models.Model):
    """An hour that the provider counted differently, until both agree again."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", "Sent again, not seen yet"
        SETTLED = "settled", "Settled"
        LOST = "lost", "Too old to be repaired"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    meter = models.CharField(max_length=40)
    hour = models.DateTimeField()
    ours = models.BigIntegerField()
    theirs = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State)
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("tenant", "meter", "hour", name="reconciliation_once_an_hour"),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "settled", "lost"]), name="reconciliation_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.hour:%Y-%m-%d %H}: {self.ours} here, {self.theirs} there"
