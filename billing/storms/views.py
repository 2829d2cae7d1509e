"""The pages of storms: what was recognised as a fault, what it would have cost, and where it came from."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.storms.selectors import place_of_storm, storm_of, storms_of, told
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required, lead_to
from tracker.live.sight import require_whole

PAGE = 25


@require_safe
@environment_required()
def storms(request: ConsoleRequest) -> HttpResponse:
    """The environment's storms, newest first."""
    require_whole(request.membership)
    page = newest_first(storms_of(request.environment), request.GET.get("after", ""), size=PAGE)
    facts = {"page": page, "storms": [told(storm) for storm in page.rows]}
    return render(request, "billing/storms/storms.html", facts)


@require_safe
@environment_required()
def storm(request: ConsoleRequest, storm_id: str) -> HttpResponseBase:
    """One of them, with its rate over time."""
    require_whole(request.membership)
    found = storm_of(request.environment, storm_id)
    if found is None:
        elsewhere = place_of_storm(request.environment.tenant, storm_id)
        if elsewhere is None:
            raise Http404("no such storm")
        return lead_to(request, elsewhere)
    facts = {"told": told(found), "storm": found, "plot": {"rates": found.rates}}
    return render(request, "billing/storms/storm.html", facts)
