"""Manifest, ManifestStop, ManifestVersion, PushedManifest, ManifestOverride, OverridePattern."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from dispatch.fleet.models import Driver, Hub, Vehicle
from dispatch.planning.models import PlanRun
from dispatch.shipments.models import Shipment
from tracker.devices.models import Device
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Manifest(models.Model):
    """The route of one driver on one day, from the draft of a run to the last stop done.

    `version` counts what the driver was given (0: nothing yet); `revision` counts every change of any kind, and who
    changes a manifest names the revision they looked at.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        RELEASED = "released", "Released"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        IN_PROGRESS = "in_progress", "In progress"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, related_name="+", db_index=False)
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    run = models.ForeignKey(PlanRun, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    service_date = models.DateField()
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT, db_default="draft")
    version = models.PositiveIntegerField(default=0, db_default=0)
    revision = models.PositiveIntegerField(default=1, db_default=1)
    acknowledged_version = models.PositiveIntegerField(default=0, db_default=0)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    distance_m = models.FloatField(default=0.0, db_default=0.0)
    duration_s = models.FloatField(default=0.0, db_default=0.0)
    cost = models.JSONField(default=dict, db_default={})  # term by term
    why_driver = models.JSONField(null=True)  # the next best driver and what it would cost
    # what a draft's plan knew: {"open": shipments on the driver's manifest in force, "from": {shipment: manifest}};
    # what came since is kept when it is released
    basis = models.JSONField(default=dict, db_default={})
    uncertainty = models.FloatField(
        default=0.0, db_default=0.0
    )  # chance that a stop of it fails, as predicted
    flags = models.JSONField(
        default=list, db_default=[]
    )  # why it is flagged as uncertain: [{"stop"?, "reason"}]
    released_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="manifest_uid"),
            # at most one draft and one in force a driver and day
            models.UniqueConstraint(
                fields=["environment", "driver", "service_date"],
                condition=models.Q(state="draft"),
                name="one_draft_a_driver_and_day",
            ),
            models.UniqueConstraint(
                fields=["environment", "driver", "service_date"],
                condition=models.Q(state__in=["released", "acknowledged", "in_progress"]),
                name="one_manifest_in_force",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "hub", "service_date"], name="manifest_of_hub"),
            models.Index(fields=["environment", "service_date", "state"], name="manifest_of_day"),
        ]

    def __str__(self) -> str:
        return f"manifest {self.public_id}"

    @property
    def public_id(self) -> str:
        return public_id("mft", self.uid)


class ManifestStop(models.Model):
    """A planned visit: one shipment's place on a manifest."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        ARRIVED = "arrived", "Arrived"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        REMOVED = "removed", "Taken off"  # cancelled or moved to another manifest; kept for the record

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="stops", db_index=False)
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="+", db_index=False)
    place = models.PositiveSmallIntegerField(null=True)  # 1 is the first; null: taken off
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED, db_default="planned")
    longitude = models.FloatField()
    latitude = models.FloatField()
    slot_from = models.DateTimeField(null=True)  # the slot it is planned into
    slot_to = models.DateTimeField(null=True)
    planned_arrival = models.DateTimeField()
    planned_departure = models.DateTimeField()
    distance_m = models.FloatField(default=0.0, db_default=0.0)  # from the stop before
    eta_at = models.DateTimeField(null=True)  # as reckoned on the way; null: as planned
    eta_latest_at = models.DateTimeField(null=True)  # four in five arrive by then
    miss_chance = models.FloatField(null=True)  # that it will be after its slot, as last predicted
    arrived_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="manifest_stop_uid"),
            # looked at when the transaction ends, so that stops can change places in it
            models.UniqueConstraint(
                fields=["environment", "manifest", "place"],
                deferrable=models.Deferrable.DEFERRED,
                name="manifest_place_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="removed", place__isnull=True)
                | (~models.Q(state="removed") & models.Q(place__gte=1)),
                name="manifest_place_while_on_it",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "shipment"], name="manifest_stop_of_shipment"),
            models.Index(fields=["environment", "manifest", "place"], name="manifest_stop_in_order"),
        ]

    def __str__(self) -> str:
        return f"stop {self.place} of {self.manifest_id}"

    @property
    def public_id(self) -> str:
        return public_id("stp", self.uid)


class ManifestVersion(models.Model):
    """What the driver was given, and how it differs from what they had before. Never changed."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    document = models.JSONField()  # as pushed to the device
    difference = models.JSONField(
        default=dict
    )  # {"added": [...], "removed": [...], "moved": [...], "retimed": [...]}
    reason = models.CharField(max_length=300, blank=True, default="")
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )  # null: a window, a saga or the API
    released_at = models.DateTimeField()
    pushed_at = models.DateTimeField(
        null=True
    )  # the broker took it; null: not yet, or the driver carries no device
    acknowledged_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "manifest", "number"], name="manifest_version_once"
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(pushed_at=None), name="manifest_to_push"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.manifest_id}"


class PushedManifest(models.Model):
    """What the broker keeps for a device, as it last took it; what it should keep follows from the manifests."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", db_index=False)
    manifest = models.ForeignKey(
        Manifest, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )  # null: nothing, its topic was cleared
    number = models.PositiveIntegerField(default=0, db_default=0)  # of the version
    pushed_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "device"], name="pushed_manifest_of_device"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} for device {self.device_id}"


class ManifestOverride(models.Model):
    """That a person changed what the plan said: before, after, who, why, and what it costs. Never changed;
    an undo is an override of its own that names this one."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, related_name="+", db_index=False)
    service_date = models.DateField()
    kind = models.CharField(max_length=12)  # move, remove, add, order, driver
    shipment = models.ForeignKey(
        Shipment, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    before = (
        models.JSONField()
    )  # {"manifests": {mft_...: {"driver", "vehicle_type", "revision", "stops": [...]}}}
    after = models.JSONField()
    reason_code = models.CharField(max_length=30)
    reason = models.CharField(max_length=500)
    author = models.JSONField()
    cost_before = models.JSONField(default=dict)
    cost_after = models.JSONField(default=dict)
    violations = models.JSONField(default=list)  # accepted knowingly
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    created_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="override_uid"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="override_has_a_reason"),
        ]
        indexes = [models.Index(fields=["environment", "hub", "-created_at"], name="override_of_hub")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"

    @property
    def public_id(self) -> str:
        return public_id("ovr", self.uid)


class OverridePattern(models.Model):
    """A rule that overrides seem to follow, with its back-test; in force only once a person accepted it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "In force"
        REFUSED = "refused", "Refused"
        ENDED = "ended", "Ended"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="+", db_index=False)
    fingerprint = models.CharField(
        max_length=64
    )  # of the condition: a refused one is not proposed again at once
    condition = models.JSONField()  # place, hours, vehicle type, driver: what the overrides have in common
    constraint = models.JSONField()  # what the optimiser would be told
    evidence = models.JSONField(default=dict)  # overrides explained, chance, weeks looked at
    back_test = models.JSONField(default=dict)  # {"avoided": 31, "of": 40, "distance_share": 0.008}
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED, db_default="proposed")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="pattern_uid"),
            models.UniqueConstraint(
                fields=["environment", "hub", "fingerprint"],
                condition=models.Q(state__in=["proposed", "accepted"]),
                name="pattern_once",
            ),
        ]

    def __str__(self) -> str:
        return f"pattern {self.public_id}"

    @property
    def public_id(self) -> str:
        return public_id("pat", self.uid)
