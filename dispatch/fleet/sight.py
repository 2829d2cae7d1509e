"""Which hubs a member may see: all, or those whose geofence an admin listed for them, and everything below these.

The limit itself is the tracker's (`tracker.live.sight`), set on the members page. Every page and write of dispatch that
a member comes to asks here; what is out of sight does not exist for them.
"""

from django.db.models import QuerySet

from dispatch.fleet.models import Hub
from dispatch.fleet.tree import below
from tracker.live.sight import sight_of
from tracker.tenants.models import Environment, Membership

SightOfHubs = frozenset[int] | None  # None: all


def hubs_in_sight(membership: Membership, environment: Environment) -> SightOfHubs:
    """Row numbers of the hubs in sight; None is every hub. Needs a scope that names the tenant and environment."""
    sight = sight_of(membership, environment)
    if sight is None:
        return None
    listed = Hub.objects.for_environment(environment).filter(geofence_id__in=sight.keys)
    return frozenset(below(environment, list(listed.values_list("pk", flat=True))))


def is_in_sight(sight: SightOfHubs, hub_id: int | None) -> bool:
    """Whether that hub is; what belongs to no hub is seen by those alone who see all."""
    return sight is None or (hub_id is not None and hub_id in sight)


def narrowed(hubs: QuerySet[Hub], sight: SightOfHubs) -> QuerySet[Hub]:
    """Those of the hubs that are in sight."""
    return hubs if sight is None else hubs.filter(pk__in=sight)
