"""Notification."""

import uuid

from django.db import models

from dispatch.shipments.models import Shipment
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Notification(models.Model):
    """That somebody is owed one message. Owed once, whatever is retried: the unique constraint sees to it."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        SENT = "sent", "Sent"
        GIVEN_UP = "given_up", "Given up"
        UNWANTED = "unwanted", "No address for it"
        WITHDRAWN = "withdrawn", "Overtaken before it was sent"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    shipment = models.ForeignKey(
        Shipment, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    # what it is about where that is no shipment; and which turn of it: "attempt 1", "attempt 2"
    about = models.CharField(max_length=150, blank=True, default="", db_default="")
    template = models.CharField(max_length=40)
    channel = models.CharField(max_length=10)  # mail, sms, push
    language = models.CharField(max_length=10, default="en")
    address = models.CharField(max_length=254, blank=True, default="")
    facts = models.JSONField(default=dict)  # what the template says
    state = models.CharField(max_length=9, choices=State, default=State.PENDING, db_default="pending")
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="notification_uid"),
            models.UniqueConstraint(
                fields=["environment", "shipment", "about", "template", "channel"],
                nulls_distinct=False,
                name="notification_once",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="notification_due"),
            models.Index(fields=["environment", "-id"], name="notification_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.template} by {self.channel}"

    @property
    def public_id(self) -> str:
        return public_id("ntf", self.uid)
