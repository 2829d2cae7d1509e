"""What the map page fetches beside its socket: geofences, open alerts; and takes an alert on."""

from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tracker.alerts.selectors import alert_of, open_alerts
from tracker.alerts.services import AlreadyAcknowledged, acknowledge
from tracker.alerts.shown import live_alert
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live import geofence_layer
from tracker.live.sight import sight_of
from tracker.tenants.models import Role

MOST_ALERTS = 200
NO_STORE = {"Cache-Control": "no-store"}


@require_safe
@environment_required()
def geofences(request: ConsoleRequest) -> HttpResponse:
    """The version of the geofences in force, as a GeoJSON FeatureCollection; a limited member's own only."""
    sight = sight_of(request.membership, request.environment)
    layer = geofence_layer.in_force(request.environment.pk, sight, now=timezone.now())
    headers = {"Cache-Control": "private, no-cache", "ETag": layer.etag}
    if request.headers.get("If-None-Match") == layer.etag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(layer.text, content_type="application/geo+json", headers=headers)


@require_safe
@environment_required()
def alerts(request: ConsoleRequest) -> HttpResponse:
    """Alerts whose cause has not ended, at most 200: those nobody has taken on first, then the newest."""
    sight = sight_of(request.membership, request.environment)
    found = open_alerts(request.environment, sight, limit=MOST_ALERTS)
    return JsonResponse({"alerts": [live_alert(alert) for alert in found]}, headers=NO_STORE)


@require_POST
@environment_required(Role.SUPERVISOR)
def acknowledge_alert(request: ConsoleRequest, alert_id: str) -> HttpResponse:
    """Take an alert on, with `note` in the form. 409 where somebody else has, with the alert that says who."""
    alert = alert_of(request.environment, alert_id, sight_of(request.membership, request.environment))
    if alert is None:
        raise Http404("no such alert")
    try:
        taken = acknowledge(alert, by=request.user, note=request.POST.get("note", ""), now=timezone.now())
    except AlreadyAcknowledged as refusal:
        facts = {"error": str(refusal), "alert": live_alert(refusal.alert)}
        return JsonResponse(facts, status=409, headers=NO_STORE)
    return JsonResponse({"alert": live_alert(taken)}, headers=NO_STORE)
