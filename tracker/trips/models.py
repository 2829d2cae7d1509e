"""Trip, TripShare, LearnedPace."""

import uuid

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.functions import RandomUUID
from django.db.models.functions import Now

from tracker.devices.models import Device
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Trip(models.Model):
    """A journey of one device to a destination, watched from its creation until it is completed or cancelled."""

    class State(models.TextChoices):
        ACTIVE = "active", "On its way"
        ARRIVED = "arrived", "Arrived"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"

    class CompleteOn(models.TextChoices):
        """What completes a trip by itself."""

        MANUAL = "manual", "Only when told"
        ARRIVAL = "arrival", "On arrival"
        EXIT = "exit", "On leaving the destination"

    uid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200, null=True)
    state = models.CharField(max_length=9, choices=State, default=State.ACTIVE, db_default="active")
    destination = models.PointField(srid=4326, null=True, spatial_index=False)
    destination_name = models.CharField(max_length=300, blank=True, default="", db_default="")
    radius_m = models.FloatField(default=50.0, db_default=50.0)
    # a destination given as a geofence: which, and its area as it was then; the destination is a point inside
    geofence = models.ForeignKey(
        "tracker.Geofence", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    area = models.MultiPolygonField(srid=4326, null=True, spatial_index=False)
    complete_on = models.CharField(
        max_length=7, choices=CompleteOn, default=CompleteOn.MANUAL, db_default="manual"
    )
    scheduled_at = models.DateTimeField(null=True)  # due there by; later than this is delayed
    corridor = models.LineStringField(srid=4326, null=True, spatial_index=False)
    corridor_m = models.FloatField(null=True)  # farther from the line than this is off it
    metadata = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField()  # recorded times before it are not the trip's
    # progress, as of the fix recorded at `seen_at`
    seen_at = models.DateTimeField(null=True)
    checked_to = models.DateTimeField(null=True)  # newest stored_at looked at
    eta_at = models.DateTimeField(null=True)  # as likely earlier as later
    eta_earliest_at = models.DateTimeField(null=True)  # one in five arrives before
    eta_latest_at = models.DateTimeField(null=True)  # four in five arrive by then
    eta_made_at = models.DateTimeField(null=True)
    eta_told_at = models.DateTimeField(null=True)  # the estimate as last announced
    eta_by = models.CharField(max_length=12, blank=True, default="", db_default="")  # pace or osrm
    remaining_m = models.FloatField(null=True)
    delayed_since = models.DateTimeField(null=True)
    off_corridor_since = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    exited_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    fold = models.JSONField(null=True)  # what the progress rule remembers after `seen_at`; of the tick alone
    told = models.JSONField(default=dict, db_default={})  # ids of the events that stand: arrived, exited
    due_at = models.DateTimeField(null=True)  # when time alone may change something; null: never
    summary = models.JSONField(null=True)  # of a completed one: distance_m, duration_s, dwells ...

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="trip_uid"),
            models.UniqueConstraint("environment", "external_id", name="trip_external_id"),
            models.CheckConstraint(condition=models.Q(radius_m__gt=0), name="trip_radius_positive"),
        ]
        indexes = [
            models.Index(fields=["environment", "device", "-started_at"], name="trip_of_device"),
            models.Index(
                fields=["id"], condition=models.Q(state__in=["active", "arrived"]), name="trip_under_way"
            ),
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="trip_due"),
            models.Index(fields=["environment", "-id"], name="trip_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} to {self.destination_name or self.destination}"

    @property
    def public_id(self) -> str:
        return public_id("trp", self.uid)


class TripShare(models.Model):
    """A link by which a stranger sees one trip. Its token is stored as a hash; the link is shown once."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    trip = models.ForeignKey(Trip, on_delete=models.CASCADE, related_name="shares")
    token_sha256 = models.BinaryField(
        max_length=32, unique=True
    )  # strangers, who look it up, name no environment
    reveal_within_m = models.FloatField(null=True)  # exact position only nearer than this; null: always
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )  # null: the API
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    views = models.PositiveIntegerField(default=0, db_default=0)
    last_viewed_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="trip_share_uid"),
        ]
        indexes = [models.Index(fields=["environment", "trip"], name="trip_share_of_trip")]

    def __str__(self) -> str:
        return f"a link to {self.trip_id}"

    @property
    def public_id(self) -> str:
        return public_id("shr", self.uid)


class LearnedPace(models.Model):
    """How fast an environment's devices get along by hour of the week day, learned from completed trips."""

    pk = models.CompositePrimaryKey("environment_id", "hour")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.PositiveSmallIntegerField()  # 0 to 23 UTC
    speed_mps = models.FloatField()  # along the way, pauses included
    street_factor = models.FloatField()  # way over straight line
    spread = models.FloatField(default=0.35, db_default=0.35)  # of ln(true time over estimated)
    samples = models.PositiveIntegerField()

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.environment_id} at {self.hour}: {self.speed_mps} m/s"
