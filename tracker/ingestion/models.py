"""OutcomeCount, SetAsideReport, DeadLetter, StreamProgress: the edge's books."""

from django.db import models
from django.db.models.functions import Now

from tracker.devices.models import Device
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.models import Environment


class Outcome(models.TextChoices):
    """The one ending of a report."""

    ACCEPTED = "accepted", "Accepted"
    DUPLICATE = "duplicate", "Duplicate"
    FILTERED = "filtered", "Filtered"
    QUARANTINED = "quarantined", "Quarantined"


class OutcomeCount(models.Model):
    """How many reports received in one second ended in one way. The lane keeps two workers off one row."""

    pk = models.CompositePrimaryKey("environment_id", "second", "outcome", "reason", "lane")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    second = models.DateTimeField()  # received_at, floored; a whole minute once folded
    outcome = models.CharField(max_length=11, choices=Outcome)
    reason = models.CharField(max_length=40, default="", db_default="")
    lane = models.SmallIntegerField()
    count = models.BigIntegerField()

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.count} {self.outcome} {self.reason}".rstrip()


class KeyUse(models.Model):
    """How many reports received in one hour through one key ended in one way, or were compared with geofences.

    Written in the transaction of the reports, as OutcomeCount is, and kept: billing charges by it.
    """

    class What(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DUPLICATE = "duplicate", "Duplicate"
        FILTERED = "filtered", "Filtered"
        QUARANTINED = "quarantined", "Quarantined"
        EVALUATED = "evaluated", "Compared with geofences"

    pk = models.CompositePrimaryKey("environment_id", "hour", "what", "key_id", "lane")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()  # of received_at, floored
    what = models.CharField(max_length=11, choices=What)
    # 0: a device's certificate, or what a late fix changed of reports whose key is not kept with them
    key_id = models.BigIntegerField()
    lane = models.SmallIntegerField()
    count = models.BigIntegerField()
    late_by = models.BigIntegerField(null=True)  # the transaction that last changed an hour long over

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(fields=["hour"], name="key_use_by_hour"),
            models.Index(
                fields=["late_by"], condition=models.Q(late_by__isnull=False), name="key_use_changed_late"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.what} by {self.key_id}"


class ActiveDevice(models.Model):
    """That a device had an accepted report in a month, and when its first was received. It outlives the device's
    data: deleting a device does not undo that it was active."""

    pk = models.CompositePrimaryKey("environment_id", "month", "device_id")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()  # its first day, UTC
    device = models.ForeignKey(
        Device, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    first_received_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        indexes = [models.Index(fields=["first_received_at"], name="active_device_by_hour")]

    def __str__(self) -> str:
        return f"{self.device_id} in {self.month:%Y-%m}"


class SetAsideReport(models.Model):
    """A report that was not kept in the history, with the reason and what was sent. Forgotten after 7 days."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", null=True)
    external_id = models.CharField(max_length=200)
    outcome = models.CharField(max_length=11, choices=Outcome)
    reason = models.CharField(max_length=40)
    detail = models.TextField()  # one sentence: which field, which value, which bound
    payload = models.TextField()  # the fix as received, JSON escaped to ASCII, cut at 2 KiB
    recorded_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    stored_at = models.DateTimeField()
    request_id = models.UUIDField()
    # the fix as it travelled, where a late neighbour may still change its ending; null: this one is final
    fix = models.BinaryField(null=True)

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(fields=["environment", "outcome", "-id"], name="set_aside_newest_first"),
            models.Index(
                fields=["environment", "device", "recorded_at"],
                condition=models.Q(fix__isnull=False),
                name="set_aside_judged_again",
            ),
            models.Index(
                fields=["stored_at"], name="set_aside_by_age"
            ),  # tenants: for forgetting, across all of them
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"


class DeadLetter(models.Model):
    """A record that broke a step of the pipeline, isolated so that the rest could go on.

    A redrive is asked for here and done by a consumer, through the same steps; the letter stays as its record.
    """

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", null=True)
    lane = models.CharField(max_length=40)
    entry_id = models.CharField(max_length=64)
    entry_index = models.IntegerField()
    reason = models.CharField(max_length=200)
    error = models.TextField()
    payload = models.BinaryField()
    request_id = models.UUIDField(null=True)
    received_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    fixes = models.PositiveIntegerField(default=1, db_default=1)  # how many reports it stands for
    redrive_asked_at = models.DateTimeField(null=True)
    redrive_error = models.TextField(default="", db_default="")  # why the last redrive failed
    redriven_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(redrive_asked_at__isnull=False, redriven_at__isnull=True),
                name="letters_asked_for",
            ),  # tenants: consumers look every second for what anybody asked for
        ]

    def __str__(self) -> str:
        return f"{self.lane} {self.entry_id}: {self.reason}"


class StreamProgress(models.Model):
    """How far a lane of the stream has been stored, written in the same transaction as what was stored.

    That is what makes effects happen exactly once: a worker that dies after its commit and before it says so
    to the stream begins again behind what it committed. It belongs to no customer.
    """

    lane = models.CharField(max_length=40, primary_key=True)
    entry_id = models.CharField(max_length=64)
    entry_index = models.IntegerField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.lane} at {self.entry_id}"


class TracedRequest(models.Model):
    """A request whose caller sent a W3C trace context: leads from the caller's trace id to our request id."""

    pk = models.CompositePrimaryKey("environment_id", "trace_id", "request_id")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    trace_id = models.UUIDField()
    request_id = models.UUIDField()
    received_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(
                fields=["received_at"], name="traced_by_age"
            ),  # tenants: for forgetting, across all of them
        ]

    def __str__(self) -> str:
        return f"{self.trace_id}: {self.request_id}"


class ConsumedRecord(models.Model):
    """A record a stream may deliver again, noted in the transaction of what it meant.

    A lane whose place is kept in StreamProgress needs none; a stream that redelivers batches of its own making
    (Kinesis to Lambda) does. It belongs to no customer.
    """

    pk = models.CompositePrimaryKey("request_id", "part")
    request_id = models.UUIDField()
    part = models.SmallIntegerField()  # an envelope's place among those of its request
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="consumed_by_age")]

    def __str__(self) -> str:
        return f"{self.request_id} part {self.part}"


class DeniedPublish(models.Model):
    """How often a device tried to publish or read where it may not, by day."""

    pk = models.CompositePrimaryKey("environment_id", "device_id", "day")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    count = models.PositiveIntegerField()
    last_topic = models.CharField(max_length=300)
    last_at = models.DateTimeField()

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.device_id} on {self.day}: {self.count}"


class QuarantineRate(models.Model):
    """Since when an environment's share of quarantined reports is high; told once until it falls again."""

    environment = models.OneToOneField(
        Environment, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    high_since = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"{self.environment_id}: {'high' if self.high_since else 'usual'}"
