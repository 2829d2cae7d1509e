"""DispatchSettings, DispatchWindow, PlanRun."""

import uuid
from datetime import time
from functools import partial

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from dispatch.fleet.models import Hub
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]  # 1 is Monday
HOURS_OFFERED = [["09:00", "12:00"], ["12:00", "15:00"], ["15:00", "18:00"]]


class DispatchSettings(models.Model):
    """How an environment's dispatch works. One row an environment, made when first asked for."""

    environment = models.OneToOneField(
        Environment, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    # plans
    weights = models.JSONField(
        default=dict, db_default={}
    )  # of the optimiser's terms: change, fairness, late ...
    # an attempt failed: how long to wait, and how often to try
    first_wait_s = models.PositiveIntegerField(default=7200, db_default=7200)
    second_wait_s = models.PositiveIntegerField(default=14400, db_default=14400)
    most_attempts = models.PositiveSmallIntegerField(default=2, db_default=2)
    unconfirmed_after_s = models.PositiveIntegerField(default=21600, db_default=21600)
    silent_after_s = models.PositiveIntegerField(default=900, db_default=900)
    # what customers see and may do
    brand = models.CharField(max_length=100, blank=True, default="", db_default="")
    language = models.CharField(max_length=10, default="en", db_default="en")
    reveal_stops_away = models.PositiveSmallIntegerField(default=3, db_default=3)
    customers_reschedule = models.BooleanField(default=True, db_default=True)
    customers_note = models.BooleanField(default=True, db_default=True)
    slots_offered = models.JSONField(
        db_default=HOURS_OFFERED
    )  # local times of day a customer may choose instead
    ends_after_s = models.PositiveIntegerField(
        default=86400, db_default=86400
    )  # of delivery, the page says no more
    # what a delivery must be proven by: any of photo, signature, code; empty: nothing
    proofs = ArrayField(models.CharField(max_length=10), default=list, db_default=[])
    notify_channels = ArrayField(
        models.CharField(max_length=10), default=partial(list, ("mail",)), db_default=["mail"]
    )  # mail, sms, push; none: customers are told nothing
    # between these, local time of the hub, no phone rings: text messages wait, mails do not
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    day_ends_at = models.TimeField(default=time(22), db_default=time(22))  # when a hub's day is reconciled

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"dispatch of {self.environment_id}"


class DispatchWindow(models.Model):
    """A time of day at which a hub is planned, in the hub's local time."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.TimeField()  # 06:00, 09:00, 12:00 by default
    weekdays = ArrayField(models.PositiveSmallIntegerField(), db_default=EVERY_DAY)
    seconds = models.PositiveSmallIntegerField(default=20, db_default=20)  # of solving
    releases = models.BooleanField(
        default=False, db_default=False
    )  # whether its plan goes out without a person
    enabled = models.BooleanField(default=True, db_default=True)
    since = models.DateTimeField()  # nothing before is due
    next_due_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="window_uid"),
            models.UniqueConstraint(fields=["environment", "hub", "at"], name="window_of_hub_once"),
        ]
        indexes = [
            models.Index(fields=["next_due_at"], condition=models.Q(enabled=True), name="window_due"),
        ]

    def __str__(self) -> str:
        return f"{self.hub_id} at {self.at:%H:%M}"

    @property
    def public_id(self) -> str:
        return public_id("win", self.uid)


class PlanRun(models.Model):
    """One solving for one hub: asked for by a window, by a person, or because the day changed."""

    class Cause(models.TextChoices):
        WINDOW = "window", "Window"
        PERSON = "person", "Asked for"
        CHANGE = "change", "Change of the day"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped, its best kept"
        FAILED = "failed", "Failed, the last plan stays in force"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="+", db_index=False)
    window = models.ForeignKey(
        DispatchWindow, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    cause = models.CharField(max_length=6, choices=Cause)
    service_date = models.DateField()  # of the hub's local day
    due_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING, db_default="waiting")
    seconds = models.PositiveSmallIntegerField(default=20, db_default=20)
    seed = models.PositiveIntegerField(default=0, db_default=0)
    releases = models.BooleanField(default=False, db_default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    stop_asked_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)  # whoever solves says again and again that it lives
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress = models.JSONField(default=list, db_default=[])  # [[seconds, cost], ...], thinned
    facts = models.JSONField(default=dict, db_default={})  # stops, drivers, unserved, cost terms, gap ...
    unserved = models.JSONField(
        default=list, db_default=[]
    )  # [{"shipment", "reasons": [...], "changes": [...]}]
    problem = models.BinaryField(null=True)  # compressed JSON form of what was solved; kept some weeks
    solution = models.BinaryField(null=True)
    failure = models.CharField(max_length=500, blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="plan_run_uid"),
            models.UniqueConstraint(
                fields=["environment", "window", "due_at"],
                condition=models.Q(cause="window"),
                name="window_runs_once",
            ),
            models.UniqueConstraint(
                fields=["environment", "hub"], condition=models.Q(state="running"), name="one_run_a_hub"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state__in=["waiting", "running"]), name="plan_run_to_do"
            ),
            models.Index(fields=["environment", "hub", "-due_at"], name="plan_run_of_hub"),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(state__in=["done", "stopped"]),
                name="plan_run_by_end",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.public_id}"

    @property
    def public_id(self) -> str:
        return public_id("run", self.uid)
