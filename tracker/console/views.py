"""Landing, overview, quickstart, and the switch between environments."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from tracker.console import selectors
from tracker.console.cards import cards_for
from tracker.console.snippets import snippets
from tracker.devices.status import Status
from tracker.http.console import SESSION_KEY, ConsoleRequest, environment_required, person_of
from tracker.ingestion.reasons import reason_of
from tracker.keys import reveal
from tracker.keys.selectors import a_publishable_text, keys_of
from tracker.live.sight import sight_of
from tracker.tenants.models import Role
from tracker.tenants.selectors import membership_for
from tracker.units.selectors import open_findings

IN_ORDER = (Status.RISK, Status.ACTIVE, Status.IDLE, Status.OFFLINE, Status.WAITING)


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What Milepost is, for those who are not signed in; the console for those who are."""
    if request.user.is_authenticated:
        return redirect("console")
    return render(request, "tracker/console/landing.html")


@require_safe
@environment_required()
def overview(request: ConsoleRequest) -> HttpResponse:
    """How the environment is doing: devices, a day's reports, what was refused, keys."""
    now = timezone.now()
    seen = sight_of(request.membership, request.environment)
    devices = selectors.devices_by_status(request.environment, seen, now=now)
    facts: dict[str, Any] = {
        "devices": [(status.value, devices[status]) for status in IN_ORDER],
        "device_count": sum(devices.values()),
        "limited": seen is not None,
        "keys": keys_of(request.environment).filter(revoked_at=None)[:6],
        "cards": cards_for(request, now=now),
    }
    if seen is None:  # these speak of all devices
        facts |= {
            "tally": selectors.tally(request.environment, now=now),
            "set_aside": [(r, reason_of(r.reason)) for r in selectors.last_set_aside(request.environment)],
            "unit_findings": open_findings(request.environment)[:6],
        }
    return render(request, "tracker/console/overview.html", facts)


@require_safe
@environment_required()
def quickstart(request: ConsoleRequest) -> HttpResponse:
    """A line to paste that holds the reader's own key, and a panel that shows its position when it comes."""
    key = a_publishable_text(request.environment)
    facts = {
        "key": key,
        "snippets": snippets(key, settings.BASE_URL) if key else [],
        "base_url": settings.BASE_URL,
        "may_create_keys": request.membership.may(Role.ADMIN),
        "new_secrets": reveal.take(request.session) if request.method == "GET" else [],
        "live": {
            "socket": f"/ws/live/?environment={request.environment.public_id}",
            "countries": f"{settings.STATIC_URL}vendor/world-atlas/countries-50m.json",
        },
    }
    answer = render(request, "tracker/console/quickstart.html", facts)
    if facts["new_secrets"]:
        answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@login_required
def switch_environment(request: HttpRequest) -> HttpResponse:
    """Show another environment from now on; one that is not the person's does not exist for them."""
    place = membership_for(person_of(request), request.POST.get("environment", ""))
    if place is None:
        raise Http404("no such environment")
    request.session[SESSION_KEY] = place.environment.public_id
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return redirect(wanted if safe else "console")
