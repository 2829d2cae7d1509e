"""AuditEntry."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment, Tenant, User


class AuditEntry(models.Model):
    """One change that somebody made. The app's database role may add entries, and neither change nor delete one.

    They go with their tenant: its foreign key cascades in the database, which asks for no right to delete.
    """

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    environment = models.ForeignKey(
        Environment, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+"
    )
    at = models.DateTimeField(db_default=Now(), editable=False)
    # the text stays true when the person or key is gone
    user = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+"
    )
    actor = models.CharField(max_length=300)
    action = models.CharField(max_length=100)
    target = models.CharField(max_length=300, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint("tenant", "uid", name="audit_entry_uid")]
        indexes = [models.Index(fields=["tenant", "-id"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"

    @property
    def public_id(self) -> str:
        return public_id("aud", self.uid)
