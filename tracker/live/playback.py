"""What the map's playback asks for: one device's day, and where the fleet was as known at a time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracker.devices.models import Device
from tracker.geofences.models import GeofenceVisit
from tracker.http.console import ConsoleRequest, environment_required
from tracker.http.times import BadMoment, parse_moment
from tracker.live import sight
from tracker.live.as_known import known_at, ms_of
from tracker.positions.trail import TrailFix
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.trips.history import History, history_of
from tracker.trips.models import Trip
from tracker.trips.movement import Segment

TRACK_POINTS = 5_000
NO_STORE = {"Cache-Control": "no-store"}


@require_safe
@environment_required()
def device_day(request: ConsoleRequest, device_id: str) -> HttpResponse:
    """One device on `?date=` in `?tz=`: its track, moves and stops, trips and stays; `?known_at=` as known then."""
    device = _device_or_404(request, device_id)
    try:
        since, until = day_bounds(request.GET.get("date", ""), request.GET.get("tz"))
        known = parse_moment(request.GET["known_at"]) if request.GET.get("known_at") else None
    except (BadMoment, ValueError):
        return _refused(
            "date must be a day such as 2026-05-01 and known_at a time such as 2026-05-01T08:30:00Z."
        )
    return JsonResponse(day_document(history_of(device, since, until, known_at=known)), headers=NO_STORE)


@require_safe
@environment_required()
def fleet_as_known(request: ConsoleRequest) -> HttpResponse:
    """Where every device was as far as was known at `?at=`."""
    try:
        at = parse_moment(request.GET.get("at", ""))
    except BadMoment:
        return _refused("at must be a time such as 2026-05-01T08:30:00Z.")
    seen = sight.sight_of(request.membership, request.environment)
    devices = known_at(request.environment, min(at, timezone.now()), seen)
    return JsonResponse({"at": ms_of(at), "devices": devices}, headers=NO_STORE)


def day_bounds(day: str, zone: str | None) -> tuple[datetime, datetime]:
    """Where a local day begins and ends; UTC when the zone is missing or unknown. Raises ValueError for no day.

    A day in which clocks change has 23 or 25 hours.
    """
    try:
        local = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = ZoneInfo("UTC")
    first = date.fromisoformat(day)
    if not 1970 < first.year < 9000:
        raise ValueError(f"{day} is out of reach")
    begin, end = (datetime.combine(one, time(), local) for one in (first, first + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def day_document(history: History) -> dict[str, Any]:
    """A history as the page reads it; times are epoch milliseconds."""
    return {
        "track": track_feature(history.fixes),
        "distance_m": round(history.distance_m, 1),
        "moving_s": history.seconds("moving"),
        "stopped_s": history.seconds("stopped"),
        "segments": [_segment(segment) for segment in history.segments],
        "trips": [_trip(trip) for trip in history.trips],
        "visits": [_visit(visit) for visit in history.visits],
    }


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "kind": segment.kind,
        "from": round(segment.from_s * 1000),
        "to": round(segment.to_s * 1000),
        "distance_m": round(segment.distance_m, 1),
        "longitude": round(segment.longitude, 6),
        "latitude": round(segment.latitude, 6),
    }


def _trip(trip: Trip) -> dict[str, Any]:
    return {
        "id": trip.public_id,
        "destination_name": trip.destination_name or trip.external_id or "",
        "state": trip.state,
        "started_at": ms_of(trip.started_at),
        "arrived_at": ms_of(trip.arrived_at) if trip.arrived_at else None,
        "ended_at": ms_of(trip.ended_at) if trip.ended_at else None,
        "scheduled_at": ms_of(trip.scheduled_at) if trip.scheduled_at else None,
        "eta_at": ms_of(trip.eta_at) if trip.eta_at else None,
        "remaining_m": trip.remaining_m,
    }


def _visit(visit: GeofenceVisit) -> dict[str, Any]:
    return {
        "geofence": visit.geofence.public_id,
        "name": visit.name,  # type: ignore[attr-defined]  # annotated by the selector
        "from": ms_of(visit.entered_at),
        "to": ms_of(visit.exited_at) if visit.exited_at else None,
    }


def track_feature(fixes: Sequence[TrailFix]) -> dict[str, Any]:
    """The fixes as a GeoJSON Feature with their times, at most about 5,000, the first and the last among them."""
    step = max(1, -(-len(fixes) // TRACK_POINTS))
    shown = list(fixes[::step])
    if fixes and shown[-1] is not fixes[-1]:
        shown.append(fixes[-1])
    places = [[round(fix.longitude, 6), round(fix.latitude, 6)] for fix in shown]
    geometry: dict[str, Any] | None = None
    if len(places) > 1:
        geometry = {"type": "LineString", "coordinates": places}
    elif places:
        geometry = {"type": "Point", "coordinates": places[0]}
    facts = {"times": [ms_of(fix.at) for fix in shown], "positions": len(fixes)}
    return {"type": "Feature", "geometry": geometry, "properties": facts}


def _device_or_404(request: ConsoleRequest, device_id: str) -> Device:
    try:
        uid = parse_id("dev", device_id)
    except BadIdentifier:
        raise Http404("no such device") from None
    device = Device.objects.for_environment(request.environment).filter(uid=uid, deleted_at=None).first()
    if device is None or not sight.may_see(request.membership, device):
        raise Http404("no such device")
    return device


def _refused(why: str) -> HttpResponse:
    return JsonResponse({"detail": why}, status=400, headers=NO_STORE)
