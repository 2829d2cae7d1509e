"""Shipment, ShipmentEvent, PersonalPart, ShipmentState, ErasureOrder."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from dispatch.fleet.models import Driver, Hub
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Shipment(models.Model):
    """The identity of a parcel. What is known of it stands in its events, and as of now in its state."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001  no id is not the empty text
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="shipment_uid"),
            models.UniqueConstraint("environment", "external_id", name="shipment_external_id"),
        ]
        indexes = [models.Index(fields=["created_at"], name="shipment_by_age")]

    def __str__(self) -> str:
        return self.external_id or self.public_id

    @property
    def public_id(self) -> str:
        return public_id("shp", self.uid)


class ShipmentEvent(models.Model):
    """Something that happened to a shipment: never changed, never deleted (the database refuses both).

    `sequence` counts from 1 within the shipment; who appends names the number they take, and loses to whoever took it
    first. Each event's hash covers the one before it. `written_by`, the writing transaction, orders the feed: a row
    number is drawn before the commit and would let a reader skip what commits late.
    """

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)  # ShipmentCreated, OutForDelivery ...: see `kinds.py`
    version = models.PositiveSmallIntegerField(
        default=1, db_default=1
    )  # of the form of `data`; upcast when read
    data = models.JSONField()
    author = models.JSONField()  # {"kind": "member|key|driver|customer|system", "id": ..., "name": ...}
    occurred_at = models.DateTimeField()  # when it happened
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)  # when it became known
    request_id = models.UUIDField(null=True)
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="shipment_event_uid"),
            models.UniqueConstraint(
                fields=["environment", "shipment", "sequence"], name="shipment_event_sequence"
            ),
            models.CheckConstraint(condition=models.Q(sequence__gte=1), name="shipment_event_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"

    @property
    def public_id(self) -> str:
        return public_id("sev", self.uid)


class PersonalPart(models.Model):
    """What an event says of the recipient, kept beside it: the event holds a salted digest of this. Never changed; it
    may be deleted, and the chain of the events still holds."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="+", db_index=False)
    sequence = models.PositiveIntegerField()  # of the event
    salt = models.CharField(max_length=32)
    data = models.JSONField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "shipment", "sequence"], name="personal_part_of_event"
            )
        ]

    def __str__(self) -> str:
        return f"of event {self.sequence} of {self.shipment_id}"


class ShipmentState(models.Model):
    """A shipment as its events say it is now: a projection, which can be dropped and made again."""

    class State(models.TextChoices):
        CREATED = "created", "Announced"  # not yet in our hands
        READY = "ready", "At the hub"
        ASSIGNED = "assigned", "On a released manifest"
        OUT = "out_for_delivery", "Out for delivery"
        FAILED = "failed", "Attempt failed"  # waits for the next attempt or a decision
        DELIVERED = "delivered", "Delivered"
        RETURNING = "returning", "On its way back"
        RETURNED = "returned", "Returned"
        CANCELLED = "cancelled", "Cancelled"
        LOST = "lost", "Lost"

    shipment = models.OneToOneField(
        Shipment, on_delete=models.CASCADE, primary_key=True, related_name="state_row"
    )
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    sequence = models.PositiveIntegerField()  # of the last event in it
    state = models.CharField(max_length=16, choices=State)
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    recipient = models.CharField(max_length=200, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    address = models.CharField(max_length=500, blank=True, default="")
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    place_by = models.CharField(
        max_length=20, blank=True, default=""
    )  # given, gazetteer, nominatim, google, person
    place_confidence = models.FloatField(null=True)  # 0 to 1
    place_doubtful = models.BooleanField(default=False)  # a person must look before it is planned
    slots = models.JSONField(default=list)  # [[from, to], ...] in ISO 8601 UTC; [] any time
    due_from = models.DateTimeField(null=True)  # begin of the first slot
    due_to = models.DateTimeField(null=True)  # end of the last slot
    size = models.JSONField(default=dict)  # {"parcels": 1, "kg": 2.5, "litres": 8.0}
    service_s = models.PositiveIntegerField(default=180)
    priority = models.SmallIntegerField(default=0)  # -10 to 10; higher is left out last
    skills = ArrayField(models.CharField(max_length=50), default=list)
    cash_minor = models.BigIntegerField(default=0)  # to collect, in minor units of the currency
    currency = models.CharField(max_length=3, blank=True, default="")
    cash_collected_minor = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    failed_reason = models.CharField(max_length=40, blank=True, default="")
    not_before = models.DateTimeField(null=True)  # the next attempt may not be planned before
    note = models.CharField(max_length=500, blank=True, default="")  # of the customer, to the driver
    sender_note = models.CharField(
        max_length=500, blank=True, default="", db_default=""
    )  # not for the customer
    damaged = models.BooleanField(default=False)
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    manifest_uid = models.UUIDField(null=True)  # of the manifest it is on or was last on
    promised_to = models.DateTimeField(
        null=True
    )  # what the customer was last told: the end of the slot in force
    out_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # reached a state after which nothing follows
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # when its last event happened
    metadata = models.JSONField(default=dict)

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(fields=["environment", "hub", "state"], name="shipment_state_of_hub"),
            models.Index(fields=["environment", "state", "changed_at"], name="shipment_state_by_age"),
            models.Index(fields=["environment", "driver", "state"], name="shipment_state_of_driver"),
            models.Index(fields=["environment", "-created_at"], name="shipment_state_newest"),
            # whether anything was ever delivered at a place
            models.Index(
                fields=["environment", "latitude"],
                condition=models.Q(state="delivered"),
                name="shipment_delivered_at",
            ),
            models.Index(fields=["environment", "due_to"], name="shipment_state_by_slot"),
            models.Index(
                fields=["shipment"],
                condition=models.Q(longitude=None, place_by="", ended_at=None),
                name="shipment_to_locate",
            ),
            models.Index(
                fields=["environment", "shipment"],
                condition=models.Q(place_doubtful=True, ended_at=None),
                name="shipment_state_doubtful",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shipment_id} {self.state}"


class ErasureOrder(models.Model):
    """That an environment is to be deleted as a whole: without it the database deletes no event of a shipment."""

    environment = models.OneToOneField(
        Environment, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    reason = models.CharField(max_length=300)
    ordered_by = models.CharField(max_length=300)
    ordered_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="erasure_has_a_reason")]

    def __str__(self) -> str:
        return f"erasure of environment {self.environment_id}"
