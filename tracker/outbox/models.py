"""OutboxEvent."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class OutboxEvent(models.Model):
    """Something that happened, written in the transaction in which it happened. Its `uid` is the stable id by
    which receivers tell duplicates. Kept for thirty days, so that endpoints can be told again.

    `relayed_at` is set by the relay in the transaction that hands the row on. A relay that remembered the highest
    id instead would lose the rows of transactions that commit late.
    """

    uid = models.UUIDField(db_default=RandomUUID(), editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=40)  # device.silent, geofence.entered ...: see the catalogue
    device_id = models.BigIntegerField(
        null=True
    )  # no constraint: the pipeline pays for each; deletion goes by code
    data = models.JSONField()  # the payload's `data`, as its published schema says
    occurred_at = models.DateTimeField()
    request_id = models.UUIDField(null=True)  # of the report that led to it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    relayed_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "uid", name="outbox_event_uid")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(relayed_at=None), name="outbox_not_relayed"),
            models.Index(fields=["environment", "-created_at"], name="outbox_by_age"),
            models.Index(fields=["environment", "device_id"], name="outbox_of_device"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def public_id(self) -> str:
        return public_id("evt", self.uid)
