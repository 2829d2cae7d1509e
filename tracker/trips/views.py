"""The trips pages of the console: list, one trip, its links."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tracker.audit.services import note
from tracker.console.paging import newest_first
from tracker.devices.models import Device
from tracker.devices.selectors import find_device
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live.sight import in_sight, sight_of
from tracker.tenants.models import Role
from tracker.trips.forms import ShareForm
from tracker.trips.models import Trip
from tracker.trips.schemas import trip_document
from tracker.trips.selectors import events_of, share_of, shares_of, trip_of, trips_of
from tracker.trips.services import cancel_trip, complete_trip
from tracker.trips.share_documents import state_of
from tracker.trips.shares import CannotShare, address_of, create_share, revoke_share
from tracker.trips.transitions import LEGAL, IllegalTransition

PAGE, MOST_EVENTS = 50, 100


@require_safe
@environment_required()
def trips(request: ConsoleRequest) -> HttpResponse:
    """Trips, the newest first, by state and device."""
    state, device = request.GET.get("state", ""), request.GET.get("device", "")
    found = find_device(request.environment, device, now=timezone.now()) if device else None
    rows = trips_of(request.environment, state=state if state in Trip.State.values else None, device=found)
    rows = rows.filter(device__in=_seen(request))
    page = newest_first(
        rows.none() if device and not found else rows, request.GET.get("after", ""), size=PAGE
    )
    facts = {
        "trips": page.rows,
        "page": page,
        "state": state,
        "device": found,
        "narrowed": bool(state or device),
        "states": Trip.State.choices,
    }
    return render(request, "tracker/trips/list.html", facts)


@require_safe
@environment_required()
def trip(request: ConsoleRequest, trip_id: str) -> HttpResponse:
    """One trip: how it goes, what was told of it, who may see it."""
    return _detail(request, _trip(request, trip_id), ShareForm())


@require_POST
@environment_required(Role.SUPERVISOR)
def complete(request: ConsoleRequest, trip_id: str) -> HttpResponse:
    """End it as done."""
    return _end(request, _trip(request, trip_id), complete_trip, "The trip is completed.")


@require_POST
@environment_required(Role.SUPERVISOR)
def cancel(request: ConsoleRequest, trip_id: str) -> HttpResponse:
    """End it as not to be made."""
    return _end(request, _trip(request, trip_id), cancel_trip, "The trip is cancelled.")


@require_POST
@environment_required(Role.SUPERVISOR)
def share(request: ConsoleRequest, trip_id: str) -> HttpResponse:
    """Make a link; its address is on this answer and on no other."""
    found, form = _trip(request, trip_id), ShareForm(request.POST)
    if not form.is_valid():
        return _detail(request, found, form)
    try:
        _, token = create_share(found, **form.wanted(), by=request.user, now=timezone.now())
    except CannotShare as refusal:
        messages.error(request, str(refusal))
        return redirect("console_trip", trip_id=found.public_id)
    note(request, "trip.share", found.public_id)
    addresses = {"url": address_of(token), "embed": address_of(token, embedded=True)}
    return _detail(request, found, ShareForm(), new=addresses)


@require_POST
@environment_required(Role.SUPERVISOR)
def revoke(request: ConsoleRequest, trip_id: str, share_id: str) -> HttpResponse:
    """End a link."""
    found = _trip(request, trip_id)
    link = share_of(found, share_id)
    if link is None:
        raise Http404("no such link")
    if revoke_share(link, now=timezone.now()):
        messages.success(request, "The link shows nothing any more.")
    return redirect("console_trip", trip_id=found.public_id)


def _detail(
    request: ConsoleRequest, found: Trip, form: ShareForm, *, new: dict[str, str] | None = None
) -> HttpResponse:
    now = timezone.now()
    facts = {
        "trip": found,
        "document": trip_document(found),
        "events": events_of(found, most=MOST_EVENTS),
        "shares": [{"row": row, "state": state_of(row, found, now=now)} for row in shares_of(found)],
        "form": form,
        "new": new,
        "may_edit": request.membership.may(Role.SUPERVISOR),
        "legal": LEGAL[found.state],
        "switch_to": reverse("console_trips"),
    }
    answer = render(request, "tracker/trips/detail.html", facts)
    answer["Cache-Control"] = "no-store"
    return answer


def _end(request: ConsoleRequest, found: Trip, service: Any, said: str) -> HttpResponse:
    try:
        service(found, now=timezone.now())
        messages.success(request, said)
    except IllegalTransition as illegal:
        messages.error(request, str(illegal))
    return redirect("console_trip", trip_id=found.public_id)


def _trip(request: ConsoleRequest, trip_id: str) -> Trip:
    found = trip_of(request.environment, trip_id)
    if found is None or not _seen(request).filter(pk=found.device_id).exists():
        raise Http404("no such trip")
    return found


def _seen(request: ConsoleRequest) -> QuerySet[Device]:
    """The devices that the member may see, and so their trips."""
    devices = Device.objects.for_environment(request.environment)
    return in_sight(devices, sight_of(request.membership, request.environment))
