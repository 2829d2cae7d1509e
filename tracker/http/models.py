"""IdempotentAnswer."""

from django.db import models

from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.models import Environment


class IdempotentAnswer(models.Model):
    """The answer to a request with an Idempotency-Key, given again for a day to whoever repeats the request."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    request_sha256 = models.BinaryField(max_length=32)  # of method, path and body
    status = models.PositiveSmallIntegerField(null=True)  # null: still being worked on
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    made_at = models.DateTimeField()

    objects = EnvironmentManager()

    class Meta:
        constraints = [models.UniqueConstraint("environment", "key", name="idempotency_key_once")]
        indexes = [models.Index(fields=["made_at"], name="idempotent_answer_by_age")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
