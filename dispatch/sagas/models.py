"""Saga, SagaStep."""

import uuid

from django.db import models

from dispatch.fleet.models import Hub
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class Saga(models.Model):
    """Something that must be followed to its end over hours: which step is next, and when it is due.

    Every step happens in one transaction with the row's move to the next, so a crash leaves it before or after.
    """

    class State(models.TextChoices):
        OPEN = "open", "Under way"
        DONE = "done", "Done"
        COMPENSATED = "compensated", "Taken back"
        STUCK = "stuck", "Needs a person"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=30)  # failed_delivery, sla, end_of_day, driver_silent, unconfirmed
    subject = models.CharField(max_length=100)  # public id of the shipment, driver or hub it is about
    key = models.CharField(
        max_length=200
    )  # one open saga a kind and key: the subject, and the day where days matter
    hub = models.ForeignKey(
        Hub, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )  # in whose sight a member must be
    state = models.CharField(max_length=11, choices=State, default=State.OPEN, db_default="open")
    step = models.CharField(max_length=40)  # the one that is next
    due_at = models.DateTimeField(null=True)  # when; null: waits for something to happen, or is over
    data = models.JSONField(default=dict, db_default={})
    tries = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # of the next step, which failed so often
    problem = models.CharField(max_length=500, blank=True, default="", db_default="")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="saga_uid"),
            models.UniqueConstraint(
                fields=["environment", "kind", "key"],
                condition=models.Q(state__in=["open", "stuck"]),
                name="one_open_saga_a_key",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="open"), name="saga_due"),
            models.Index(fields=["environment", "state", "-begun_at"], name="saga_newest"),
            models.Index(fields=["environment", "subject"], name="saga_of_subject"),
            models.Index(fields=["environment", "hub", "state"], name="saga_of_hub"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject}"

    @property
    def public_id(self) -> str:
        return public_id("sga", self.uid)


class SagaStep(models.Model):
    """A step that was taken, or taken back. Never changed."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    saga = models.ForeignKey(Saga, on_delete=models.CASCADE, related_name="steps", db_index=False)
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    compensates = models.BooleanField(default=False, db_default=False)
    outcome = models.CharField(max_length=300, blank=True, default="")
    data = models.JSONField(default=dict, db_default={})
    taken_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "saga", "number"], name="saga_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
