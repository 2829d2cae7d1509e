"""FeatureFlag, FlagTenant."""

from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.models import Tenant


class FeatureFlag(models.Model):
    """For whom a feature of the catalogue is on; a feature without a row is as the catalogue says."""

    class State(models.TextChoices):
        ALL = "all", "On for everybody"
        NONE = "none", "Off for everybody"
        LISTED = "listed", "On for the listed organisations"

    code = models.CharField(max_length=60, primary_key=True)
    state = models.CharField(max_length=6, choices=State)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["all", "none", "listed"]), name="flag_state_known"
            )
        ]

    def __str__(self) -> str:
        return self.code


class FlagTenant(models.Model):
    """An organisation for which a feature is on while its flag says "listed"."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    flag = models.ForeignKey(FeatureFlag, on_delete=models.CASCADE, related_name="listed")

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint("tenant", "flag", name="flag_lists_tenant_once")]

    def __str__(self) -> str:
        return f"{self.flag_id} for {self.tenant_id}"
