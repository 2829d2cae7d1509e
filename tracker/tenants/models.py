"""User, Tenant, Environment, Membership, Invitation."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower, Now

from tracker.tenants.fences import TenantManager
from tracker.tenants.identifiers import public_id


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """A person who can sign in; without a password only after setting one."""
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """A member of staff who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractUser):
    """A person. What they may see follows from their memberships."""

    username = None  # type: ignore[assignment]  # people are known by their address
    first_name = None  # type: ignore[assignment]  # one name field fits more names than two
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]  # by e-mail, not by user name

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_whatever_case")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class Tenant(models.Model):
    """A customer."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # what all its environments may report together; the plan sets it, the edge holds to it within seconds
    reports_per_second = models.PositiveIntegerField(default=20_000, db_default=20_000)
    # members without a second factor see nothing of it until they set one up
    second_factor_required = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reports_per_second__gte=1), name="tenant_limit_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("ten", self.uid)


class Environment(models.Model):
    """A box of data inside a tenant, with its own keys. Nothing crosses from one box to another."""

    class Kind(models.TextChoices):
        TEST = "test", "Test"
        LIVE = "live", "Live"

    class Intake(models.TextChoices):
        """What a spending cap that was reached does to reports."""

        OPEN = "open", "open"
        SAMPLE = "sample", "one in some is kept"
        STOPPED = "stopped", "stopped"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=4, choices=Kind)
    retention_days = models.PositiveSmallIntegerField(default=90, db_default=90)
    accuracy_bound_m = models.FloatField(default=50.0, db_default=50.0)
    speed_bound_mps = models.FloatField(default=100.0, db_default=100.0)
    # limits, set by the plan: of each key, of all keys together, of new or changed device registrations
    key_reports_per_second = models.PositiveIntegerField(default=10_000, db_default=10_000)
    reports_per_second = models.PositiveIntegerField(default=20_000, db_default=20_000)
    registrations_per_second = models.PositiveIntegerField(default=1_000, db_default=1_000)
    # what caps that were reached do: the edge holds to the first two within seconds, the planner to the third
    intake = models.CharField(max_length=7, choices=Intake, default="open", db_default="open")
    intake_keeps_one_in = models.PositiveSmallIntegerField(default=1, db_default=1)
    planning_stopped = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    thrown_away_at = models.DateTimeField(
        null=True, editable=False
    )  # it is gone for people, its rows go next

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("tenant", "name", name="environment_name_once_a_tenant"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["test", "live"]), name="environment_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(retention_days__gte=1, retention_days__lte=90),
                name="environment_retention_1_to_90",
            ),
            models.CheckConstraint(
                condition=models.Q(accuracy_bound_m__gt=0, speed_bound_mps__gt=0),
                name="environment_bounds_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    key_reports_per_second__gte=1, reports_per_second__gte=1, registrations_per_second__gte=1
                ),
                name="environment_limits_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(intake="sample", intake_keeps_one_in__gte=2)
                | models.Q(intake__in=["open", "stopped"], intake_keeps_one_in=1),
                name="environment_intake_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"

    @property
    def public_id(self) -> str:
        return public_id("env", self.uid)


class Role(models.TextChoices):
    """What a member may do; each role may do all that those after it may."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    SUPERVISOR = "supervisor", "Supervisor"
    VIEWER = "viewer", "Viewer"

    @property
    def rank(self) -> int:
        """Higher may do more."""
        return {"owner": 4, "admin": 3, "supervisor": 2, "viewer": 1}[self.value]


class Membership(models.Model):
    """A person's place in a tenant."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=10, choices=Role)
    # a limit outlives the last geofence it lists: nothing may widen what a member sees by going away
    sees_listed_geofences = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint("tenant", "user", name="membership_once_a_tenant"),
            models.UniqueConstraint("tenant", "uid", name="membership_uid"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.tenant_id} as {self.role}"

    @property
    def public_id(self) -> str:
        return public_id("mbr", self.uid)

    def may(self, role: Role) -> bool:
        """Whether this member may do what `role` may."""
        return Role(self.role).rank >= role.rank


class Invitation(models.Model):
    """An open offer of a place in a tenant, sent to an address; its link carries a token stored as a hash."""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role)
    token_sha256 = models.BinaryField(max_length=32)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True),
                name="invitation_once_open",
            ),
            models.UniqueConstraint("tenant", "uid", name="invitation_uid"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    @property
    def public_id(self) -> str:
        return public_id("inv", self.uid)
