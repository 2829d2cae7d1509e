"""UsageRecord, PullMark."""

from django.db import models

from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.models import Environment


class UsageRecord(models.Model):
    """How much of one meter an environment used in one hour. Counting again that finds another quantity changes the
    row and raises its revision; one that finds the same leaves it alone."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    meter = models.CharField(max_length=30)
    hour = models.DateTimeField()
    quantity = models.BigIntegerField()
    revision = models.PositiveIntegerField(default=1, db_default=1)
    computed_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            # the quantity in the index: a month of a tenant is summed without touching the table
            models.UniqueConstraint(
                fields=["environment", "meter", "hour"], include=["quantity"], name="usage_once_an_hour"
            ),
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="usage_not_negative"),
            models.CheckConstraint(condition=models.Q(revision__gte=1), name="usage_revision_from_one"),
        ]
        indexes = [models.Index(fields=["meter", "hour"], name="usage_by_hour")]

    def __str__(self) -> str:
        return f"{self.meter} {self.hour:%Y-%m-%d %H:00}: {self.quantity}"


class PullMark(models.Model):
    """How far usage was pulled: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    pulled_at = models.DateTimeField()
    transaction = (
        models.BigIntegerField()
    )  # everything that changed long past hours before it is in the records

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_pull_mark")]

    def __str__(self) -> str:
        return f"pulled at {self.pulled_at}"
