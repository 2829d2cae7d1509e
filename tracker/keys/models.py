"""Key."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models.functions import Now

from tracker.tenants.fences import EnvironmentManager
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment, Tenant, User


class Key(models.Model):
    """A credential of an environment. The text itself is shown once and never stored."""

    class Kind(models.TextChoices):
        PUBLISHABLE = "pk", "Publishable"
        SECRET = "sk", "Secret"

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=2, choices=Kind)
    name = models.CharField(max_length=100, blank=True)
    hint = models.CharField(max_length=24)  # `pk_test_…x7Qd`: enough to recognise, useless to a thief
    sha256 = models.BinaryField(max_length=32)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)  # a tick revokes it then, as of this time
    scopes = models.CharField(
        max_length=300, default="write", db_default="write"
    )  # of a secret key: `scopes.py`
    rolled_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    objects = EnvironmentManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("environment", "uid", name="key_uid"),
            models.UniqueConstraint("environment", "sha256", name="key_sha256"),
            models.CheckConstraint(condition=models.Q(kind__in=["pk", "sk"]), name="key_kind_known"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(revoked_at__isnull=True, expires_at__isnull=False),
                name="key_to_expire",
            )
        ]

    def __str__(self) -> str:
        return self.hint

    def expired(self, now: datetime) -> bool:
        """Whether it ended by its own time, and not by somebody's hand before that."""
        ends = self.expires_at
        return ends is not None and ends <= now and (self.revoked_at is None or self.revoked_at >= ends)

    def in_force(self, now: datetime) -> bool:
        """Whether it opens anything now."""
        return self.revoked_at is None and not self.expired(now)

    @property
    def public_id(self) -> str:
        return public_id("key", self.uid)
