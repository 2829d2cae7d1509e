"""The drivers' pages of the console: list, one driver with hours and what they have, a new one, handovers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch.fleet.forms import ChangeForm, DriverForm, HandoverForm, ShiftForm
from dispatch.fleet.models import Driver, Shift, ShiftChange
from dispatch.fleet.references import find
from dispatch.fleet.refusals import FleetRefusal
from dispatch.fleet.rostering import add_shift, remove_change, remove_shift, set_change
from dispatch.fleet.rota import hours_between, working
from dispatch.fleet.selectors import (
    all_vehicles_of,
    carried_by,
    changes_of,
    drivers_of,
    holdings_of,
    hub_rows,
    shifts_of,
    vehicles_of,
)
from dispatch.fleet.services import change_driver, create_driver, give_device, give_vehicle, retire_driver
from dispatch.fleet.sight import is_in_sight
from dispatch.fleet.tree import descendants
from dispatch.fleet.views import sight_of
from dispatch.fleet.week import week_of
from dispatch.fleet.wishes import change_wish, driver_wish, shift_wish
from tracker.console.paging import newest_first
from tracker.devices.selectors import find_device
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE = 50


@require_safe
@environment_required()
def drivers(request: ConsoleRequest) -> HttpResponse:
    """Drivers in sight, the newest first; `q` searches, `hub` narrows to a hub and what is below."""
    now, sight = timezone.now(), sight_of(request)
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    hubs = hub_rows(request.environment, sight=sight)
    chosen = next((row["hub"] for row in hubs if row["hub"].public_id == request.GET.get("hub", "")), None)
    rows = drivers_of(request.environment, text=text)
    rows = rows if sight is None else rows.filter(hub_id__in=sight)
    if chosen is not None:
        rows = rows.filter(hub_id__in=descendants(request.environment, chosen.pk))
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    at_work = {
        one.pk for one in working(request.environment, now=now, hub_ids=[one.hub_id for one in page.rows])
    }
    vehicles = vehicles_of(request.environment, [one.pk for one in page.rows])
    devices = carried_by(request.environment, page.rows)
    facts = {
        "rows": [
            {
                "driver": one,
                "at_work": one.pk in at_work,
                "vehicle": vehicles.get(one.pk),
                "device": devices.get(one.pk),
            }
            for one in page.rows
        ],
        "page": page,
        "text": text,
        "hubs": hubs,
        "chosen": chosen,
        "may_edit": request.membership.may(Role.ADMIN),
    }
    return render(request, "dispatch/fleet/drivers.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def new(request: ConsoleRequest) -> HttpResponse:
    """A form for a driver."""
    form = DriverForm(request.environment, request.POST or None, sight=sight_of(request))
    if request.method == "POST" and (wish := form.read(lambda body: driver_wish(request.environment, body))):
        try:
            made = create_driver(request.environment, wish)
        except FleetRefusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{made} is made. Without a shift nothing is planned for them.")
            return redirect("console_driver", driver_id=made.public_id)
    return render(request, "dispatch/fleet/driver_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@environment_required()
def driver(request: ConsoleRequest, driver_id: str) -> HttpResponse:
    """One driver; admins change them."""
    found = driver_or_404(request, driver_id)
    if request.method == "GET" or not _may(request, found, Role.ADMIN):
        return _detail(request, found)
    form = DriverForm(request.environment, request.POST, sight=sight_of(request))
    wish = form.read(lambda body: driver_wish(request.environment, body, found))
    if wish is None:
        return _detail(request, found, form=form)
    try:
        change_driver(found, wish, now=timezone.now())
    except FleetRefusal as refusal:
        form.refuse(refusal)
        return _detail(request, found, form=form)
    return _back(request, found, "Saved.")


@require_POST
@environment_required(Role.ADMIN)
def shift(request: ConsoleRequest, driver_id: str) -> HttpResponse:
    """Weekly hours more."""
    found = driver_or_404(request, driver_id)
    form = ShiftForm(request.POST, auto_id="shift_%s")
    if (wish := form.read(shift_wish)) is None:
        return _detail(request, found, shift_form=form)
    return _tried(request, found, lambda: add_shift(found, wish), "The shift is added.")


@require_POST
@environment_required(Role.ADMIN)
def shift_end(request: ConsoleRequest, driver_id: str, shift_id: str) -> HttpResponse:
    """Weekly hours less."""
    found = driver_or_404(request, driver_id)
    row = find(Shift.objects.for_environment(request.environment).filter(driver=found), "shf", shift_id)
    if row is None:
        raise Http404("no such shift")
    remove_shift(row)
    return _back(request, found, "The shift is removed.")


@require_POST
@environment_required(Role.SUPERVISOR)
def change(request: ConsoleRequest, driver_id: str) -> HttpResponse:
    """Other hours on one date: supervisors may, for they know who is ill."""
    found = driver_or_404(request, driver_id)
    form = ChangeForm(request.POST, auto_id="change_%s")
    if (wish := form.read(change_wish)) is None:
        return _detail(request, found, change_form=form)
    return _tried(request, found, lambda: set_change(found, wish), "The hours of that day are set.")


@require_POST
@environment_required(Role.SUPERVISOR)
def change_end(request: ConsoleRequest, driver_id: str, change_id: str) -> HttpResponse:
    """Back to the weekly hours."""
    found = driver_or_404(request, driver_id)
    rows = ShiftChange.objects.for_environment(request.environment).filter(driver=found)
    row = find(rows, "shc", change_id)
    if row is None:
        raise Http404("no such change")
    remove_change(row)
    return _back(request, found, "The weekly hours hold again.")


@require_POST
@environment_required(Role.SUPERVISOR)
def handover(request: ConsoleRequest, driver_id: str) -> HttpResponse:
    """A vehicle or a device changes hands; an empty field takes away what is there."""
    found, now = driver_or_404(request, driver_id), timezone.now()
    form = HandoverForm(request.POST)
    if not form.is_valid():
        return _back(request, found, "")
    if "vehicle" in request.POST:
        wanted = form.cleaned_data["vehicle"]
        rows = all_vehicles_of(request.environment)
        vehicle = find(rows, "veh", wanted) if wanted else None
        if wanted and (vehicle is None or not _vehicle_in_sight(request, vehicle.hub_id)):
            raise Http404("no such vehicle")
        return _tried(request, found, lambda: give_vehicle(found, vehicle, now), "Handed over.")
    wanted = form.cleaned_data["device"].strip()
    device = find_device(request.environment, _reference(wanted), now=now) if wanted else None
    if wanted and device is None:
        messages.error(request, "There is no device with that id. It appears with its first report.")
        return redirect("console_driver", driver_id=found.public_id)
    return _tried(request, found, lambda: give_device(found, device, now), "Handed over.")


@require_POST
@environment_required(Role.ADMIN)
def retire(request: ConsoleRequest, driver_id: str) -> HttpResponse:
    """End a driver's service."""
    found = driver_or_404(request, driver_id)
    return _tried(
        request, found, lambda: retire_driver(found, now=timezone.now()), f"{found} is out of service."
    )


def driver_or_404(request: ConsoleRequest, driver_id: str) -> Driver:
    """The driver of a hub in the member's sight."""
    found = find(drivers_of(request.environment, retired=True), "drv", driver_id)
    if found is None or not is_in_sight(sight_of(request), found.hub_id):
        raise Http404("no such driver")
    return found


def _detail(request: ConsoleRequest, found: Driver, **forms: Any) -> HttpResponse:
    now = timezone.now()
    zone = ZoneInfo(found.hub.timezone)
    today = now.astimezone(zone).date()
    since, until = now - timedelta(days=1), now + timedelta(days=8)
    hours = next(iter(hours_between(request.environment, since, until, driver_ids=[found.pk])), None)
    supervises = _may(request, found, Role.SUPERVISOR)
    facts = {
        "driver": found,
        "form": DriverForm(request.environment, initial=_initial(found), sight=sight_of(request)),
        "shift_form": ShiftForm(initial={"weekdays": [1, 2, 3, 4, 5, 6]}, auto_id="shift_%s"),
        "change_form": ChangeForm(initial={"date": today.isoformat()}, auto_id="change_%s"),
        "shifts": shifts_of(found),
        "changes": changes_of(found, today),
        "week": week_of(hours.intervals if hours else (), today, zone),
        "why_none": hours.why_none if hours else "",
        "vehicle": vehicles_of(request.environment, [found.pk]).get(found.pk),
        "device": carried_by(request.environment, [found]).get(found.pk),
        "vehicles": _vehicles(request) if supervises else [],
        "history": holdings_of(found, limit=30),
        "may_edit": _may(request, found, Role.ADMIN),
        "may_supervise": supervises,
    }
    return render(request, "dispatch/fleet/driver.html", facts | forms)


def _vehicles(request: ConsoleRequest) -> list[Any]:
    sight = sight_of(request)
    rows = all_vehicles_of(request.environment).order_by("plate", "pk")
    return list((rows if sight is None else rows.filter(hub_id__in=sight))[:1000])


def _vehicle_in_sight(request: ConsoleRequest, hub_id: int | None) -> bool:
    return is_in_sight(sight_of(request), hub_id)


def _initial(found: Driver) -> dict[str, Any]:
    names = ("name", "phone", "email", "ends_at", "home_longitude", "home_latitude", "external_id")
    facts = {name: getattr(found, name) for name in names}
    return facts | {"hub": found.hub.public_id, "skills": ", ".join(found.skills)}


def _may(request: ConsoleRequest, found: Driver, role: Role) -> bool:
    return request.membership.may(role) and found.retired_at is None


def _reference(text: str) -> str:
    return text if text.startswith(("dev_", "external:")) else f"external:{text}"


def _tried(request: ConsoleRequest, found: Driver, deed: Callable[[], Any], said: str) -> HttpResponse:
    if found.retired_at is not None:
        return _back(request, found, "", refusal="This driver is out of service.")
    try:
        deed()
    except FleetRefusal as refusal:
        return _back(request, found, "", refusal=refusal.detail)
    return _back(request, found, said)


def _back(request: ConsoleRequest, found: Driver, said: str, *, refusal: str = "") -> HttpResponse:
    if refusal:
        messages.error(request, refusal)
    elif said:
        messages.success(request, said)
    return redirect("console_driver", driver_id=found.public_id)
