"""Hub, VehicleType, Vehicle, Driver, VehicleHolding, DeviceHolding, Shift, ShiftChange."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tracker.devices.models import Device
from tracker.geofences.models import Geofence
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Hub(models.Model):
    """A place of the tree: a region, a fulfilment centre in it, a delivery zone of that; of any depth.

    Its parent is of the same environment, and no hub is its own ancestor: a trigger refuses it, whoever writes.
    Coordinates are plain numbers, so that row security can fence the table (decision 0004).
    """

    class Kind(models.TextChoices):
        REGION = "region", "Region"
        CENTRE = "centre", "Fulfilment centre"
        ZONE = "zone", "Delivery zone"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001  no id is not the empty text
    kind = models.CharField(max_length=6, choices=Kind)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    timezone = models.CharField(max_length=64)  # IANA name: windows and shifts are in its local time
    longitude = models.FloatField(null=True)  # where vehicles load; null: the nearest ancestor's place
    latitude = models.FloatField(null=True)
    # a zone's area: shipments without a hub of their own are sorted by it
    geofence = models.ForeignKey(
        Geofence, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    metadata = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="hub_uid"),
            models.UniqueConstraint("environment", "external_id", name="hub_external_id"),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="hub_not_its_own_parent",
            ),
            models.CheckConstraint(
                condition=models.Q(longitude__isnull=True, latitude__isnull=True)
                | models.Q(longitude__range=(-180, 180), latitude__range=(-90, 90)),
                name="hub_place_on_the_globe",
            ),
        ]
        indexes = [models.Index(fields=["environment", "parent"], name="hub_of_parent")]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("hub", self.uid)


class VehicleType(models.Model):
    """A kind of vehicle: what fits in, how fast it goes, what it costs."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=50)  # two_wheeler, four_wheeler, or the customer's own
    name = models.CharField(max_length=100)
    capacities = models.JSONField(
        default=dict, db_default={}
    )  # {"parcels": 30, "kg": 40.0, "litres": 120.0}; none: no limit
    speed_factor = models.FloatField(default=1.0, db_default=1.0)  # over the environment's travel times
    cost_fixed = models.FloatField(default=0.0, db_default=0.0)  # in cost units, of putting one on the road
    cost_per_km = models.FloatField(default=1.0, db_default=1.0)
    cost_per_hour = models.FloatField(default=0.0, db_default=0.0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="vehicle_type_uid"),
            models.UniqueConstraint("environment", "key", name="vehicle_type_key"),
            models.CheckConstraint(
                condition=models.Q(
                    speed_factor__gt=0, cost_fixed__gte=0, cost_per_km__gte=0, cost_per_hour__gte=0
                ),
                name="vehicle_type_figures",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("vty", self.uid)


class Vehicle(models.Model):
    """One vehicle. Who drives it when stands in its holdings."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001  no id is not the empty text
    type = models.ForeignKey(VehicleType, on_delete=models.PROTECT, related_name="+", db_index=False)
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    plate = models.CharField(max_length=50, blank=True, default="", db_default="")
    capacities = models.JSONField(null=True)  # its own; null: those of its type
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="vehicle_uid"),
            models.UniqueConstraint("environment", "external_id", name="vehicle_external_id"),
        ]
        indexes = [models.Index(fields=["environment", "hub"], name="vehicle_of_hub")]

    def __str__(self) -> str:
        return self.plate or self.external_id or self.public_id

    @property
    def public_id(self) -> str:
        return public_id("veh", self.uid)


class Driver(models.Model):
    """A person who delivers. Their vehicle and their device are things that change hands: see the holdings."""

    class EndsAt(models.TextChoices):
        HUB = "hub", "At the hub"
        HOME = "home", "At home"
        ANYWHERE = "anywhere", "At the last stop"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001  no id is not the empty text
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=40, blank=True, default="", db_default="")
    email = models.EmailField(blank=True, default="", db_default="")
    language = models.CharField(
        max_length=10, blank=True, default="", db_default=""
    )  # BCP 47; empty: the tenant's
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, related_name="+", db_index=False)
    skills = ArrayField(models.CharField(max_length=50), default=list, db_default=[])
    ends_at = models.CharField(max_length=8, choices=EndsAt, default=EndsAt.HUB, db_default="hub")
    home_longitude = models.FloatField(null=True)
    home_latitude = models.FloatField(null=True)
    metadata = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="driver_uid"),
            models.UniqueConstraint("environment", "external_id", name="driver_external_id"),
            models.CheckConstraint(
                condition=~models.Q(ends_at="home")
                | models.Q(home_longitude__isnull=False, home_latitude__isnull=False),
                name="driver_home_known",
            ),
        ]
        indexes = [models.Index(fields=["environment", "hub"], name="driver_of_hub")]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("drv", self.uid)


class VehicleHolding(models.Model):
    """That a driver has a vehicle, from when until when. One vehicle each way at a time."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="+", db_index=False)
    vehicle = models.ForeignKey(Vehicle, on_delete=models.CASCADE, related_name="+", db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "driver"], condition=models.Q(until=None), name="one_vehicle_a_driver"
            ),
            models.UniqueConstraint(
                fields=["environment", "vehicle"], condition=models.Q(until=None), name="one_driver_a_vehicle"
            ),
            models.CheckConstraint(
                condition=models.Q(until=None) | models.Q(until__gte=models.F("since")),
                name="vehicle_held_forward",
            ),
        ]
        indexes = [models.Index(fields=["environment", "driver", "-since"], name="vehicles_of_driver")]

    def __str__(self) -> str:
        return f"{self.driver_id} has vehicle {self.vehicle_id}"


class DeviceHolding(models.Model):
    """That a driver carries a device, from when until when. Its positions in that time are the driver's."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "driver"], condition=models.Q(until=None), name="one_device_a_driver"
            ),
            models.UniqueConstraint(
                fields=["environment", "device"], condition=models.Q(until=None), name="one_driver_a_device"
            ),
            models.CheckConstraint(
                condition=models.Q(until=None) | models.Q(until__gte=models.F("since")),
                name="device_held_forward",
            ),
        ]
        indexes = [models.Index(fields=["environment", "driver", "-since"], name="devices_of_driver")]

    def __str__(self) -> str:
        return f"{self.driver_id} carries device {self.device_id}"


class Shift(models.Model):
    """Weekly hours of a driver in local time. An end before the start is on the next day;
    equal ones have no length and give no hours."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="+", db_index=False)
    weekdays = ArrayField(models.PositiveSmallIntegerField())  # on which it begins: 1 is Monday, 7 Sunday
    starts = models.TimeField()
    ends = models.TimeField()
    timezone = models.CharField(max_length=64, blank=True, default="", db_default="")  # empty: the hub's
    breaks = models.JSONField(
        default=list, db_default=[]
    )  # [{"from": "12:00", "to": "14:00", "duration_s": 1800}]
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)  # its last day

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "uid", name="shift_uid")]
        indexes = [models.Index(fields=["environment", "driver"], name="shift_of_driver")]

    def __str__(self) -> str:
        return f"{self.starts:%H:%M} to {self.ends:%H:%M}"

    @property
    def public_id(self) -> str:
        return public_id("shf", self.uid)


class ShiftChange(models.Model):
    """Other hours on one date, or none: takes the place of what the weekly shifts say of that date."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="+", db_index=False)
    date = models.DateField()
    starts = models.TimeField(null=True)  # null: absent
    ends = models.TimeField(null=True)
    breaks = models.JSONField(default=list, db_default=[])
    reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="shift_change_uid"),
            models.UniqueConstraint(fields=["environment", "driver", "date"], name="one_change_a_date"),
        ]

    def __str__(self) -> str:
        return f"{self.date}: {self.starts or 'absent'}"

    @property
    def public_id(self) -> str:
        return public_id("shc", self.uid)
