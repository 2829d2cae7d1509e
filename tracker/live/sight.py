"""Which devices a member may see: all, or only those inside the geofences an admin listed for them.

Limits bind supervisors and viewers; whoever may set limits has none. They hold by what is believed now: by open
visits. Where nothing listed lies in an environment, or all of it is retired, a limited member sees no device of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet

from tracker.devices.models import Device
from tracker.geofences.models import Geofence, GeofenceVisit, MembershipGeofence
from tracker.tenants.models import Environment, Membership, Role


@dataclass(frozen=True)
class Sight:
    """The geofences a member is limited to, by row number and by public id. Equal ones share their frames."""

    keys: frozenset[int]
    ids: frozenset[str]


def is_limited(membership: Membership) -> bool:
    """Whether a list of geofences says what this member sees. Needs a scope that names the tenant."""
    if membership.may(Role.ADMIN):
        return False
    return membership.sees_listed_geofences or _listed(membership).exists()


def sight_of(membership: Membership, environment: Environment) -> Sight | None:
    """What the member sees of an environment; None is everything. Needs a scope that names the tenant."""
    if not is_limited(membership):
        return None
    listed = [
        row.geofence
        for row in _listed(membership)
        .filter(geofence__environment_id=environment.pk)
        .select_related("geofence")
    ]
    return _sight(listed)


def sights_of(places: Sequence[tuple[Membership, Environment]]) -> list[Sight | None]:
    """The same for many members at once, of any tenants. Needs a scope that sees them all."""
    rows = MembershipGeofence.objects.unscoped("of the members given, whose tenants are theirs")
    listed: dict[int, list[Geofence]] = defaultdict(list)
    for row in rows.filter(membership__in=[member for member, _ in places]).select_related("geofence"):
        listed[row.membership_id].append(row.geofence)
    found: list[Sight | None] = []
    for member, environment in places:
        mine = listed[member.pk]
        if member.may(Role.ADMIN) or not (mine or member.sees_listed_geofences):
            found.append(None)
        else:
            found.append(_sight([one for one in mine if one.environment_id == environment.pk]))
    return found


def may_see(membership: Membership, device: Device) -> bool:
    """Whether the member may see this device, which lies in an environment of theirs, and its past."""
    rows = Device.objects.for_environment(device.environment_id).filter(pk=device.pk)
    environment = (
        Environment.objects.for_tenant(membership.tenant_id).filter(pk=device.environment_id).first()
    )
    if environment is None:
        return False
    return in_sight(rows, sight_of(membership, environment)).exists()


def in_sight(devices: QuerySet[Device], sight: Sight | None) -> QuerySet[Device]:
    """Those of the devices that lie in sight now."""
    if sight is None:
        return devices
    visits = GeofenceVisit.objects.unscoped("of the outer query's devices, whose environment is theirs")
    inside = visits.filter(
        environment=OuterRef("environment"),
        device=OuterRef("pk"),
        geofence__in=sight.keys,
        exited_at=None,
    )
    return devices.filter(Exists(inside))


def require_whole(membership: Membership) -> None:
    """Refuse a page that shows all devices of an environment to whoever sees only some of them."""
    if is_limited(membership):
        raise PermissionDenied("This page shows all devices, and you are limited to some geofences.")


def _sight(geofences: Sequence[Geofence]) -> Sight:
    return Sight(frozenset(g.pk for g in geofences), frozenset(g.public_id for g in geofences))


def _listed(membership: Membership) -> QuerySet[MembershipGeofence]:
    return MembershipGeofence.objects.for_tenant(membership.tenant_id).filter(membership=membership)
