"""DataExport, ErasureRequest."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Tenant, User


class DataExport(models.Model):
    """Somebody asked for a copy of what we hold of their organisation, or of one device."""

    class State(models.TextChoices):
        MAKING = "making", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        GONE = "gone", "Removed"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    device_number = models.BigIntegerField(null=True)  # of one device alone; no key: it outlives the device
    device_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State, default=State.MAKING, db_default=State.MAKING)
    done = models.JSONField(default=dict, db_default={})  # table -> [pieces, rows, where to go on or null]
    file = models.CharField(max_length=120, blank=True, default="", db_default="")
    bytes = models.BigIntegerField(default=0, db_default=0)
    trouble = models.CharField(max_length=300, blank=True, default="", db_default="")
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant", condition=models.Q(state="making"), name="export_one_at_a_time"
            ),
            models.UniqueConstraint("tenant", "uid", name="export_uid"),
        ]
        indexes = [models.Index(fields=["tenant", "-asked_at"], name="export_newest")]

    def __str__(self) -> str:
        return f"export {self.pk}: {self.state}"

    @property
    def public_id(self) -> str:
        return public_id("exp", self.uid)

    @property
    def rows(self) -> int:
        """How many rows are in it so far."""
        return sum(int(done[1]) for done in self.done.values())


class ErasureRequest(models.Model):
    """An order to erase: a device, a test environment or a whole organisation. It stays as the record that it was done.

    It names nothing: numbers of rows that no longer are, and how many went.
    """

    class Kind(models.TextChoices):
        DEVICE = "device", "Device"
        ENVIRONMENT = "environment", "Test environment"
        TENANT = "tenant", "Organisation"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=11, choices=Kind)
    environment_number = models.BigIntegerField(null=True)  # no keys: the rows go, this stays
    device_number = models.BigIntegerField(null=True)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()  # until then it can be taken back
    taken_back_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    worked_until = models.DateTimeField(null=True)  # a worker is at it; one that died is followed after this
    ended_at = models.DateTimeField(null=True)
    refused_keys = models.JSONField(default=list, db_default=[])  # numbers of keys that doors go on refusing
    counts = models.JSONField(default=dict, db_default={})  # table -> rows that went
    trouble = models.CharField(max_length=300, blank=True, default="", db_default="")

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant",
                "kind",
                "environment_number",
                "device_number",
                condition=models.Q(taken_back_at=None, ended_at=None),
                nulls_distinct=False,
                name="erasure_asked_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["device", "environment", "tenant"]), name="erasure_kind_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(taken_back_at=None, ended_at=None),
                name="erasure_due",
            ),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk} of a {self.kind}"

    @property
    def erased_rows(self) -> int:
        """How many rows went."""
        return sum(int(count) for count in self.counts.values())
