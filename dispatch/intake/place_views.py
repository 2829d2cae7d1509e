"""Pages about places: doubtful ones on a map, one to be set, and the gazetteer."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch.fleet.sight import hubs_in_sight
from dispatch.intake.delivering import Hubs
from dispatch.intake.doubts import doubt_of
from dispatch.intake.faults import Unreadable
from dispatch.intake.forms import GazetteerForm, PlaceForm
from dispatch.intake.geocoding.lookup import provider, trouble
from dispatch.intake.locating import look_again
from dispatch.intake.selectors import doubtful_places, gazetteer_size
from dispatch.intake.services import clear_gazetteer, load_gazetteer, point_at
from dispatch.shipments.authors import of_member
from dispatch.shipments.checks import BadCommand
from dispatch.shipments.console.views import found_in_sight
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import Busy
from dispatch.shipments.transitions import IllegalTransition
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

SHOWN = 200


@require_safe
@environment_required()
def places(request: ConsoleRequest) -> HttpResponse:
    """Doubtful places, the oldest first, with the map on which a person sets them right."""
    sight = hubs_in_sight(request.membership, request.environment)
    rows = doubtful_places(request.environment, sight)
    hubs = Hubs(request.environment.pk)
    shown = [_place(request, row, hubs) for row in rows[:SHOWN]]
    may_act = request.membership.may(Role.SUPERVISOR)
    facts = {
        "waiting": shown,
        "count": rows.count(),
        "may_act": may_act,
        "switch_to": reverse("console_places"),
        "values": _map_values() | {"may_act": may_act, "places": shown},
    }
    return render(request, "dispatch/intake/places.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required()
def place(request: ConsoleRequest, shipment_id: str) -> HttpResponse:
    """Set one: a page of its own, and for the map, which asks for JSON."""
    row = found_in_sight(request, shipment_id)
    may_act = request.membership.may(Role.SUPERVISOR)
    posted = request.method == "POST" and may_act
    initial = {"latitude": row.latitude, "longitude": row.longitude, "address": row.address, "remember": True}
    form = PlaceForm(request.POST if posted else None, initial=initial)
    if posted and form.is_valid() and (done := _set(request, row, form)) is not None:
        return done
    if posted and _wants_json(request):
        said = [str(error) for errors in form.errors.values() for error in errors]
        return JsonResponse({"detail": " ".join(said)}, status=409 if form.non_field_errors() else 400)
    one = _place(request, row, Hubs(request.environment.pk))
    facts = {"form": form, "row": row, "place": one, "may_act": may_act, "switch_to": reverse("console_places"),
             "values": _map_values() | {"may_act": may_act, "places": [one]}}  # fmt: skip
    return render(request, "dispatch/intake/place.html", facts, status=400 if posted else 200)


@require_http_methods(["GET", "POST"])
@environment_required()
def gazetteer(request: ConsoleRequest) -> HttpResponse:
    """The customer's own list of places, and who else is asked."""
    may_load = request.membership.may(Role.ADMIN)
    posted = request.method == "POST" and may_load
    form = GazetteerForm(request.POST if posted else None, request.FILES if posted else None)
    if posted and form.is_valid():
        try:
            loaded, problems = load_gazetteer(request.environment.pk, form.cleaned_data["file"])
            found = look_again(request.environment.pk, now=timezone.now())
            more = f" {found:,} shipments that had no place have one now." if found else ""
            messages.success(request, f"{loaded:,} places are loaded.{more}")
            if problems:
                messages.warning(request, f"Left out: {'; '.join(problems[:10])}.")
            return redirect("console_gazetteer")
        except Unreadable as why:
            form.add_error("file", str(why))
    facts = {
        "form": form,
        "size": gazetteer_size(request.environment),
        "may_load": may_load,
        "provider": provider(),
        "trouble": trouble(),
        "least": settings.GEOCODER_CONFIDENCE,
    }
    return render(request, "dispatch/intake/gazetteer.html", facts, status=400 if posted else 200)


@require_POST
@environment_required(Role.ADMIN)
def clear(request: ConsoleRequest) -> HttpResponse:
    """Forget the list."""
    gone = clear_gazetteer(request.environment.pk)
    messages.success(request, f"{gone:,} places are forgotten.")
    return redirect("console_gazetteer")


def _set(request: ConsoleRequest, row: ShipmentState, form: PlaceForm) -> HttpResponse | None:
    """What answers a place that was set; None where it could not be, which the form then says."""
    values = form.cleaned_data
    address = values["address"].strip()
    try:
        point_at(
            row, values["longitude"], values["latitude"], address=address if address != row.address else None,
            author=of_member(request.user), now=timezone.now(), for_address=values["remember"],
        )  # fmt: skip
    except (IllegalTransition, BadCommand, Busy) as refusal:
        form.add_error(None, str(refusal))
        return None
    if _wants_json(request):
        sight = hubs_in_sight(request.membership, request.environment)
        return JsonResponse({"left": doubtful_places(request.environment, sight).count()})
    messages.success(request, f"{row.shipment} goes there now.")
    return redirect("console_places")


def _place(request: ConsoleRequest, row: ShipmentState, hubs: Hubs) -> dict[str, Any]:
    """A doubtful place as page and map show it."""
    hub = hubs.of(row.hub_id)
    near = hubs.places(hub)
    return {
        "id": row.shipment.public_id,
        "name": str(row.shipment),
        "recipient": row.recipient,
        "address": row.address,
        "longitude": row.longitude,
        "latitude": row.latitude,
        "near": list(near[0]) if near else None,
        "hub": hub.name if hub else "",
        "doubt": doubt_of(request.environment.pk, row, hubs) if row.place_doubtful else "",
        "by": row.place_by,
        "confidence": row.place_confidence,
        "set_url": reverse("console_place", args=[row.shipment.public_id]),
    }


def _map_values() -> dict[str, Any]:
    return {
        "vendor": f"{settings.STATIC_URL}vendor/",
        "style_url": settings.MAP_STYLE_URL,
        "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
    }


def _wants_json(request: ConsoleRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
