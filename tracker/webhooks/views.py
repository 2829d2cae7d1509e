"""The webhook pages: endpoints, a new one, one endpoint with its log. Its buttons are in `action_views`."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tracker.audit.services import note
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live.sight import require_whole
from tracker.outbox.catalogue import Kind
from tracker.tenants.models import Role
from tracker.webhooks.contents import body_bytes, headers_of, readable
from tracker.webhooks.errors import WebhookProblem
from tracker.webhooks.forms import EndpointForm, ReplayForm, RotateForm, kind_choices
from tracker.webhooks.models import WebhookEndpoint, WebhookMessage
from tracker.webhooks.published import title_of
from tracker.webhooks.samples import samples
from tracker.webhooks.selectors import (
    Narrowing,
    attempts_of,
    endpoint_of,
    endpoints_of,
    message_of,
    messages_of,
    secrets_of,
    standing_of,
    standings_of,
)
from tracker.webhooks.services import create_endpoint, update_endpoint

PAGE = 25


@require_safe
@environment_required()
def webhooks(request: ConsoleRequest) -> HttpResponse:
    """The environment's endpoints, each with how it fares."""
    facts = {
        "standings": standings_of(endpoints_of(request.environment)),
        "families": kind_choices(),
        "may_manage": request.membership.may(Role.ADMIN),
    }
    return render(request, "tracker/webhooks/list.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def create(request: ConsoleRequest) -> HttpResponse:
    """Make an endpoint; the answer itself shows its secret, which is put in no link, message or session."""
    form = EndpointForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return _form(request, form, None)
    try:
        endpoint, secret = create_endpoint(
            request.environment, **form.cleaned_data, by=request.user, now=timezone.now()
        )
    except WebhookProblem as refusal:
        form.add_error(refusal.param if refusal.param in form.fields else None, refusal.detail)
        return _form(request, form, None)
    note(request, "webhook.create", endpoint.public_id, None, form.cleaned_data)
    return show_secret(request, endpoint, secret, rotated=False)


@require_safe
@environment_required()
def endpoint(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
    """One endpoint: its state, its buttons, what it was sent."""
    row = endpoint_or_404(request, endpoint_id)
    state, kind = request.GET.get("state", ""), request.GET.get("type", "")
    page = newest_first(
        messages_of(row, Narrowing(state=state, kind=kind)), request.GET.get("after", ""), size=PAGE
    )
    facts = {
        "endpoint": row,
        "standing": standing_of(row),
        "secrets": secrets_of(row, now=timezone.now()),
        "page": page,
        "state": state,
        "kind": kind,
        "states": WebhookMessage.State.choices,
        "kinds": [one.value for one in Kind],
        "rotate": RotateForm(auto_id="rotate_%s"),
        "replay": ReplayForm(auto_id="replay_%s"),
        "may_manage": request.membership.may(Role.ADMIN),
        "refresh": row.verify_at is not None,
    }
    return render(request, "tracker/webhooks/endpoint.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def edit(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
    """Change where it is, what it is told, in which content type."""
    row = endpoint_or_404(request, endpoint_id)
    stands = {name: getattr(row, name) for name in ("url", "description", "content_type", "kinds")}
    form = EndpointForm(request.POST or None, initial=stands)
    if request.method == "GET" or not form.is_valid():
        return _form(request, form, row)
    try:
        update_endpoint(row, **form.cleaned_data, now=timezone.now())
    except WebhookProblem as refusal:
        form.add_error(refusal.param if refusal.param in form.fields else None, refusal.detail)
        return _form(request, form, row)
    return redirect("console_webhook", row.public_id)


@require_safe
@environment_required()
def message(request: ConsoleRequest, endpoint_id: str, message_id: str) -> HttpResponse:
    """One message: its payload, and every attempt with what came back."""
    require_whole(request.membership)
    row = endpoint_or_404(request, endpoint_id)
    found = message_of(row, message_id)
    if found is None:
        raise Http404("no such message")
    body, secrets = body_bytes(request.environment, found), secrets_of(row, now=timezone.now())
    attempts = [(one, headers_of(found, one, secrets, body)) for one in reversed(attempts_of(found))]
    facts = {
        "endpoint": row,
        "message": found,
        "title": title_of(Kind(found.event.kind)) if found.event.kind in list(Kind) else "",
        "payload": readable(body),
        "attempts": attempts,
        "waits": found.state == WebhookMessage.State.PENDING,
        "may_manage": request.membership.may(Role.ADMIN),
        "may_replay": row.state == WebhookEndpoint.State.ENABLED,
        "refresh": found.state == WebhookMessage.State.PENDING and not found.attempts,
    }
    return render(request, "tracker/webhooks/message.html", facts)


def endpoint_or_404(request: ConsoleRequest, endpoint_id: str) -> WebhookEndpoint:
    """The endpoint of the page's environment."""
    found = endpoint_of(request.environment, endpoint_id)
    if found is None:
        raise Http404("no such endpoint")
    return found


def show_secret(request: ConsoleRequest, row: WebhookEndpoint, secret: str, *, rotated: bool) -> HttpResponse:
    """The page with the text of a secret just made; nothing may keep a copy of it."""
    facts = {
        "endpoint": row,
        "secret": secret,
        "rotated": rotated,
        "samples": samples(secret, row.url, row.content_type),
    }
    response = render(request, "tracker/webhooks/secret.html", facts)
    response.headers["Cache-Control"] = "no-store"
    return response


def _form(request: ConsoleRequest, form: EndpointForm, row: WebhookEndpoint | None) -> HttpResponse:
    facts: dict[str, Any] = {"form": form, "endpoint": row, "families": kind_choices(), "chosen": form.chosen}
    return render(request, "tracker/webhooks/form.html", facts)
