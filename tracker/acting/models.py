"""ActingSession."""

from django.db import models

from tracker.tenants.fences import TenantManager
from tracker.tenants.models import Tenant, User


class ActingSession(models.Model):
    """A member of staff saw the console as a member does: who, as whom, why, from when to when."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    staff = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    reason = models.CharField(max_length=300)
    began_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    writes_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    writes_since = models.DateTimeField(null=True)  # null: it may only look

    objects = TenantManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="acting_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(writes_since=None) | ~models.Q(writes_reason=""),
                name="acting_writes_have_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-began_at"], name="acting_newest")]

    def __str__(self) -> str:
        return f"{self.staff_id} as {self.member_id} in {self.tenant_id}"
