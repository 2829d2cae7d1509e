"""ShipmentUpload, ShipmentUploadRow, GazetteerPlace, GeocodedAddress."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from dispatch.fleet.models import Hub
from dispatch.shipments.models import Shipment
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class ShipmentUpload(models.Model):
    """A file of shipments and how far it has been read. Good rows are kept whatever becomes of the others."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READING = "reading", "Being read"
        DONE = "done", "Read"
        FAILED = "failed", "Could not be read"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hub = models.ForeignKey(Hub, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    file_name = models.CharField(max_length=200)
    sha256 = models.BinaryField(max_length=32)
    content = models.BinaryField(null=True)  # until it has been read
    options = models.JSONField(default=dict, db_default={})  # columns as mapped, date form, default slot ...
    facts = models.JSONField(
        default=dict, db_default={}
    )  # what was found: kind, encoding, which column is which ...
    author = models.JSONField(default=dict, db_default={})  # as events of shipments keep it
    state = models.CharField(max_length=7, choices=State, default=State.WAITING, db_default="waiting")
    problem = models.CharField(
        max_length=500, blank=True, default="", db_default=""
    )  # of the file as a whole
    rows = models.PositiveIntegerField(default=0, db_default=0)  # seen so far
    created = models.PositiveIntegerField(default=0, db_default=0)
    repeated = models.PositiveIntegerField(default=0, db_default=0)  # were there already, the same
    changed = models.PositiveIntegerField(
        default=0, db_default=0
    )  # were there already, and are as the file says now
    refused = models.PositiveIntegerField(default=0, db_default=0)
    doubtful = models.PositiveIntegerField(
        default=0, db_default=0
    )  # created, but a person must look at the place
    total_rows = models.PositiveIntegerField(null=True)
    leased_until = models.DateTimeField(null=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )  # null: the API
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "uid", name="upload_uid")]
        indexes = [
            models.Index(fields=["environment", "-id"], name="upload_newest"),
            models.Index(
                fields=["id"], condition=models.Q(state__in=["waiting", "reading"]), name="upload_to_read"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def public_id(self) -> str:
        return public_id("upl", self.uid)


class ShipmentUploadRow(models.Model):
    """A row that was refused, with its cells, and why; or that was taken with a warning."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    upload = models.ForeignKey(ShipmentUpload, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()  # as the file counts: the heading is row 1
    shipment = models.ForeignKey(
        Shipment, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    cells = models.JSONField(default=dict)
    faults = models.JSONField(default=list)  # [{"column", "cell": "F17", "value", "reason", "refused": true}]

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "upload", "number"], name="upload_row_once")
        ]

    def __str__(self) -> str:
        return f"row {self.number}"


class GazetteerPlace(models.Model):
    """A place of the list a customer loaded to find addresses without asking anybody."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=300)
    folded = models.CharField(max_length=300)  # as compared: small letters, no accents, words in their order
    postcode = models.CharField(max_length=20, blank=True, default="")
    locality = models.CharField(max_length=200, blank=True, default="")
    longitude = models.FloatField()
    latitude = models.FloatField()
    precision = models.CharField(max_length=10)  # address, street, locality, postcode

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "folded", "postcode", "locality"], name="gazetteer_place_once"
            ),
            models.CheckConstraint(
                condition=models.Q(longitude__range=(-180, 180), latitude__range=(-90, 90)),
                name="gazetteer_place_on_the_globe",
            ),
        ]
        indexes = [models.Index(fields=["environment", "postcode"], name="gazetteer_by_postcode")]

    def __str__(self) -> str:
        return self.name


class GeocodedAddress(models.Model):
    """What a provider said of an address, or that it knew nothing; or what a person said, which outranks both."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    provider = models.CharField(max_length=20)  # gazetteer, nominatim, google, person
    folded_sha256 = models.BinaryField(max_length=32)  # of the folded address
    address = models.CharField(max_length=500)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    confidence = models.FloatField(default=0.0)
    matched = models.CharField(max_length=500, blank=True, default="")  # what the provider took it for
    asked_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "provider", "folded_sha256"], name="geocoded_address_once"
            )
        ]

    def __str__(self) -> str:
        return self.address
