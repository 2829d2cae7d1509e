"""The hubs' pages of the console: the tree with its sums, one hub, a new one, its end."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch.fleet.forms import HubForm
from dispatch.fleet.models import Hub
from dispatch.fleet.references import find
from dispatch.fleet.refusals import FleetRefusal
from dispatch.fleet.selectors import drivers_of, hub_rows, hubs_of, located
from dispatch.fleet.services import change_hub, create_hub, retire_hub
from dispatch.fleet.sight import SightOfHubs, hubs_in_sight, narrowed
from dispatch.fleet.tree import ancestors, subtree_totals
from dispatch.fleet.wishes import hub_wish
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role


@require_safe
@environment_required()
def hubs(request: ConsoleRequest) -> HttpResponse:
    """The tree, each hub with what it and everything below it hold."""
    now = timezone.now()
    sight = sight_of(request)
    totals = subtree_totals(request.environment, now=now)
    rows = [row | {"totals": totals.get(row["hub"].pk)} for row in hub_rows(request.environment, sight=sight)]
    facts = {"rows": rows, "may_edit": request.membership.may(Role.ADMIN), "now": now}
    return render(request, "dispatch/fleet/hubs.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def new(request: ConsoleRequest) -> HttpResponse:
    """A form for a hub; `below` names the one it is to stand below."""
    sight = sight_of(request)
    form = HubForm(request.environment, request.POST or None, sight=sight, initial=_below(request))
    if request.method == "POST" and (wish := form.read(lambda body: hub_wish(request.environment, body))):
        try:
            made = create_hub(request.environment, wish, now=timezone.now())
        except FleetRefusal as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"{made} is made.")
            return redirect("console_hub", hub_id=made.public_id)
    return render(request, "dispatch/fleet/hub_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@environment_required()
def hub(request: ConsoleRequest, hub_id: str) -> HttpResponse:
    """One hub; admins change it and move it."""
    found = hub_or_404(request, hub_id)
    if request.method == "GET" or not _may_change(request, found):
        return _detail(
            request, found, HubForm(request.environment, initial=_initial(found), sight=sight_of(request))
        )
    form = HubForm(request.environment, request.POST, sight=sight_of(request))
    wish = form.read(lambda body: hub_wish(request.environment, body, found))
    if wish is None:
        return _detail(request, found, form)
    try:
        change_hub(found, wish, now=timezone.now())
    except FleetRefusal as refusal:
        form.refuse(refusal)
        return _detail(request, found, form)
    messages.success(request, "Saved.")
    return redirect("console_hub", hub_id=found.public_id)


@require_POST
@environment_required(Role.ADMIN)
def retire(request: ConsoleRequest, hub_id: str) -> HttpResponse:
    """Take it out of service."""
    found = hub_or_404(request, hub_id)
    try:
        retire_hub(found, now=timezone.now())
    except FleetRefusal as refusal:
        messages.error(request, refusal.detail)
        return redirect("console_hub", hub_id=found.public_id)
    messages.success(request, f"{found} is out of service.")
    return redirect("console_hubs")


def sight_of(request: ConsoleRequest) -> SightOfHubs:
    """The hubs the member may see."""
    return hubs_in_sight(request.membership, request.environment)


def hub_or_404(request: ConsoleRequest, hub_id: str) -> Hub:
    """The hub in the member's sight."""
    found = find(narrowed(hubs_of(request.environment, retired=True), sight_of(request)), "hub", hub_id)
    if found is None:
        raise Http404("no such hub")
    return found


def _detail(request: ConsoleRequest, found: Hub, form: HubForm) -> HttpResponse:
    sight = sight_of(request)
    rows = narrowed(hubs_of(request.environment), sight)
    above = rows.in_bulk(ancestors(request.environment, found.pk))
    facts = {
        "hub": found,
        "form": form,
        "above": [above[pk] for pk in reversed(ancestors(request.environment, found.pk)) if pk in above],
        "children": rows.filter(parent=found).order_by("name"),
        "drivers": drivers_of(request.environment).filter(hub=found).order_by("name")[:200],
        "totals": subtree_totals(request.environment, now=timezone.now()).get(found.pk),
        "place": located(found),
        "may_edit": _may_change(request, found),
    }
    return render(request, "dispatch/fleet/hub.html", facts)


def _may_change(request: ConsoleRequest, found: Hub) -> bool:
    return request.membership.may(Role.ADMIN) and found.retired_at is None


def _below(request: ConsoleRequest) -> dict[str, Any]:
    above = request.GET.get("below", "")
    parent = find(hubs_of(request.environment), "hub", above) if above else None
    kind = Hub.Kind.ZONE if parent else Hub.Kind.REGION
    if parent and parent.kind == Hub.Kind.REGION:
        kind = Hub.Kind.CENTRE
    return {"parent": above if parent else "", "kind": kind, "timezone": parent.timezone if parent else ""}


def _initial(found: Hub) -> dict[str, Any]:
    names = ("name", "kind", "timezone", "longitude", "latitude", "external_id")
    return {name: getattr(found, name) for name in names} | {
        "parent": found.parent.public_id if found.parent else "",
        "geofence": found.geofence.public_id if found.geofence else "",
    }
