"""Transaction, Entry."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Tenant, User


class Kind(models.TextChoices):
    """Why money moved."""

    INVOICE = "invoice", "Invoice"
    PAYMENT = "payment", "Payment"
    CREDIT = "credit", "Credit"
    REFUND = "refund", "Refund"
    ADJUSTMENT = "adjustment", "Adjustment"
    WRITE_OFF = "write_off", "Write-off"


class Account(models.TextChoices):
    """Where an entry stands. A positive amount is a debit."""

    RECEIVABLE = "receivable", "Owed by the customer"
    REVENUE = "revenue", "Earned"
    CREDITS = "credits", "Credit of the customer"
    CASH = "cash", "Received"
    ADJUSTMENTS = "adjustments", "Granted, corrected and given up"
    REFUNDS = "refunds", "Paid back"


class Transaction(models.Model):
    """One movement of money: its entries sum to zero. Neither is ever changed or deleted: the database sees to it."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=500)
    # what it is about, such as an invoice's number; the same twice is the same movement
    reference = models.CharField(max_length=120, blank=True)
    # without a constraint: a person who leaves takes no row of the ledger along
    by = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "uid"], name="ledger_transaction_uid"),
            models.UniqueConstraint(
                fields=["tenant", "kind", "reference"],
                condition=~models.Q(reference=""),
                name="ledger_reference_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="ledger_transaction_kind_known"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="ledger_transaction_has_a_reason"),
        ]
        indexes = [models.Index(fields=["tenant", "-id"], name="ledger_of_tenant")]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference or self.pk} of tenant {self.tenant_id}"

    @property
    def public_id(self) -> str:
        return public_id("txn", self.uid)


class Entry(models.Model):
    """One leg of a transaction."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="entries")
    account = models.CharField(max_length=11, choices=Account)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(account__in=Account.values), name="ledger_account_known"
            ),
            models.CheckConstraint(condition=~models.Q(amount_minor=0), name="ledger_entry_not_zero"),
        ]
        indexes = [models.Index(fields=["tenant", "account"], name="ledger_by_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount_minor} {self.currency}"
