"""Alert and ExpectedPresence."""

import uuid

from django.conf import settings
from django.db import models

from tracker.devices.models import Device
from tracker.geofences.models import Geofence
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment
from tracker.trips.models import Trip


class ExpectedPresence(models.Model):
    """A standing question: is this device in this geofence by this time of day? It raises `absent` when not."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    geofence = models.ForeignKey(Geofence, on_delete=models.CASCADE, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+")
    by = models.TimeField()  # local
    time_zone = models.CharField(max_length=64)  # IANA
    weekdays = models.JSONField(default=list)  # 0 Monday to 6 Sunday; empty: every day
    next_due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "uid", name="expected_presence_uid")]
        indexes = [models.Index(fields=["next_due_at"], name="expected_presence_due")]

    def __str__(self) -> str:
        return f"{self.device_id} in {self.geofence_id} by {self.by}"

    @property
    def public_id(self) -> str:
        return public_id("xpr", self.uid)


class Alert(models.Model):
    """Something a supervisor should look at. Open until its cause ends; acknowledged by whoever takes it on."""

    class Kind(models.TextChoices):
        SILENT = "silent", "Silent"
        ENTERED = "entered", "Entered"
        LEFT = "left", "Left"
        OFF_CORRIDOR = "off_corridor", "Off its corridor"
        DELAYED = "delayed", "Delayed"
        ABSENT = "absent", "Not where expected"
        # raised and ended by dispatch, about the device of the driver concerned
        DRIVER_SILENT = "driver_silent", "Driver silent on a route"
        SLOT_AT_RISK = "slot_at_risk", "Slot about to be missed"
        SLOT_MISSED = "slot_missed", "Slot missed"
        UNCONFIRMED = "unconfirmed", "Shipment unconfirmed"
        UNDELIVERED = "undelivered", "Delivery failed for good"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+")
    geofence = models.ForeignKey(Geofence, on_delete=models.CASCADE, null=True, related_name="+")
    trip = models.ForeignKey(Trip, on_delete=models.CASCADE, null=True, related_name="+")
    subject = models.CharField(
        max_length=100, default="", db_default=""
    )  # what makes two of a kind one while open
    text = models.CharField(max_length=300)  # one sentence
    raised_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True, default="")

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="alert_uid"),
            models.UniqueConstraint(
                "environment",
                "device",
                "kind",
                "subject",
                condition=models.Q(resolved_at=None),
                name="alert_once_while_open",
            ),
        ]
        indexes = [models.Index(fields=["environment", "-raised_at"], name="alert_by_age")]

    def __str__(self) -> str:
        return self.text

    @property
    def public_id(self) -> str:
        return public_id("alt", self.uid)
