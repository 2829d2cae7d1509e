"""Finds customers whose parcel arrives soon: few stops away, and expected within the half hour."""

from collections import defaultdict
from datetime import datetime, timedelta

from dispatch.manifests.issuing import OPEN_STOPS
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.notifications.models import Notification
from dispatch.notifications.services import Wish, owe
from dispatch.planning.services import settings_of
from tracker.tenants import scope
from tracker.tenants.models import Environment

WHY = "the tick looks at the routes of every customer"
SOON = timedelta(minutes=30)
TEMPLATE = "arriving_soon"


def owe_arriving(*, now: datetime) -> int:
    """Owe these messages in every environment with routes under way; how many rows are new."""
    with scope.scope(unscoped=WHY):
        routes = Manifest.objects.unscoped(WHY).filter(state=Manifest.State.IN_PROGRESS)
        numbers = list(routes.values_list("environment", flat=True).distinct())
        environments = list(Environment.objects.unscoped(WHY).filter(pk__in=numbers).order_by("pk"))
    owed = 0
    for environment in environments:
        with scope.scope(tenant_id=environment.tenant_id, environment_id=environment.pk):
            owed += owe(environment.pk, _wishes(environment.pk, now), now=now)
    return owed


def _wishes(environment: int, now: datetime) -> list[Wish]:
    stops = ManifestStop.objects.for_environment(environment).filter(
        manifest__state=Manifest.State.IN_PROGRESS, state__in=OPEN_STOPS
    )
    routes: dict[int, list[ManifestStop]] = defaultdict(list)
    for stop in stops.select_related("shipment__state_row").order_by("manifest", "place"):
        routes[stop.manifest_id].append(stop)
    near = settings_of(environment).reveal_stops_away + 1
    found = [stop for ahead in routes.values() for stop in ahead[:near] if _is_soon(stop, now)]
    told = _told(environment, [stop.shipment_id for stop in found])
    return [
        Wish(stop.shipment_id, TEMPLATE, about, _facts(stop))
        for stop in found
        if (stop.shipment_id, about := f"attempt {stop.shipment.state_row.attempts + 1}") not in told
    ]


def _is_soon(stop: ManifestStop, now: datetime) -> bool:
    return stop.state == ManifestStop.State.PLANNED and (stop.eta_at or stop.planned_arrival) - now <= SOON


def _told(environment: int, shipments: list[int]) -> set[tuple[int | None, str]]:
    """Who knows already: left out, so that a look that finds nothing new writes nothing."""
    rows = Notification.objects.for_environment(environment).filter(shipment__in=shipments, template=TEMPLATE)
    return set(rows.values_list("shipment", "about"))


def _facts(stop: ManifestStop) -> dict[str, str | None]:
    """An estimate that was reckoned on the way; a plan of the morning is none."""
    latest = stop.eta_latest_at
    return {
        "eta_at": stop.eta_at.isoformat() if stop.eta_at else None,
        "eta_latest_at": latest.isoformat() if latest else None,
    }
