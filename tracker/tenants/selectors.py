"""Reads about tenants: who is a member where, and which environments there are."""

import uuid
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment, Membership, User


@dataclass(frozen=True)
class Place:
    """Where a person stands: their membership, and the environment they look at."""

    membership: Membership
    environment: Environment


def memberships_of(user: User) -> QuerySet[Membership]:
    """All places of one person, oldest first; needs a scope that names the user."""
    rows = Membership.objects.unscoped("a person's own memberships, before a tenant is chosen")
    return rows.filter(user=user).select_related("tenant").order_by("pk")


def environments_of(tenant_id: int) -> QuerySet[Environment]:
    """A tenant's environments, test before live, then by age."""
    return Environment.objects.for_tenant(tenant_id).select_related("tenant").order_by("-kind", "pk")


def place_of(user: User, *, wanted: str | None) -> Place | None:
    """The person's place in the wanted environment (public id), or else in their first tenant's test box."""
    if wanted and (place := _place_in(user, wanted)):
        return place
    membership = memberships_of(user).first()
    if membership is None:
        return None
    environment = environments_of(membership.tenant_id).first()
    return Place(membership, environment) if environment else None


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
        .filter(uid=uid)
        .first()
    )
    if environment is None:
        return None
    membership = memberships_of(user).filter(tenant=environment.tenant_id).first()
    return Place(membership, environment) if membership else None
