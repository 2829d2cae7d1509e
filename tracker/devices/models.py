"""Device and DeviceState: the register, and the one hot row each device keeps."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class SpeedUnit(models.TextChoices):
    """A unit in which apps are known to send speed."""

    MPS = "mps", "metres a second"
    KMH = "kmh", "kilometres an hour"
    KNOTS = "knots", "knots"
    MPH = "mph", "miles an hour"


class Device(models.Model):
    """Anything that reports where it is. Registered by its first report, or beforehand."""

    uid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200)  # the device_id as its owner sends it
    name = models.CharField(max_length=200, blank=True, default="", db_default="")
    metadata = models.JSONField(default=dict, db_default={})
    model = models.CharField(max_length=100, blank=True, default="", db_default="")
    os = models.CharField(max_length=100, blank=True, default="", db_default="")
    app_version = models.CharField(max_length=100, blank=True, default="", db_default="")
    wire_format = models.CharField(
        max_length=30, blank=True, default="", db_default=""
    )  # units.stated reads it
    # the unit its speed numbers really are in, where its owner says so; empty: what its app's form states
    speed_unit = models.CharField(max_length=5, blank=True, default="", db_default="", choices=SpeedUnit)
    speed_unit_set_at = models.DateTimeField(null=True)  # what came before was read otherwise
    registered_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "external_id", name="device_external_id"),
            models.UniqueConstraint("environment", "uid", name="device_uid"),
            models.CheckConstraint(
                condition=models.Q(speed_unit__in=["", *SpeedUnit.values]), name="device_speed_unit_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id

    @property
    def public_id(self) -> str:
        return public_id("dev", self.uid)


class DeviceState(models.Model):
    """Where a device last was: one narrow row, rewritten by every batch, apart from the register.

    The row is written several times a minute for each device, so it carries no index but its key and its
    environment, and pages keep half their room free: updates then stay on the page (HOT) and leave the
    indexes alone.
    """

    device = models.OneToOneField(Device, on_delete=models.CASCADE, primary_key=True, related_name="state")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+")
    recorded_at = models.DateTimeField()
    received_at = models.DateTimeField()
    stored_at = models.DateTimeField()
    longitude = models.FloatField()
    latitude = models.FloatField()
    accuracy_m = models.FloatField(null=True)
    altitude_m = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    heading_deg = models.FloatField(null=True)
    battery = models.FloatField(null=True)  # 0 to 1
    charging = models.BooleanField(null=True)
    activity = models.CharField(max_length=64, null=True)  # noqa: DJ001  unknown is not the empty text
    moved_at = models.DateTimeField()  # recorded_at of the last fix away from the anchor
    anchor_longitude = models.FloatField()
    anchor_latitude = models.FloatField()
    suspect_recorded_at = models.DateTimeField(null=True)  # the judge's memory of a jump not yet believed
    suspect_longitude = models.FloatField(null=True)
    suspect_latitude = models.FloatField(null=True)
    suspect_count = models.SmallIntegerField(default=0, db_default=0)
    judged_to = models.DateTimeField(
        null=True
    )  # the newest recorded_at judged, kept or not; null: recorded_at
    presence = models.BinaryField(
        null=True
    )  # where it is among geofences, in the edge's form; null: in none yet
    cadence_s = models.FloatField(null=True)  # usual time between its reports; null: not known

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.device_id} at {self.recorded_at}"


class UnitFinding(models.Model):
    """What the unit doctor found: a device whose reported speeds disagree by the ratio of two units."""

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="unit_finding"
    )
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+")
    stated_unit = models.CharField(max_length=5, choices=SpeedUnit)  # how its numbers were read
    likely_unit = models.CharField(max_length=5, choices=SpeedUnit)  # what they look like
    ratio = models.FloatField()  # reported speed over distance a second, median
    samples = models.PositiveIntegerField()
    found_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.device_id}: {self.stated_unit} looks like {self.likely_unit}"


class DeviceCondition(models.Model):
    """What was last told of a device's reachability and battery; a tick compares it with the state and tells."""

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="condition"
    )
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+")
    silent_since = models.DateTimeField(null=True)  # null: told to be online
    battery_low_since = models.DateTimeField(null=True)
    told_at = models.DateTimeField()

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.device_id}: {'silent' if self.silent_since else 'online'}"
