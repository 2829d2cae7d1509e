"""Invoice, ClosedMonth, InvoiceNumbers."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Tenant


class Invoice(models.Model):
    """What a tenant owes for a month. Written whole and final; later only its state and what was paid change."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        UNCOLLECTIBLE = "uncollectible", "Uncollectible"
        VOID = "void", "Void"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    tenant_name = models.CharField(max_length=200)  # as it was: an invoice does not follow a new name
    number = models.CharField(max_length=20, unique=True)
    month = models.DateField()
    currency = models.CharField(max_length=3)
    lines = models.JSONField()
    subtotal_minor = models.BigIntegerField()
    credits_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField(default=0)
    status = models.CharField(max_length=13, choices=Status, default=Status.OPEN)
    finalised_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    status_reason = models.CharField(max_length=500, blank=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "month"], name="invoice_once_a_month"),
            models.UniqueConstraint(fields=["tenant", "uid"], name="invoice_uid"),
            models.CheckConstraint(
                condition=models.Q(
                    subtotal_minor__gte=1,
                    credits_minor__gte=0,
                    total_minor=models.F("subtotal_minor") - models.F("credits_minor"),
                    total_minor__gte=0,
                    paid_minor__gte=0,
                ),
                name="invoice_adds_up",
            ),
            models.CheckConstraint(condition=models.Q(month__day=1), name="invoice_month_begins"),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "open", "paid", "uncollectible", "void"]),
                name="invoice_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def public_id(self) -> str:
        return public_id("bil", self.uid)


class ClosedMonth(models.Model):
    """That a month of a tenant is closed, with what was counted and asked for; with or without an invoice.

    What is found later is compared with these rows, and goes onto the next invoice.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="+")
    # all lines that were priced, those of no amount too
    lines = models.JSONField()
    closed_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "month"], name="month_closed_once"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="closed_month_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} of tenant {self.tenant_id}"


class InvoiceNumbers(models.Model):
    """The last number given out in a year; its lock makes the numbers follow on each other without a gap."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager["InvoiceNumbers"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"
