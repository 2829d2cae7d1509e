"""The board: its page, what its script asks for, and the form that moves a stop where no script runs."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dispatch.fleet.models import Hub
from dispatch.fleet.references import find
from dispatch.fleet.sight import hubs_in_sight
from dispatch.manifests import overrides
from dispatch.manifests.board import Day, day_of, document, hubs_of
from dispatch.manifests.board_answers import override_document, refusals_as_problems, weighing_document
from dispatch.manifests.board_bodies import OverrideBody, PreviewBody, UndoBody, day_in, moves_in, read
from dispatch.manifests.board_form import MoveForm, places_for
from dispatch.manifests.models import ManifestOverride
from dispatch.manifests.override_words import REASONS
from dispatch.shipments.authors import of_member
from tracker.http.console import ConsoleRequest, environment_required
from tracker.http.parsing import decode
from tracker.http.problems import ApiProblem, answer
from tracker.tenants.models import Role

P = ParamSpec("P")
NO_STORE = {"Cache-Control": "no-store"}


def problems_as_json(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """A refusal becomes its problem document, as in the API."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except ApiProblem as problem:
            return answer(problem)

    return answered


@require_safe
@environment_required()
def board(request: ConsoleRequest) -> HttpResponse:
    """The day of one hub. Without JavaScript a table of drivers, each of which opens into its stops."""
    hubs = list(hubs_of(request.environment, hubs_in_sight(request.membership, request.environment)))
    try:
        day = _day(request, request.GET.get("hub", ""), request.GET.get("date", ""))
    except (ApiProblem, Http404):
        if request.GET.get("hub") or request.GET.get("date"):
            raise Http404("no such day") from None
        return render(request, "dispatch/manifests/board.html", {"hubs": hubs, "day": None})
    facts = document(day)
    opened = request.GET.get("driver", "")
    shown = {
        "hubs": hubs,
        "day": day,
        "facts": facts,
        "opened": next((one for one in facts["drivers"] if one["id"] == opened), None),
        "reasons": _reasons(),
        "may_override": request.membership.may(Role.SUPERVISOR),
        "values": _values(request, day),
    }
    return render(request, "dispatch/manifests/board.html", shown)


@require_safe
@environment_required()
@problems_as_json
def board_document(request: ConsoleRequest) -> HttpResponse:
    """The day as it stands now, for the page's script."""
    return _json(document(_day(request, request.GET.get("hub", ""), request.GET.get("date", ""))))


@require_POST
@environment_required(Role.SUPERVISOR)
@problems_as_json
@refusals_as_problems
def board_preview(request: ConsoleRequest) -> HttpResponse:
    """What a move would cost and break, while the stop is still in the hand."""
    body: PreviewBody = read(decode(request.body), PreviewBody)
    day = _day(request, body.hub, body.date)
    found = overrides.preview(request.environment.pk, day.hub, day.date, moves_in(body), now=day.now)
    return _json(weighing_document(found))


@require_POST
@environment_required(Role.SUPERVISOR)
@problems_as_json
@refusals_as_problems
def board_apply(request: ConsoleRequest) -> HttpResponse:
    """Let go: the move is made, with its reason."""
    body: OverrideBody = read(decode(request.body), OverrideBody)
    day = _day(request, body.hub, body.date)
    made = overrides.apply(
        request.environment.pk, day.hub, day.date, moves_in(body),
        expected=body.expected, reason_code=body.reason_code, reason=body.reason,
        author=of_member(request.user), now=day.now,
    )  # fmt: skip
    return _json(override_document(made))


@require_POST
@environment_required(Role.SUPERVISOR)
@problems_as_json
@refusals_as_problems
def board_undo(request: ConsoleRequest, override_id: str) -> HttpResponse:
    """Take an override back."""
    found = _override(request, override_id)
    body: UndoBody = read(decode(request.body), UndoBody)
    made = overrides.undo(
        request.environment.pk, found, reason=body.reason, author=of_member(request.user), now=timezone.now()
    )
    return _json(override_document(made))


@require_http_methods(["GET", "HEAD", "POST"])
@environment_required(Role.SUPERVISOR)
def board_move(request: ConsoleRequest, shipment_id: str) -> HttpResponse:
    """The form that moves one stop: first it is weighed, then made."""
    day = _day_or_404(request)
    found = places_for(day, shipment_id, request.POST or request.GET)
    if found is None:
        raise Http404("no such stop")
    form = MoveForm(found)
    if request.method == "POST" and form.apply(request.user, now=day.now):
        return redirect(f"{reverse('console_board')}?hub={day.hub.public_id}&date={day.date}")
    status = 409 if form.changed else 200
    facts = {"form": form, "day": day, "reasons": _reasons()}
    return render(request, "dispatch/manifests/board_move.html", facts, status=status)


def _day(request: ConsoleRequest, hub: str, date: str) -> Day:
    """The day that a request names, among the hubs in sight; the first hub's today without a name."""
    hubs = hubs_of(request.environment, hubs_in_sight(request.membership, request.environment))
    found: Hub | None = find(hubs, "hub", hub) if hub else _first(hubs)
    if found is None:
        raise ApiProblem(404, "not_found", "There is no such hub in this environment.")
    wanted = day_in(date) if date else None
    return day_of(request.environment, found, wanted, now=timezone.now())


def _first(hubs: QuerySet[Hub]) -> Hub | None:
    """The hub most likely meant: the first zone, else the first of all."""
    return hubs.filter(kind=Hub.Kind.ZONE).first() or hubs.first()


def _day_or_404(request: ConsoleRequest) -> Day:
    try:
        asked = request.POST if request.method == "POST" else request.GET
        return _day(request, asked.get("hub", ""), asked.get("date", ""))
    except ApiProblem as problem:
        raise Http404(str(problem)) from None


def _override(request: ConsoleRequest, public_id: str) -> ManifestOverride:
    """The override, if its hub is in sight. Raises NoSuchOverride."""
    found = overrides.override_of(request.environment.pk, public_id)
    sight = hubs_in_sight(request.membership, request.environment)
    if sight is not None and found.hub_id not in sight:
        raise overrides.NoSuchOverride
    return found


def _values(request: ConsoleRequest, day: Day) -> dict[str, Any]:
    """What the page's script is told; it has no other source."""
    query = f"?hub={day.hub.public_id}&date={day.date}"
    return {
        "hub": day.hub.public_id,
        "document": reverse("console_board_document") + query,
        "preview": reverse("console_board_preview"),
        "apply": reverse("console_board_apply"),
        "undo": reverse("console_board_undo", args=["OVERRIDE"]),
        "socket": f"/ws/live/?environment={request.environment.public_id}",
        "may_override": request.membership.may(Role.SUPERVISOR),
        "csrf": get_token(request),
        "vendor": f"{settings.STATIC_URL}vendor/",
        "style_url": settings.MAP_STYLE_URL,
        "pmtiles": reverse("map_basemap") if settings.MAP_PMTILES else "",
    }


def _reasons() -> list[tuple[str, str]]:
    return [(code, text) for code, text in REASONS.items() if code != "undo"]


def _json(value: Any) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), content_type="application/json", headers=NO_STORE)
