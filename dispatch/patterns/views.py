"""The page of overrides: what they teach and whether it is made a rule, which plans were uncertain, what was moved."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch.fleet.models import Driver, VehicleType
from dispatch.fleet.sight import hubs_in_sight
from dispatch.manifests.models import ManifestOverride, OverridePattern
from dispatch.manifests.uncertainty import check
from dispatch.patterns.selectors import pattern_of, patterns_of
from dispatch.patterns.services import DecidedAlready, decide
from dispatch.patterns.words import shown
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

MOST_SHOWN = 100
CHECKED = timedelta(days=28)
DECISIONS = {
    "accept": (OverridePattern.State.ACCEPTED, "It is a rule from the next plan on."),
    "refuse": (OverridePattern.State.REFUSED, "It is not proposed again for twelve weeks."),
    "end": (OverridePattern.State.ENDED, "The next plan does not know it any more."),
}


@require_safe
@environment_required()
def overrides(request: ConsoleRequest) -> HttpResponse:
    """Patterns to decide on, the check of the uncertain flag, and the overrides themselves."""
    environment = request.environment
    sight = hubs_in_sight(request.membership, environment)
    patterns = list(patterns_of(environment.pk, sight)[:MOST_SHOWN])
    drivers = {one.public_id: one.name for one in Driver.objects.for_environment(environment)}
    kinds = {one.key: one.name for one in VehicleType.objects.for_environment(environment)}
    rows = ManifestOverride.objects.for_environment(environment)
    rows = rows if sight is None else rows.filter(hub__in=sight)
    today = timezone.now().date()
    facts: dict[str, Any] = {
        "patterns": [shown(one, drivers, kinds) for one in patterns],
        "check": check(environment.pk, sight, today - CHECKED, today),
        "overrides": [_line(one) for one in rows.select_related("hub").order_by("-created_at")[:MOST_SHOWN]],
        "may_decide": request.membership.may(Role.ADMIN),
    }
    return render(request, "dispatch/patterns/overrides.html", facts)


@require_POST
@environment_required(Role.ADMIN)
def pattern_decide(request: ConsoleRequest, pattern_id: str) -> HttpResponse:
    """A person accepts, refuses or ends a pattern."""
    sight = hubs_in_sight(request.membership, request.environment)
    found = pattern_of(request.environment.pk, pattern_id, sight)
    wanted = DECISIONS.get(request.POST.get("decision", ""))
    if found is None or wanted is None:
        raise Http404("no such pattern")
    try:
        decide(found, wanted[0], by=request.user, now=timezone.now())
        messages.success(request, wanted[1])
    except DecidedAlready as error:
        messages.warning(request, str(error))
    return redirect("console_overrides")


def _line(row: ManifestOverride) -> dict[str, Any]:
    return {
        "row": row,
        "says": row.after.get("says", ""),
        "author": row.author.get("name") or row.author.get("id"),
        "cost": sum(row.cost_after.values()) - sum(row.cost_before.values()),
        "broken": [one["text"] for one in row.violations if one.get("new")],
    }
