"""Finds customers whose parcel arrives soon: few stops away, and expected within the half hour."""

from datetime import datetime, timedelta

from django.db.models import CharField, Exists, F, Min, OuterRef, Value
from django.db.models.functions import Cast, Coalesce, Concat

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
    """Only who is expected soon and was not told yet is read, however many stops there are."""
    stops = ManifestStop.objects.for_environment(environment).filter(
        manifest__state=Manifest.State.IN_PROGRESS, state=ManifestStop.State.PLANNED
    )
    stops = stops.annotate(expected=Coalesce("eta_at", "planned_arrival")).filter(expected__lte=now + SOON)
    turn = Concat(
        Value("attempt "), Cast(F("shipment__state_row__attempts") + 1, CharField()), output_field=CharField()
    )
    told = Notification.objects.for_environment(environment).filter(
        shipment=OuterRef("shipment"), template=TEMPLATE, about=OuterRef("turn")
    )
    found = list(stops.annotate(turn=turn).filter(~Exists(told)))
    first = _first_open(environment, {stop.manifest_id for stop in found})
    near = settings_of(environment).reveal_stops_away
    return [
        Wish(stop.shipment_id, TEMPLATE, stop.turn, _facts(stop))
        for stop in found
        if (stop.place or 0) - first[stop.manifest_id] <= near
    ]


def _first_open(environment: int, manifests: set[int]) -> dict[int, int]:
    """The place of each route's next stop; the open ones stand behind it without a gap."""
    rows = ManifestStop.objects.for_environment(environment).filter(
        manifest__in=manifests, state__in=OPEN_STOPS
    )
    return dict(rows.order_by().values_list("manifest").annotate(first=Min("place")))


def _facts(stop: ManifestStop) -> dict[str, str | None]:
    """An estimate that was reckoned on the way; a plan of the morning is none."""
    latest = stop.eta_latest_at
    return {
        "eta_at": stop.eta_at.isoformat() if stop.eta_at else None,
        "eta_latest_at": latest.isoformat() if latest else None,
    }
