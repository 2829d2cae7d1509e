"""Expected arrivals of the stops to come, written beside them: by the route's own pace and where its driver is."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from dispatch.fleet.availability import LastPlace, last_places
from dispatch.manifests.issuing import IN_FORCE
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.metrics.forecast import Arrival, Pace, learned
from dispatch.metrics.predictions import note
from dispatch.metrics.routes import Route, arrivals_at
from dispatch.shipments.models import ShipmentState
from tracker.trips.estimate import Pace as TripPace
from tracker.trips.estimate import Way, by_pace
from tracker.trips.ground import distance_m
from tracker.trips.paces import paces_of

AT_ONCE = 100  # manifests locked together
FRESH_S = 300.0  # a position older than this says less than the last stop does
LEARNED_FROM = 200  # manifests, the newest
LEARNED_FOR_S = 900
TELLING_S = 20.0  # a change of less is not written: most forecasts say what the last one said
SERVICE_S = 180.0  # where a shipment says nothing
WRITE = """
    UPDATE dispatch_manifeststop s SET eta_at = n.eta, eta_latest_at = n.latest, miss_chance = n.chance
    FROM unnest(%(stops)s::bigint[], %(etas)s::timestamptz[], %(latest)s::timestamptz[], %(chances)s::float8[])
        AS n(id, eta, latest, chance)
    WHERE s.environment_id = %(environment)s AND s.id = n.id AND s.state IN ('planned', 'arrived')
        AND (s.eta_at IS NULL OR abs(extract(epoch FROM s.eta_at - n.eta)) > %(telling)s
            OR abs(extract(epoch FROM s.eta_latest_at - n.latest)) > %(telling)s
            OR abs(coalesce(s.miss_chance, -1) - coalesce(n.chance, -1)) > 0.01)
"""


def refresh_arrivals(environment_id: int, manifest_ids: Collection[int], *, now: datetime) -> int:
    """Reckon the arrivals of these manifests anew; how many stops say something else then. In the environment's scope.

    Manifests that somebody is changing at this moment are passed over: their change asks for this again.
    """
    changed, ids = 0, sorted(manifest_ids)
    for begin in range(0, len(ids), AT_ONCE):
        with transaction.atomic():
            rows = Manifest.objects.for_environment(environment_id).filter(
                pk__in=ids[begin : begin + AT_ONCE], state__in=IN_FORCE
            )
            held = list(rows.order_by("pk").select_for_update(skip_locked=True, no_key=True))
            changed += _refresh(environment_id, held, now=now)
    return changed


def routes_of(environment_id: int, manifests: Sequence[Manifest]) -> list[Route]:
    """The manifests with their stops: three queries in all."""
    stops: dict[int, list[ManifestStop]] = defaultdict(list)
    rows = ManifestStop.objects.for_environment(environment_id).filter(manifest__in=manifests)
    for stop in rows.exclude(state=ManifestStop.State.REMOVED).order_by("manifest_id", "place"):
        stops[stop.manifest_id].append(stop)
    wanted = {stop.shipment_id for own in stops.values() for stop in own}
    states = ShipmentState.objects.for_environment(environment_id).filter(pk__in=wanted)
    service = dict(states.values_list("pk", "service_s"))
    return [
        Route(
            manifest,
            stops[manifest.pk],
            {stop.pk: float(service.get(stop.shipment_id, SERVICE_S)) for stop in stops[manifest.pk]},
        )
        for manifest in manifests
    ]


def pace_of(environment_id: int, hub_id: int, *, now: datetime) -> Pace:
    """The pace that the hub's newest routes teach, learned anew every quarter of an hour."""
    return _learn(environment_id, hub_id, int(now.timestamp()) // LEARNED_FOR_S)


def learn(environment_id: int, hub_id: int, *, before: datetime | None = None) -> Pace:
    """The same without remembering; `before`: from routes alone that were over by then."""
    rows = Manifest.objects.for_environment(environment_id).filter(hub_id=hub_id, state=Manifest.State.DONE)
    if before is not None:
        rows = rows.filter(done_at__lt=before)
    newest = list(rows.order_by("-service_date", "-pk")[:LEARNED_FROM])
    far = max((one.done_at for one in newest if one.done_at is not None), default=None)
    if far is None:
        return Pace()
    return learned(
        (route.legs_done(far), route.stays_done(far)) for route in routes_of(environment_id, newest)
    )


@lru_cache(maxsize=4096)
def _learn(environment_id: int, hub_id: int, period: int) -> Pace:
    return learn(environment_id, hub_id)


def _refresh(environment_id: int, manifests: Sequence[Manifest], *, now: datetime) -> int:
    under_way = [one.driver_id for one in manifests if one.state == Manifest.State.IN_PROGRESS]
    places = last_places(environment_id, under_way, now=now)
    paces = paces_of([environment_id]).get(environment_id, {}) if places else {}
    told: list[Arrival] = []
    for route in routes_of(environment_id, manifests):
        usual = pace_of(environment_id, route.manifest.hub_id, now=now)
        to_go_s = _to_go_s(route, places.get(route.manifest.driver_id), paces, now=now)
        told += arrivals_at(route, usual, now, first_travel_s=to_go_s)
    note(environment_id, told, now=now)
    return _write(environment_id, told)


def _to_go_s(
    route: Route, place: LastPlace | None, paces: Mapping[int, TripPace], *, now: datetime
) -> float | None:
    """From where the driver is to the next door, by what trips have taught; None where that is not known well."""
    ahead = next((stop for stop in route.stops if stop.finished_at is None), None)
    if place is None or ahead is None or place.age_s > FRESH_S:
        return None
    straight_m = distance_m((place.longitude, place.latitude), (ahead.longitude, ahead.latitude))
    at_us = int(now.timestamp() * 1_000_000)
    estimate = by_pace(Way(straight_m), paces, from_us=at_us, now_us=at_us)
    return (estimate.at_us - at_us) / 1e6


def _write(environment_id: int, told: Sequence[Arrival]) -> int:
    if not told:
        return 0
    facts: dict[str, Any] = {
        "environment": environment_id,
        "stops": [one.stop for one in told],
        "etas": [one.eta for one in told],
        "latest": [one.latest for one in told],
        "chances": [one.miss_chance for one in told],
        "telling": TELLING_S,
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE, facts)
        return int(cursor.rowcount)
