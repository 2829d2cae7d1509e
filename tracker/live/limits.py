"""Limits a member to geofences, or lifts the limit. Open maps follow within the check of their rights."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from tracker.geofences.models import Geofence, MembershipGeofence
from tracker.geofences.naming import last_name
from tracker.tenants.errors import NotAllowed
from tracker.tenants.models import Environment, Membership, Role

LIMITABLE = (Role.SUPERVISOR, Role.VIEWER)


def limit_member(
    member: Membership, environment: Environment, geofences: Collection[Geofence], *, by: Membership
) -> None:
    """Let the member see, of this environment, only devices inside these geofences; none of them: no device.

    What is listed of other environments stays; where nothing is, the member sees no device. Raises NotAllowed.
    """
    _refuse(member, by)
    with transaction.atomic():
        _lock(member).update(sees_listed_geofences=True)
        rows = MembershipGeofence.objects.for_tenant(member.tenant_id).filter(membership=member)
        rows.filter(geofence__environment_id=environment.pk).delete()
        for geofence in geofences:
            MembershipGeofence.objects.create(
                tenant_id=member.tenant_id, membership=member, geofence=geofence
            )


def lift_limit(member: Membership, *, by: Membership) -> None:
    """Let the member see every device again, in every environment. Raises NotAllowed."""
    _refuse(member, by)
    with transaction.atomic():
        _lock(member).update(sees_listed_geofences=False)
        MembershipGeofence.objects.for_tenant(member.tenant_id).filter(membership=member).delete()


def listed_of(member: Membership, environment: Environment) -> QuerySet[Geofence]:
    """The geofences of an environment the member is limited to, each with its `shown` name."""
    listed = MembershipGeofence.objects.for_tenant(member.tenant_id).filter(membership=member)
    rows = Geofence.objects.for_environment(environment).filter(pk__in=listed.values("geofence"))
    return rows.annotate(shown=last_name("pk")).order_by("shown", "pk")


def _lock(member: Membership) -> QuerySet[Membership]:
    """Two admins who set limits at once: the later one's list stands, whole."""
    rows = Membership.objects.for_tenant(member.tenant_id).filter(pk=member.pk)
    rows.select_for_update().first()
    return rows


def _refuse(member: Membership, by: Membership) -> None:
    if not by.may(Role.ADMIN):
        raise NotAllowed("Only owners and admins limit what members see.")
    if Role(member.role) not in LIMITABLE:
        raise NotAllowed("Owners and admins see everything: they set the limits.")
