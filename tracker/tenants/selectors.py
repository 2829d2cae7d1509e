"""Reads about tenants: who is a member where, and which environments there are."""

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment, Invitation, Membership, Tenant, User


@dataclass(frozen=True)
class Place:
    """Where a person stands: their membership, and the environment they look at."""

    membership: Membership
    environment: Environment


@dataclass(frozen=True)
class Reach:
    """One tenant a person belongs to, and its environments."""

    tenant: Tenant
    environments: list[Environment]


def memberships_of(user: User) -> QuerySet[Membership]:
    """All places of one person, oldest first; needs a scope that names the user."""
    rows = Membership.objects.unscoped("a person's own memberships, before a tenant is chosen")
    return rows.filter(user=user).select_related("tenant").order_by("pk")


def environments_of(tenant_id: int) -> QuerySet[Environment]:
    """A tenant's environments, test before live, then by age; those thrown away are gone for people."""
    rows = Environment.objects.for_tenant(tenant_id).filter(thrown_away_at=None)
    return rows.select_related("tenant").order_by("-kind", "pk")


def reach_of(user: User) -> list[Reach]:
    """All a person may switch to, tenant by tenant; needs a scope that names the user."""
    tenants = [membership.tenant for membership in memberships_of(user)]
    rows = Environment.objects.unscoped("of the tenants on the line above, which are the person's own")
    found = rows.filter(tenant__in=tenants, thrown_away_at=None).order_by("-kind", "pk")
    return [Reach(t, [e for e in found if e.tenant_id == t.pk]) for t in tenants]


def members_of(tenant_id: int) -> QuerySet[Membership]:
    """Everybody in a tenant, the longest there first."""
    return Membership.objects.for_tenant(tenant_id).select_related("user").order_by("pk")


def open_invitations_of(tenant_id: int, *, now: datetime) -> QuerySet[Invitation]:
    """Invitations that can still be accepted, newest first."""
    rows = Invitation.objects.for_tenant(tenant_id).filter(accepted_at=None, expires_at__gt=now)
    return rows.select_related("invited_by").order_by("-pk")


def invitation_behind(invitation_id: str, token: str, *, now: datetime) -> Invitation | None:
    """The open invitation a link leads to; None for a wrong, used or old one. Works for anybody who has the link."""
    try:
        uid = parse_id("inv", invitation_id)
    except BadIdentifier:
        return None
    with scope.scope(unscoped="an invitation's link is its own credential"):
        rows = Invitation.objects.unscoped("an invitation's link is its own credential")
        found = rows.select_related("tenant", "invited_by").filter(uid=uid, accepted_at=None).first()
    if found is None or found.expires_at <= now:
        return None
    digest = hashlib.sha256(token.encode()).digest()
    return found if hmac.compare_digest(bytes(found.token_sha256), digest) else None


def place_of(user: User, *, wanted: str | None) -> Place | None:
    """The person's place in the wanted environment (public id), or else in their first tenant's test box."""
    if wanted and (place := _place_in(user, wanted)):
        return place
    membership = memberships_of(user).first()
    if membership is None:
        return None
    environment = environments_of(membership.tenant_id).first()
    return Place(membership, environment) if environment else None


def place_in(user: User, tenant_id: int) -> Place | None:
    """The person's place in one tenant's first environment; None where they do not belong there."""
    membership = memberships_of(user).filter(tenant=tenant_id).first()
    environment = environments_of(tenant_id).first() if membership else None
    return Place(membership, environment) if membership and environment else None


def membership_for(user: User | AnonymousUser, environment_id: str) -> Place | None:
    """The person's place in an environment given by public id; None where there is none or it is not theirs.

    Opens its own transaction and scope, for callers outside a request such as the live hub.
    """
    if isinstance(user, AnonymousUser) or not user.is_active:
        return None
    with scope.scope(user_id=user.pk):
        return _place_in(user, environment_id)


def _place_in(user: User, environment_id: str) -> Place | None:
    try:
        uid: uuid.UUID = parse_id("env", environment_id)
    except BadIdentifier:
        return None
    environment = (
        Environment.objects.unscoped("the membership below says whether it may be seen")
        .select_related("tenant")
        .filter(uid=uid, thrown_away_at=None)
        .first()
    )
    if environment is None:
        return None
    membership = memberships_of(user).filter(tenant=environment.tenant_id).first()
    return Place(membership, environment) if membership else None
