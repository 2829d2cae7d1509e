"""What would have been predicted of routes that are over, with nothing known that was noted later; and what came."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.metrics.arrivals import learn, routes_of
from dispatch.metrics.forecast import Pace
from dispatch.metrics.predictions import Calibration, calibrated
from dispatch.metrics.routes import Route, arrivals_at

AT_ONCE = 200  # manifests


def back_test(
    environment_id: int, *, since: date, horizon_s: int, learned_before: datetime | None = None
) -> Calibration | None:
    """Judge predictions made so long before each slot's end, on the routes done since a date; None of none.

    The pace of each hub is learned from routes that were over before `learned_before`; none given: before each
    route's own day. Positions are not replayed, only what was said at doors: live predictions know more. In the scope
    of the environment.
    """
    rows = Manifest.objects.for_environment(environment_id).filter(
        service_date__gte=since, state=Manifest.State.DONE
    )
    paces: dict[tuple[int, datetime], Pace] = {}
    pairs: list[tuple[float, bool | None]] = []
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(ids), AT_ONCE):
        for route in routes_of(environment_id, list(rows.filter(pk__in=ids[begin : begin + AT_ONCE]))):
            before = learned_before or _begin_of(route)
            key = (route.manifest.hub_id, before)
            if key not in paces:
                paces[key] = learn(environment_id, route.manifest.hub_id, before=before)
            pairs += _replayed(route, paces[key], horizon_s)
    return calibrated(pairs)


def _replayed(route: Route, usual: Pace, horizon_s: int) -> Iterator[tuple[float, bool]]:
    for stop in route.stops:
        if stop.slot_to is None:
            continue
        at = stop.slot_to - timedelta(seconds=horizon_s)
        if stop.finished_at is not None and stop.finished_at <= at:
            continue  # was made already: there was nothing to predict
        told = next((one for one in arrivals_at(route, usual, at) if one.stop == stop.pk), None)
        if told is not None and told.miss_chance is not None:
            yield told.miss_chance, _missed(stop)


def _missed(stop: ManifestStop) -> bool:
    """By the one definition of being on time."""
    at_door = stop.arrived_at or stop.finished_at
    if stop.state != ManifestStop.State.DELIVERED or at_door is None or stop.slot_to is None:
        return True
    return at_door > stop.slot_to


def _begin_of(route: Route) -> datetime:
    manifest = route.manifest
    return manifest.begun_at or manifest.starts_at or manifest.created_at
