"""The vehicles' pages of the console: list, one vehicle and in whose hands it was, a new one."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch.fleet.forms import VehicleForm, vehicle_initial
from dispatch.fleet.models import Vehicle
from dispatch.fleet.references import find
from dispatch.fleet.refusals import FleetRefusal
from dispatch.fleet.selectors import all_vehicles_of, capacities_of, holders_of, types_of, vehicle_history
from dispatch.fleet.services import change_vehicle, create_vehicle, ensure_types, retire_vehicle
from dispatch.fleet.sight import is_in_sight
from dispatch.fleet.views import sight_of
from dispatch.fleet.wishes import vehicle_wish
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE = 50


@require_safe
@environment_required()
def vehicles(request: ConsoleRequest) -> HttpResponse:
    """Vehicles in sight, the newest first, with who has them; `q` searches plates and ids."""
    ensure_types(request.environment)
    sight = sight_of(request)
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    rows = all_vehicles_of(request.environment, text=text)
    page = newest_first(
        rows if sight is None else rows.filter(hub_id__in=sight), request.GET.get("after", ""), size=PAGE
    )
    held = holders_of(request.environment, page.rows)
    facts = {
        "rows": [{"vehicle": one, "held": held.get(one.pk), "room": capacities_of(one)} for one in page.rows],
        "page": page,
        "text": text,
        "types": types_of(request.environment),
        "may_edit": request.membership.may(Role.ADMIN),
    }
    return render(request, "dispatch/fleet/vehicles.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def new(request: ConsoleRequest) -> HttpResponse:
    """A form for a vehicle."""
    ensure_types(request.environment)
    form = VehicleForm(request.environment, request.POST or None, sight=sight_of(request))
    if request.method == "POST" and (wish := form.read(lambda body: vehicle_wish(request.environment, body))):
        try:
            made = create_vehicle(request.environment, wish)
        except FleetRefusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{made} is made.")
            return redirect("console_vehicles")
    return render(request, "dispatch/fleet/vehicle_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@environment_required()
def vehicle(request: ConsoleRequest, vehicle_id: str) -> HttpResponse:
    """One vehicle; admins change it."""
    found = vehicle_or_404(request, vehicle_id)
    sight = sight_of(request)
    if request.method == "GET" or not _may_change(request, found):
        return _detail(
            request, found, VehicleForm(request.environment, initial=vehicle_initial(found), sight=sight)
        )
    form = VehicleForm(request.environment, request.POST, initial=vehicle_initial(found), sight=sight)
    wish = form.read(lambda body: vehicle_wish(request.environment, body, found))
    if wish is None:
        return _detail(request, found, form)
    try:
        change_vehicle(found, wish)
    except FleetRefusal as refusal:
        form.refuse(refusal)
        return _detail(request, found, form)
    messages.success(request, "Saved.")
    return redirect("console_vehicle", vehicle_id=found.public_id)


@require_POST
@environment_required(Role.ADMIN)
def retire(request: ConsoleRequest, vehicle_id: str) -> HttpResponse:
    """Take it out of service."""
    found = vehicle_or_404(request, vehicle_id)
    retire_vehicle(found, now=timezone.now())
    messages.success(request, f"{found} is out of service.")
    return redirect("console_vehicles")


def vehicle_or_404(request: ConsoleRequest, vehicle_id: str) -> Vehicle:
    """The vehicle of a hub in the member's sight; one of no hub is seen by whoever sees all."""
    found = find(all_vehicles_of(request.environment, retired=True), "veh", vehicle_id)
    if found is None or not is_in_sight(sight_of(request), found.hub_id):
        raise Http404("no such vehicle")
    return found


def _may_change(request: ConsoleRequest, found: Vehicle) -> bool:
    return request.membership.may(Role.ADMIN) and found.retired_at is None


def _detail(request: ConsoleRequest, found: Vehicle, form: VehicleForm) -> HttpResponse:
    sight = sight_of(request)
    history = [row for row in vehicle_history(found) if is_in_sight(sight, row.driver.hub_id)]
    facts = {
        "vehicle": found,
        "form": form,
        "room": capacities_of(found),
        "history": history,
        "may_edit": _may_change(request, found),
    }
    return render(request, "dispatch/fleet/vehicle.html", facts)
