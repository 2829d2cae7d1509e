"""Geofence and its shapes, the published versions of the set, and what devices did: visits and crossings."""

import uuid

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.functions import RandomUUID
from django.db.models.functions import Now

from tracker.devices.models import Device
from tracker.tenants.fences import EnvironmentManager, TenantManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment, Membership


class Geofence(models.Model):
    """An area with a name and a life: its shapes change, its identity does not. A delivery zone is one kind."""

    uid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200, null=True)
    # what the next publish takes; null: nothing, so a published geofence is retired by it
    draft = models.ForeignKey("GeofenceShape", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="geofence_uid"),
            models.UniqueConstraint("environment", "external_id", name="geofence_external_id"),
        ]

    def __str__(self) -> str:
        return self.external_id or self.public_id

    @property
    def public_id(self) -> str:
        return public_id("gf", self.uid)


class GeofenceShape(models.Model):
    """One state of a geofence: name, geometry, rules. Never changed; an edit makes another one."""

    class Kind(models.TextChoices):
        POLYGON = "polygon", "Polygon"
        CIRCLE = "circle", "Circle"
        CORRIDOR = "corridor", "Corridor"

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    geofence = models.ForeignKey(Geofence, on_delete=models.CASCADE, related_name="shapes")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind)
    source = models.JSONField()  # GeoJSON as it was drawn: of a circle a Point, of a corridor a LineString
    radius_m = models.FloatField(null=True)  # of a circle; of a corridor half its width
    geometry = models.MultiPolygonField(
        srid=4326, spatial_index=False
    )  # what is decided by; cut at 180 degrees
    area_m2 = models.FloatField()
    # hysteresis: how far beyond the border evidence must lie; null: the house's rule, 0: none, each fix decides
    margin_m = models.FloatField(null=True)
    dwell_s = models.PositiveIntegerField(null=True)  # tell of a stay this long; null: do not
    alert_on_enter = models.BooleanField(default=False, db_default=False)
    alert_on_exit = models.BooleanField(default=False, db_default=False)
    colour = models.CharField(max_length=7, blank=True, default="", db_default="")  # "#rrggbb"
    metadata = models.JSONField(default=dict, db_default={})
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["polygon", "circle", "corridor"]), name="shape_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(margin_m=None) | models.Q(margin_m__gte=0),
                name="shape_margin_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["environment", "geofence"], name="shape_of_geofence")]

    def __str__(self) -> str:
        return self.name


class GeofenceVersion(models.Model):
    """A published set. In force from `effective_at` until the next one's; a device's fix is decided by the version
    in force when it was recorded, whenever it arrives."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    # a second after publishing, so that every consumer knows of it before it counts
    effective_at = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True, default="", db_default="")
    restores = models.PositiveIntegerField(null=True)  # the number of the version this one rolls back to

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "number", name="geofence_version_number"),
            models.UniqueConstraint("environment", "effective_at", name="geofence_version_one_an_instant"),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class GeofenceVersionMember(models.Model):
    """That a shape belongs to a version."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.ForeignKey(GeofenceVersion, on_delete=models.CASCADE, related_name="members")
    geofence = models.ForeignKey(Geofence, on_delete=models.CASCADE, related_name="+")
    shape = models.ForeignKey(GeofenceShape, on_delete=models.CASCADE, related_name="+")

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "version", "geofence", name="version_holds_geofence_once")
        ]

    def __str__(self) -> str:
        return f"{self.geofence_id} in {self.version_id}"


class GeofenceVisit(models.Model):
    """A device's stay in a geofence, as known now. Late fixes may move or remove it; the crossings tell that.

    `*_at` are the times of crossing the border, `*_decided_at` the recorded times of the fixes that decided:
    a device was inside, as far as could be said then, from `entered_decided_at` up to `exited_decided_at`.
    """

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", db_index=False)
    geofence = models.ForeignKey(Geofence, on_delete=models.CASCADE, related_name="+", db_index=False)
    entered_at = models.DateTimeField()
    entered_decided_at = models.DateTimeField()
    entered_version = models.PositiveIntegerField()
    exited_at = models.DateTimeField(null=True)
    exited_decided_at = models.DateTimeField(null=True)
    exited_version = models.PositiveIntegerField(null=True)
    dwell_due_at = models.DateTimeField(null=True)  # when the stay is long enough to be told of; null: never
    dwelled_at = models.DateTimeField(null=True)  # told of: dwell_due_at as it was then

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "device", "geofence", "entered_at", name="visit_once"),
            models.CheckConstraint(
                condition=models.Q(exited_at=None) | models.Q(exited_at__gte=models.F("entered_at")),
                name="visit_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "device", "entered_decided_at"], name="visit_of_device"),
            models.Index(fields=["environment", "geofence", "entered_at"], name="visit_of_geofence"),
            models.Index(
                fields=["environment", "geofence"], condition=models.Q(exited_at=None), name="visit_open"
            ),
            models.Index(
                fields=["dwell_due_at"],
                condition=models.Q(exited_at=None, dwelled_at=None, dwell_due_at__isnull=False),
                name="visit_dwell_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} in {self.geofence_id} from {self.entered_at}"


class GeofenceCrossing(models.Model):
    """What was told of a device and geofences, in the order it was told. Rows are never rewritten: a row that late
    fixes prove wrong gets `superseded_at` and a later row that names it in `corrects`."""

    class Kind(models.TextChoices):
        CROSSED = "crossed", "Crossed"  # from one geofence to another; null is outside
        DWELLED = "dwelled", "Dwelled"  # stayed in `to_geofence` for its dwell time
        WITHDRAWN = "withdrawn", "Withdrawn"  # what `corrects` says did not happen

    class Cause(models.TextChoices):
        MOVED = "moved", "Moved across the border"
        PASSED = "passed", "Passed through between two fixes"
        FIRST_FIX = "first_fix", "Was there at its first fix"
        PUBLISHED = "published", "The border moved: a version was published"
        TIME = "time", "Time went by"

    uid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind)
    cause = models.CharField(max_length=9, choices=Cause)
    from_geofence = models.ForeignKey(
        Geofence, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    to_geofence = models.ForeignKey(
        Geofence, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    from_name = models.CharField(max_length=200, null=True)
    to_name = models.CharField(max_length=200, null=True)
    occurred_at = models.DateTimeField()  # when the border was crossed, reckoned between two fixes
    decided_at = models.DateTimeField()  # recorded_at of the fix that decided
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    version = models.PositiveIntegerField()  # of the set that decided
    corrects = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    superseded_at = models.DateTimeField(null=True)  # no longer what we believe; set once
    received_at = models.DateTimeField()  # the porch's clock, of the report that made it known
    stored_at = models.DateTimeField()
    request_id = models.UUIDField(null=True)  # null: no report did, time or a publish

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "uid", name="crossing_uid")]
        indexes = [
            models.Index(fields=["environment", "device", "decided_at"], name="crossing_of_device"),
            models.Index(fields=["environment", "stored_at"], name="crossing_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id}: {self.from_name} to {self.to_name} at {self.occurred_at}"

    @property
    def public_id(self) -> str:
        return public_id("crs", self.uid)


class MembershipGeofence(models.Model):
    """That a member sees only devices inside this geofence, or inside another one listed so. None listed: all."""

    tenant = models.ForeignKey("tracker.Tenant", on_delete=models.CASCADE, related_name="+", db_index=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="geofences")
    geofence = models.ForeignKey(Geofence, on_delete=models.CASCADE, related_name="+")

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant", "membership", "geofence", name="member_limited_once_by_geofence"
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} sees {self.geofence_id}"
