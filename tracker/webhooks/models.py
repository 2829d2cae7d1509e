"""WebhookEndpoint, WebhookSecret, WebhookMessage, WebhookAttempt."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from tracker.outbox.models import OutboxEvent
from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment


class WebhookEndpoint(models.Model):
    """An address of a customer that is told what happens. Nothing is sent before it proved that it wants it."""

    class State(models.TextChoices):
        UNVERIFIED = "unverified", "Not verified yet"
        ENABLED = "enabled", "Enabled"
        DISABLED = "disabled", "Disabled"

    class ContentType(models.TextChoices):
        JSON = "application/json", "application/json"
        TEXT = "text/plain", "text/plain"  # receivers that parse the body themselves

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True, default="")
    kinds = models.JSONField(default=list)  # which events; `trip.*` stands for all of that family; empty: all
    content_type = models.CharField(max_length=20, choices=ContentType, default=ContentType.JSON)
    state = models.CharField(max_length=10, choices=State, default=State.UNVERIFIED)
    state_reason = models.CharField(max_length=500, blank=True, default="")  # why disabled or not verified
    verified_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)  # first failure since the last success
    told_failing_at = models.DateTimeField(null=True)  # when its owner was last written to about it
    disabled_at = models.DateTimeField(null=True)
    told_disabled_at = models.DateTimeField(null=True)  # when its owner was told, or knew
    verify_at = models.DateTimeField(null=True)  # when the relay is to ask it; null: nobody asked for that
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "uid", name="webhook_endpoint_uid")]
        indexes = [
            models.Index(
                fields=["verify_at"],
                condition=models.Q(verify_at__isnull=False),
                name="webhook_verify_due",
            )
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def public_id(self) -> str:
        return public_id("whk", self.uid)


class WebhookSecret(models.Model):
    """A signing secret. While two overlap, each request carries a signature by each."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets")
    secret = models.BinaryField()  # 32 random bytes; shown as whsec_ and base64
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True)  # set when another one takes over

    objects = EnvironmentManager()

    def __str__(self) -> str:
        return f"a secret of {self.endpoint_id}"


class WebhookMessage(models.Model):
    """That one endpoint is owed one event. `number` 0 is the first time; replays by hand count up."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"
        WITHHELD = "withheld", "Endpoint disabled"  # can be replayed once it is enabled again

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField(default=0, db_default=0)
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(
        null=True
    )  # a deliverer has it; when that one dies, others may after this
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="webhook_message_uid"),
            models.UniqueConstraint(
                "environment", "endpoint", "event", "number", name="webhook_message_once"
            ),
        ]
        indexes = [
            # by endpoint: the backlog of one must not be read through to find what is due of another
            models.Index(
                fields=["endpoint", "due_at"],
                condition=models.Q(state="pending"),
                name="webhook_message_due",
            ),
            models.Index(fields=["environment", "endpoint", "-id"], name="webhook_message_of_endpoint"),
            # a few among millions that were delivered: counted and listed on the endpoint's page
            models.Index(
                fields=["environment", "endpoint", "-id"],
                condition=models.Q(state__in=["failed", "withheld"]),
                name="webhook_message_lost",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} for {self.endpoint_id}: {self.state}"

    @property
    def public_id(self) -> str:
        return public_id("msg", self.uid)


class WebhookAttempt(models.Model):
    """One request that was made to deliver a message, and what came back."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="log", db_index=False)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)  # null: no answer
    error = models.CharField(max_length=300, blank=True, default="")
    answer = models.TextField(blank=True, default="")  # the first kilobyte of the body

    objects = EnvironmentManager()

    class Meta:
        indexes = [
            models.Index(fields=["environment", "message", "number"], name="webhook_attempt_of_message")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.message_id}: {self.status or self.error}"


class DeliveryCount(models.Model):
    """How many events of a kind were delivered in an hour, each once an endpoint. It outlives messages, which are
    forgotten after thirty days and with their device: billing charges by it."""

    pk = models.CompositePrimaryKey("environment_id", "hour", "kind")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    kind = models.CharField(max_length=40)
    count = models.BigIntegerField()

    objects = EnvironmentManager()

    class Meta:
        indexes = [models.Index(fields=["hour"], name="delivery_count_by_hour")]

    def __str__(self) -> str:
        return f"{self.count} {self.kind}"
