"""Planning's console pages: runs, one run as it goes, and the windows of hubs."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch.fleet.sight import hubs_in_sight
from dispatch.manifests.releasing import release as release_drafts
from dispatch.manifests.selectors import counted, drafts_of, manifests
from dispatch.planning.errors import PlanningRefusal
from dispatch.planning.forms import RunForm
from dispatch.planning.models import PlanRun
from dispatch.planning.selectors import run_of, runs_of
from dispatch.planning.services import ask_run, stop_run
from dispatch.planning.shown import state_of
from dispatch.shipments.authors import of_member
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE = 40


@require_safe
@environment_required()
def runs(request: ConsoleRequest) -> HttpResponse:
    """Runs, the newest first."""
    sight = hubs_in_sight(request.membership, request.environment)
    state = request.GET.get("state", "")
    rows = runs_of(request.environment, state=state if state in PlanRun.State.values else "", sight=sight)
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    return render(request, "dispatch/planning/runs.html", {
        "runs": page.rows, "page": page, "state": state, "states": PlanRun.State.choices,
        "form": RunForm(request.environment, sight), "may_plan": request.membership.may(Role.SUPERVISOR),
    })  # fmt: skip


@require_POST
@environment_required(Role.SUPERVISOR)
def ask(request: ConsoleRequest) -> HttpResponse:
    """Plan a hub now."""
    form = RunForm(request.environment, hubs_in_sight(request.membership, request.environment), request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a hub, and between 1 and 600 seconds.")
        return redirect("console_runs")
    run = ask_run(
        form.cleaned_data["hub"],
        cause=PlanRun.Cause.PERSON,
        by=request.user,
        seconds=form.cleaned_data["seconds"],
        now=timezone.now(),
    )
    return redirect("console_run", run_id=run.public_id)


@require_safe
@environment_required()
def run(request: ConsoleRequest, run_id: str) -> HttpResponse:
    """One run: how it goes or what came of it, on the map and in figures."""
    found = _run(request, run_id)
    made = counted(manifests(request.environment)).filter(run=found).order_by("driver__name")
    return render(request, "dispatch/planning/run.html", {
        "run": found,
        "shown": state_of(found, now=timezone.now()),
        "values": _values(found),
        "manifests": made,
        "drafts": [manifest for manifest in made if manifest.state == "draft"],
        "may_plan": request.membership.may(Role.SUPERVISOR),
        "cost": sorted(found.facts.get("cost", {}).items(), key=lambda term: -term[1]),
    })  # fmt: skip


@require_safe
@environment_required()
def run_state(request: ConsoleRequest, run_id: str) -> JsonResponse:
    """What of a run changes while one looks."""
    answer = JsonResponse(state_of(_run(request, run_id), now=timezone.now()))
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@environment_required(Role.SUPERVISOR)
def stop(request: ConsoleRequest, run_id: str) -> HttpResponse:
    """End the search; its best is kept."""
    try:
        stop_run(_run(request, run_id), now=timezone.now())
    except PlanningRefusal as refusal:
        messages.info(request, str(refusal))
    return redirect("console_run", run_id=run_id)


@require_POST
@environment_required(Role.SUPERVISOR)
def release(request: ConsoleRequest, run_id: str) -> HttpResponse:
    """Give drivers the drafts of the run."""
    found = _run(request, run_id)
    done = release_drafts(
        request.environment.pk, drafts_of(found), by=of_member(request.user), reason="", now=timezone.now()
    )
    count, left = len(done.manifests), len(done.left_out)
    said = f"{count} manifest{'' if count == 1 else 's'} released."
    messages.success(request, said + (f" {left} parcels were left out: they changed since." if left else ""))
    return redirect("console_run", run_id=run_id)


def _values(found: PlanRun) -> dict[str, Any]:
    """What the page's script is told."""
    return {
        "state_url": reverse("console_run_state", kwargs={"run_id": found.public_id}),
        "vendor": f"{settings.STATIC_URL}vendor/",
        "style_url": settings.MAP_STYLE_URL,
        "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
    }


def _run(request: ConsoleRequest, run_id: str) -> PlanRun:
    found = run_of(request.environment, run_id, sight=hubs_in_sight(request.membership, request.environment))
    if found is None:
        raise Http404("no such run")
    return found
