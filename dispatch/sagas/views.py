"""Pages about exceptions: the list of sagas, one with its timeline, and who and what is silent now. No script."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch.fleet.sight import hubs_in_sight
from dispatch.notifications.catalogue import TEMPLATES
from dispatch.notifications.selectors import messages_of_saga
from dispatch.sagas import selectors, services
from dispatch.sagas.catalogue import KINDS, SAGAS
from dispatch.sagas.counting import count_form, counted_in
from dispatch.sagas.models import Saga
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE = 25
PAGES_OF = {"shp": "console_shipment", "drv": "console_driver", "hub": "console_hub"}
STATES = [("standing", "Under way"), *Saga.State.choices]


@require_safe
@environment_required()
def sagas(request: ConsoleRequest) -> HttpResponse:
    """Sagas, newest first, by kind and state; and how many of each kind are under way."""
    sight = hubs_in_sight(request.membership, request.environment)
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "standing")
    narrowing = selectors.Narrowing(
        kind=kind if kind in SAGAS else "",
        state=state if state in dict(STATES) else "",
        subject=request.GET.get("subject", "")[:100],
        sight=sight,
    )
    rows = selectors.sagas_of(request.environment, narrowing)
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    names = selectors.names_of(request.environment, page.rows)
    facts = {
        "rows": [_shown(saga, names) for saga in page.rows],
        "page": page,
        "kind": narrowing.kind,
        "state": narrowing.state,
        "subject": narrowing.subject,
        "kinds": KINDS,
        "states": STATES,
        "tallies": selectors.counts_of(request.environment, sight),
        "limited": sight is not None,
        "switch_to": request.path,
    }
    return render(request, "dispatch/sagas/sagas.html", facts)


@require_safe
@environment_required()
def saga(request: ConsoleRequest, saga_id: str) -> HttpResponse:
    """One saga: what was done, what is next, what would follow; and what a person can do."""
    return _page(request, _saga(request, saga_id))


@require_POST
@environment_required(Role.SUPERVISOR)
def continue_one(request: ConsoleRequest, saga_id: str) -> HttpResponse:
    """Let a stuck one go on."""
    return _done(
        request,
        saga_id,
        lambda found: services.go_on(found, now=timezone.now()),
        "It goes on within seconds.",
    )


@require_POST
@environment_required(Role.SUPERVISOR)
def call_off_one(request: ConsoleRequest, saga_id: str) -> HttpResponse:
    """Take back what stands and end it."""
    by, note = request.user.get_full_name(), request.POST.get("note", "").replace("\x00", "")
    return _done(
        request,
        saga_id,
        lambda found: services.call_off(found, by=by, note=note, now=timezone.now()),
        "It is over, and what still stood is taken back.",
    )


@require_POST
@environment_required(Role.SUPERVISOR)
def count_one(request: ConsoleRequest, saga_id: str) -> HttpResponse:
    """Write down what was counted at the end of a day."""
    found = _saga(request, saga_id)
    counted = counted_in(request.POST, found)
    if counted.faults:
        return _page(request, found, faults=counted.faults, status=400)
    return _done(
        request,
        saga_id,
        lambda one: services.write_count(
            one,
            by=request.user.get_full_name(),
            handed_in=counted.handed_in,
            missing=counted.missing,
            note=request.POST.get("note", ""),
            now=timezone.now(),
        ),
        "It is written down; the day is closed within seconds.",
    )


@require_safe
@environment_required()
def silent(request: ConsoleRequest) -> HttpResponse:
    """Drivers on a route who are not heard of, as it is now."""
    sight = hubs_in_sight(request.membership, request.environment)
    rows = selectors.silent_now(request.environment, sight, now=timezone.now())
    return render(request, "dispatch/sagas/silent.html", {"rows": rows, "switch_to": request.path})


@require_safe
@environment_required()
def unconfirmed(request: ConsoleRequest) -> HttpResponse:
    """Shipments that are out for too long and not confirmed, as it is now."""
    sight = hubs_in_sight(request.membership, request.environment)
    rows = selectors.unconfirmed_now(request.environment, sight, now=timezone.now())
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    facts = {"rows": page.rows, "page": page, "count": rows.count(), "switch_to": request.path}
    return render(request, "dispatch/sagas/unconfirmed.html", facts)


def _page(
    request: ConsoleRequest, found: Saga, *, faults: list[str] | None = None, status: int = 200
) -> HttpResponse:
    names = selectors.names_of(request.environment, [found])
    may_act = request.membership.may(Role.SUPERVISOR)
    facts = _shown(found, names) | {
        "definition": SAGAS.get(found.kind),
        "timeline": selectors.timeline_of(found),
        "messages_owed": [
            (TEMPLATES[row.template].title if row.template in TEMPLATES else row.template, row)
            for row in messages_of_saga(request.environment, found.public_id, found.subject)
        ],
        "count": count_form(found) if may_act else None,
        "counted": found.data.get("counted"),
        "faults": faults or [],
        "may_act": may_act and found.ended_at is None,
    }
    return render(request, "dispatch/sagas/saga.html", facts, status=status)


def _saga(request: ConsoleRequest, saga_id: str) -> Saga:
    sight = hubs_in_sight(request.membership, request.environment)
    found = selectors.saga_of(request.environment, saga_id, sight)
    if found is None:
        raise Http404("no such saga")
    return found


def _done(request: ConsoleRequest, saga_id: str, act: Any, said: str) -> HttpResponse:
    try:
        act(_saga(request, saga_id))
    except services.SagaRefusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("console_saga", saga_id)


def _shown(saga: Saga, names: dict[str, str]) -> dict[str, Any]:
    definition = SAGAS.get(saga.kind)
    titles = {step.name: step.title for step in definition.steps} if definition else {}
    badge = {"open": "info", "stuck": "bad", "done": "ok", "compensated": ""}[saga.state]
    return {
        "row": saga,
        "title": definition.title if definition else saga.kind,
        "name": names.get(saga.subject, saga.subject),
        "next": titles.get(saga.step, saga.step),
        "badge": badge,
        "day": saga.data.get("day", ""),
        "subject_url": _address(saga.subject),
    }


def _address(subject: str) -> str:
    """The page of what it is about, where there is one."""
    try:
        return reverse(PAGES_OF[subject.partition("_")[0]], args=[subject])
    except (KeyError, NoReverseMatch):
        return ""
