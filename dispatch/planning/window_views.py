"""The page of windows: when each hub is planned, in its own time."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch.fleet.models import Hub
from dispatch.fleet.references import find
from dispatch.fleet.selectors import hubs_of
from dispatch.fleet.sight import hubs_in_sight, narrowed
from dispatch.planning.errors import PlanningRefusal
from dispatch.planning.forms import WindowForm
from dispatch.planning.models import DispatchWindow
from dispatch.planning.selectors import window_of, windows_of
from dispatch.planning.services import (
    WindowWish,
    add_window,
    change_window,
    give_default_windows,
    remove_window,
)
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role


@require_safe
@environment_required()
def windows(request: ConsoleRequest) -> HttpResponse:
    """Every hub with its windows."""
    sight = hubs_in_sight(request.membership, request.environment)
    by_hub: dict[int, list[DispatchWindow]] = {}
    for window in windows_of(request.environment, sight=sight):
        by_hub.setdefault(window.hub_id, []).append(window)
    hubs = narrowed(hubs_of(request.environment), sight).order_by("name")
    rows = [
        {"hub": hub, "windows": by_hub.get(hub.pk, [])}
        for hub in hubs
        if hub.kind == Hub.Kind.ZONE or hub.pk in by_hub
    ]
    others = [hub for hub in hubs if hub.kind != Hub.Kind.ZONE and hub.pk not in by_hub]
    return render(request, "dispatch/planning/windows.html", {
        "rows": rows, "others": others, "form": WindowForm(), "may_edit": request.membership.may(Role.ADMIN),
    })  # fmt: skip


@require_POST
@environment_required(Role.ADMIN)
def add(request: ConsoleRequest, hub_id: str) -> HttpResponse:
    """One more window; with `defaults` the usual three."""
    hub = _hub(request, hub_id)
    if "defaults" in request.POST:
        give_default_windows(hub, now=timezone.now())
        return redirect("console_windows")
    form = WindowForm(request.POST)
    if not form.is_valid():
        messages.error(request, _said(form))
        return redirect("console_windows")
    try:
        made = add_window(hub, form.wish(), now=timezone.now())
        messages.success(request, f"{hub.name} is planned at {made.at:%H:%M} from now on.")
    except PlanningRefusal as refusal:
        messages.error(request, str(refusal))
    return redirect("console_windows")


@require_safe
@environment_required(Role.ADMIN)
def edit(request: ConsoleRequest, window_id: str) -> HttpResponse:
    """The form of one window."""
    window = _window(request, window_id)
    initial = {
        "at": window.at, "weekdays": window.weekdays, "seconds": window.seconds, "releases": window.releases,
    }  # fmt: skip
    return render(
        request, "dispatch/planning/window.html", {"window": window, "form": WindowForm(initial=initial)}
    )


@require_POST
@environment_required(Role.ADMIN)
def change(request: ConsoleRequest, window_id: str) -> HttpResponse:
    """Make it another."""
    window, form = _window(request, window_id), WindowForm(request.POST)
    if not form.is_valid():
        return render(request, "dispatch/planning/window.html", {"window": window, "form": form}, status=422)
    try:
        change_window(window, form.wish(enabled=window.enabled), now=timezone.now())
    except PlanningRefusal as refusal:
        form.add_error("at", str(refusal))
        return render(request, "dispatch/planning/window.html", {"window": window, "form": form}, status=422)
    return redirect("console_windows")


@require_POST
@environment_required(Role.ADMIN)
def switch(request: ConsoleRequest, window_id: str) -> HttpResponse:
    """On or off."""
    window = _window(request, window_id)
    wish = WindowWish(window.at, window.weekdays, window.seconds, window.releases, not window.enabled)
    change_window(window, wish, now=timezone.now())
    return redirect("console_windows")


@require_POST
@environment_required(Role.ADMIN)
def remove(request: ConsoleRequest, window_id: str) -> HttpResponse:
    """Take it away."""
    remove_window(_window(request, window_id))
    return redirect("console_windows")


def _said(form: Any) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def _hub(request: ConsoleRequest, hub_id: str) -> Hub:
    sight = hubs_in_sight(request.membership, request.environment)
    found = find(narrowed(hubs_of(request.environment), sight), "hub", hub_id)
    if found is None:
        raise Http404("no such hub")
    return found


def _window(request: ConsoleRequest, window_id: str) -> DispatchWindow:
    sight = hubs_in_sight(request.membership, request.environment)
    found = window_of(request.environment, window_id, sight=sight)
    if found is None:
        raise Http404("no such window")
    return found
