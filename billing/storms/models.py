"""Storm."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Storm(models.Model):
    """A fault of an integration while it lasted: what came, what it would have cost, and where it came from.

    It is recognised, counted and ended by `judging.py`; staff can end it too. Nothing of it is ever billed: what is
    coalesced or a duplicate is no unit of any meter.
    """

    class Kind(models.TextChoices):
        REGISTRATIONS = "registrations", "Registrations"
        REPEATS = "repeats", "One fix repeated"

    class Reason(models.TextChoices):
        REPEATED = "repeated", "The same again and again"
        MUTE = "mute", "Devices that never report"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=13, choices=Kind)
    key = models.CharField(max_length=200)  # the number of the key, or the device's external id
    reason = models.CharField(max_length=8, choices=Reason)
    began_at = models.DateTimeField()
    recognised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    lifted_because = models.CharField(max_length=300, blank=True, default="", db_default="")  # by staff
    received = models.BigIntegerField(default=0, db_default=0)
    repeats = models.BigIntegerField(default=0, db_default=0)  # said nothing new
    coalesced = models.BigIntegerField(default=0, db_default=0)  # went nowhere, because it was known
    devices = models.BigIntegerField(default=0, db_default=0)  # most within a minute; of a device, its fixes
    peak_per_second = models.FloatField(default=0.0, db_default=0.0)
    would_have_cost_minor = models.BigIntegerField(null=True)  # null: the plan had no price for it
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    evidence = models.JSONField(default=dict, db_default={})  # what it was recognised by
    facts = models.JSONField(default=list, db_default=[])  # lines of apps, the most first
    rates = models.JSONField(default=list, db_default=[])  # [epoch second, a second]
    counted_to = models.CharField(max_length=40)  # the last tally that is in the figures
    told_at = models.DateTimeField(null=True)  # when owners and admins were sent a mail
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="storm_uid"),
            models.UniqueConstraint(
                "environment", "kind", "key", condition=models.Q(ended_at=None), name="storm_once_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "-began_at"], name="storm_by_age"),
            models.Index(fields=["id"], condition=models.Q(ended_at=None), name="storm_in_force"),
            models.Index(fields=["id"], condition=models.Q(told_at=None), name="storm_to_tell"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.key}"

    @property
    def public_id(self) -> str:
        return public_id("stm", self.uid)

    @property
    def is_over(self) -> bool:
        """Whether it was lifted, by itself or by staff."""
        return self.ended_at is not None
