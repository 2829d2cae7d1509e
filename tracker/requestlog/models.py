"""RequestRecord, RequestCount."""

from uuid import UUID

from django.db import models

from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Door(models.TextChoices):
    """Where a request came in."""

    INGEST = "ingest", "Ingest"
    API = "api", "API"


class Ending(models.TextChoices):
    """What became of a request."""

    ACCEPTED = "accepted", "Accepted"
    PARTLY = "partly", "Partly"
    REFUSED = "refused", "Refused"
    LIMITED = "limited", "Limited"
    ERROR = "error", "Error"


class RequestRecord(models.Model):
    """One request that came with a genuine key, kept whole for 7 days. No body, no query string, no key's text.

    A caller of the API may choose its request's id and use it again, so an id may stand in several rows.
    """

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    request_id = models.UUIDField()
    door = models.CharField(max_length=6, choices=Door)
    method = models.CharField(max_length=8)
    route = models.CharField(max_length=200)
    key_id = models.BigIntegerField()
    status = models.SmallIntegerField()
    outcome = models.CharField(max_length=8, choices=Ending)
    reason = models.CharField(max_length=60, blank=True)
    duration_us = models.BigIntegerField()
    device = models.CharField(max_length=200, blank=True)  # its external id, the first where several reported
    # reports, or registrations, as the door answered them; null where the request came to none
    accepted = models.IntegerField(null=True)
    refused = models.IntegerField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "request_id", "at", name="request_kept_once")]
        indexes = [
            models.Index(fields=["environment", "-id"], name="request_newest_first"),
            models.Index(fields=["environment", "outcome", "-id"], name="request_by_outcome"),
            models.Index(
                fields=["environment", "device", "-id"],
                condition=~models.Q(device=""),
                name="request_by_device",
            ),
            models.Index(fields=["at"], name="request_by_age"),  # tenants: for forgetting, across all of them
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.route}: {self.status}"

    @property
    def public_id(self) -> str:
        return public_id("req", UUID(str(self.request_id)))


class RequestCount(models.Model):
    """How many requests with one key ended in one way in an hour; all of them, kept whole or not."""

    pk = models.CompositePrimaryKey("environment_id", "hour", "door", "key_id", "outcome")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    door = models.CharField(max_length=6, choices=Door)
    key_id = models.BigIntegerField()
    outcome = models.CharField(max_length=8, choices=Ending)
    count = models.BigIntegerField()

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(
                fields=["hour"], name="request_count_by_hour"
            )  # tenants: for forgetting, across all of them
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.outcome} by {self.key_id}"
