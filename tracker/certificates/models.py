"""DeviceCertificate."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from tracker.devices.models import Device
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class DeviceCertificate(models.Model):
    """An X.509 client certificate of one device. Its private key is shown once and stored nowhere."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+")
    serial = models.CharField(max_length=40)  # hexadecimal, lower case
    sha256 = models.BinaryField(max_length=32)  # of the DER form
    issued_at = models.DateTimeField(db_default=Now(), editable=False)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    content = models.BinaryField()  # the certificate itself, DER
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="certificate_uid"),
            models.UniqueConstraint("environment", "serial", name="certificate_serial"),
        ]
        indexes = [models.Index(fields=["environment", "device"], name="certificate_of_device")]

    def __str__(self) -> str:
        return f"{self.serial} of {self.device_id}"

    @property
    def public_id(self) -> str:
        return public_id("crt", self.uid)
