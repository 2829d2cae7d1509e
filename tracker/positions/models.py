"""Position."""

from django.contrib.gis.db import models

from tracker.devices.models import Device
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Position(models.Model):
    """A fix that was kept. Written by the edge alone; a partition for each UTC day of `recorded_at`.

    The key is what makes the pipeline idempotent: one device has one position at one instant. The foreign
    keys exist for Django only: a check of two parents for every row would cost the pipeline a third of its
    speed, and rows here outlive nothing they point to (deletion goes through `devices.services`).
    """

    pk = models.CompositePrimaryKey("environment_id", "device_id", "recorded_at")
    environment = models.ForeignKey(
        Environment, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    device = models.ForeignKey(
        Device, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    recorded_at = models.DateTimeField()  # the device's clock
    received_at = models.DateTimeField()  # the porch's clock
    stored_at = models.DateTimeField()  # the database's clock
    location = models.PointField(srid=4326)
    accuracy_m = models.FloatField(null=True)
    altitude_m = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    heading_deg = models.FloatField(null=True)
    battery = models.FloatField(null=True)  # 0 to 1
    charging = models.BooleanField(null=True)
    activity = models.CharField(max_length=64, null=True)
    permissions = models.JSONField(null=True)
    extra = models.JSONField(null=True)
    request_id = models.UUIDField()
    # recorded_at of the position this one stands at: itself where the device moved. Null: before this was kept
    moved_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.device_id} at {self.recorded_at}"

    @property
    def request_public_id(self) -> str:
        return public_id("req", self.request_id)


class DailyLine(models.Model):
    """Where one device went on one UTC day, simplified; it stays after the positions are gone."""

    pk = models.CompositePrimaryKey("environment_id", "device_id", "day")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    line = models.LineStringField(srid=4326)  # a day of one place is that place twice
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    positions = models.PositiveIntegerField()  # how many it was made of
    distance_m = models.FloatField()  # along the positions, not along the simplified line
    error_bound_m = models.FloatField()  # no position lies farther from the line
    made_at = models.DateTimeField()

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.device_id} on {self.day}"


class ArchivedDay(models.Model):
    """One UTC day of one environment in the archive: where, how much, as of when."""

    pk = models.CompositePrimaryKey("environment_id", "day")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    location = models.TextField()  # below the archive's root; empty: only lines were made, archiving is off
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    newest_stored_at = (
        models.DateTimeField()
    )  # of its rows: anything stored later asks for it to be done again
    archived_at = models.DateTimeField()
    # since when its positions may be gone from the table, so that the archive is the only copy
    released_at = models.DateTimeField(null=True)
    rewrite_asked_at = models.DateTimeField(null=True)  # a device it holds was deleted
    replaced = models.TextField(default="", db_default="")  # an older object that is still to be removed

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.environment_id} {self.day}: {self.rows} rows"


class ArchivedBytes(models.Model):
    """By how much the archive of an environment grew or shrank, and when: the sum up to a time is what it held then.

    ArchivedDay is overwritten when a day is archived again; this is only ever added to.
    """

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    bytes = models.BigIntegerField()

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(fields=["environment", "at"], name="archived_bytes_up_to"),
            models.Index(fields=["at"], name="archived_bytes_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.bytes:+d} at {self.at}"
