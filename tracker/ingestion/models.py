"""OutcomeCount, SetAsideReport, DeadLetter, StreamProgress: the edge's books."""

from django.db import models
from django.db.models.functions import Now

from tracker.devices.models import Device
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.models import Environment


class Outcome(models.TextChoices):
    """The one ending of a report."""

    ACCEPTED = "accepted", "Accepted"
    DUPLICATE = "duplicate", "Duplicate"
    FILTERED = "filtered", "Filtered"
    QUARANTINED = "quarantined", "Quarantined"


class OutcomeCount(models.Model):
    """How many reports received in one second ended in one way. The lane keeps two workers off one row."""

    pk = models.CompositePrimaryKey("environment_id", "second", "outcome", "reason", "lane")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    second = models.DateTimeField()  # received_at, floored; a whole minute once folded
    outcome = models.CharField(max_length=11, choices=Outcome)
    reason = models.CharField(max_length=40, default="", db_default="")
    lane = models.SmallIntegerField()
    count = models.BigIntegerField()

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.count} {self.outcome} {self.reason}".rstrip()


class SetAsideReport(models.Model):
    """A report that was not kept in the history, with the reason and what was sent. Forgotten after 7 days."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", null=True)
    external_id = models.CharField(max_length=200)
    outcome = models.CharField(max_length=11, choices=Outcome)
    reason = models.CharField(max_length=40)
    detail = models.TextField()  # one sentence: which field, which value, which bound
    payload = models.TextField()  # the fix as received, JSON escaped to ASCII, cut at 2 KiB
    recorded_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    stored_at = models.DateTimeField()
    request_id = models.UUIDField()

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(fields=["environment", "outcome", "-id"], name="set_aside_newest_first"),
            models.Index(
                fields=["stored_at"], name="set_aside_by_age"
            ),  # tenants: for forgetting, across all of them
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"


class DeadLetter(models.Model):
    """A record that broke a step of the pipeline, isolated so that the rest could go on. Staff only."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", null=True)
    lane = models.CharField(max_length=40)
    entry_id = models.CharField(max_length=64)
    entry_index = models.IntegerField()
    reason = models.CharField(max_length=200)
    error = models.TextField()
    payload = models.BinaryField()
    request_id = models.UUIDField(null=True)
    received_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    redriven_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.lane} {self.entry_id}: {self.reason}"


class StreamProgress(models.Model):
    """How far a lane of the stream has been stored, written in the same transaction as what was stored.

    That is what makes effects happen exactly once: a worker that dies after its commit and before it says so
    to the stream begins again behind what it committed. It belongs to no customer.
    """

    lane = models.CharField(max_length=40, primary_key=True)
    entry_id = models.CharField(max_length=64)
    entry_index = models.IntegerField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.lane} at {self.entry_id}"
