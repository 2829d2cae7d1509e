"""DriverLink, DriverSession, DriverAction, DeliveryProof."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from dispatch.fleet.models import Driver
from dispatch.manifests.models import ManifestStop
from dispatch.shipments.models import Shipment
from tracker.devices.models import Device
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class DriverLink(models.Model):
    """An offer to sign in as a driver, as a link or QR code; works once. Stored as a hash."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="+", db_index=False)
    token_sha256 = models.BinaryField(max_length=32, unique=True)  # who comes with it names no environment
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "uid", name="driver_link_uid")]
        indexes = [models.Index(fields=["environment", "driver"], name="driver_link_of_driver")]

    def __str__(self) -> str:
        return f"link for {self.driver_id}"

    @property
    def public_id(self) -> str:
        return public_id("dln", self.uid)


class DriverSession(models.Model):
    """A phone that is signed in as a driver: tied to that phone, revocable, and to the device it reports as."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    phone = models.CharField(max_length=200, blank=True, default="")  # what the browser says it is
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=100, blank=True, default="", db_default="")

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="driver_session_uid"),
            models.UniqueConstraint(
                fields=["environment", "driver"],
                condition=models.Q(revoked_at=None),
                name="one_phone_a_driver",
            ),
        ]

    def __str__(self) -> str:
        return f"phone of {self.driver_id}"

    @property
    def public_id(self) -> str:
        return public_id("dse", self.uid)


class DriverAction(models.Model):
    """What a driver did, as their phone tells it, perhaps hours later; its id makes it count once."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="+", db_index=False)
    action = models.UUIDField()  # made on the phone
    number = models.PositiveBigIntegerField()  # counts on the phone: the order in which things were done
    kind = models.CharField(max_length=20)  # acknowledge, begin, arrive, deliver, fail, scan, end
    stop = models.ForeignKey(
        ManifestStop, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    data = models.JSONField(default=dict)
    done_at = models.DateTimeField()  # by the phone's clock, corrected by what the phone knew of ours
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=10)  # done, repeated, refused
    refusal = models.CharField(max_length=300, blank=True, default="")

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "driver", "action"], name="driver_action_once")
        ]
        indexes = [models.Index(fields=["environment", "driver", "-received_at"], name="actions_of_driver")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.driver_id}"


class DeliveryProof(models.Model):
    """A photo, signature or code that proves a delivery. The bytes lie in the archive's store under their digest."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(max_length=10)  # photo, signature, code
    content_type = models.CharField(max_length=50)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    stored_as = models.CharField(max_length=300)
    taken_at = models.DateTimeField()
    received_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="proof_uid"),
            models.UniqueConstraint(fields=["environment", "shipment", "sha256"], name="proof_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.shipment_id}"

    @property
    def public_id(self) -> str:
        return public_id("pod", self.uid)
