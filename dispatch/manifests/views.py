"""The manifests' console pages: those of a day, and one with its stops, versions and differences."""

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch.fleet.selectors import hubs_of
from dispatch.fleet.sight import hubs_in_sight, narrowed
from dispatch.manifests.errors import ManifestRefusal
from dispatch.manifests.models import Manifest
from dispatch.manifests.releasing import release as release_drafts
from dispatch.manifests.selectors import counted, manifest_of, manifests, stops_of, versions_of
from dispatch.manifests.services import discard as discard_draft
from dispatch.shipments.authors import of_member
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE = 50


@require_safe
@environment_required()
def day(request: ConsoleRequest) -> HttpResponse:
    """Manifests, the newest first, by day, hub and state."""
    sight = hubs_in_sight(request.membership, request.environment)
    state, hub_id, on = (request.GET.get(name, "") for name in ("state", "hub", "date"))
    rows = manifests(
        request.environment,
        service_date=_date(on),
        states=[state] if state in Manifest.State.values else [],
        sight=sight,
    )
    hubs = list(narrowed(hubs_of(request.environment), sight).order_by("name"))
    chosen = next((hub for hub in hubs if hub.public_id == hub_id), None)
    if chosen is not None:
        rows = rows.filter(hub=chosen)
    page = newest_first(counted(rows), request.GET.get("after", ""), size=PAGE)
    return render(request, "dispatch/manifests/list.html", {
        "manifests": page.rows, "page": page, "state": state, "states": Manifest.State.choices, "hubs": hubs,
        "hub": chosen, "date": on if _date(on) else "", "narrowed": bool(state or chosen or _date(on)),
    })  # fmt: skip


@require_safe
@environment_required()
def manifest(request: ConsoleRequest, manifest_id: str) -> HttpResponse:
    """One manifest: its stops in order, every version with its difference, why this driver."""
    found = _manifest(request, manifest_id)
    stops = list(stops_of(found))
    return render(request, "dispatch/manifests/detail.html", {
        "manifest": found,
        "stops": [stop for stop in stops if stop.place is not None],
        "taken_off": [stop for stop in stops if stop.place is None],
        "versions": versions_of(found),
        "values": _values(found, stops),
        "cost": sorted(found.cost.items()),
        "may_release": request.membership.may(Role.SUPERVISOR),
    })  # fmt: skip


@require_POST
@environment_required(Role.SUPERVISOR)
def release(request: ConsoleRequest, manifest_id: str) -> HttpResponse:
    """Give the driver this draft."""
    found = _manifest(request, manifest_id)
    done = release_drafts(
        request.environment.pk,
        [found.pk],
        by=of_member(request.user),
        reason=request.POST.get("reason", "")[:300],
        now=timezone.now(),
    )
    if not done.manifests:
        messages.info(request, "There was nothing to give.")
        return redirect("console_manifests")
    mine = next((row for row in done.manifests if row.driver_id == found.driver_id), done.manifests[0])
    left = len(done.left_out)
    said = f"Released as version {mine.version}."
    messages.success(request, said + (f" {left} parcels were left out: they changed since." if left else ""))
    return redirect("console_manifest", manifest_id=mine.public_id)


@require_POST
@environment_required(Role.SUPERVISOR)
def discard(request: ConsoleRequest, manifest_id: str) -> HttpResponse:
    """Throw the draft away; what is in force stays."""
    found = _manifest(request, manifest_id)
    try:
        discard_draft(request.environment.pk, found.pk)
        messages.success(request, "The draft is gone; its parcels wait for the next plan.")
    except ManifestRefusal as refusal:
        messages.error(request, str(refusal))
        return redirect("console_manifest", manifest_id=manifest_id)
    return redirect("console_manifests")


def _values(found: Manifest, stops: list[Any]) -> dict[str, Any]:
    """What the page's script is told: the route as a line."""
    line = [[stop.longitude, stop.latitude] for stop in stops if stop.place is not None]
    if found.hub.longitude is not None:
        line.insert(0, [found.hub.longitude, found.hub.latitude])
    return {
        "routes": [{"driver": found.driver.public_id, "name": found.driver.name, "line": line, "stops": len(stops)}],
        "vendor": f"{settings.STATIC_URL}vendor/",
        "style_url": settings.MAP_STYLE_URL,
        "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
    }  # fmt: skip


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _manifest(request: ConsoleRequest, manifest_id: str) -> Manifest:
    sight = hubs_in_sight(request.membership, request.environment)
    found = manifest_of(request.environment, manifest_id, sight=sight)
    if found is None:
        raise Http404("no such manifest")
    return found
