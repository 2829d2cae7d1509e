"""The buttons of an endpoint's page: each changes one thing and leads back to where it shows."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from tracker.audit.services import note
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role
from tracker.webhooks import services
from tracker.webhooks.errors import WebhookProblem
from tracker.webhooks.forms import ReplayForm, RotateForm
from tracker.webhooks.models import WebhookEndpoint
from tracker.webhooks.selectors import message_of
from tracker.webhooks.views import endpoint_or_404, show_secret

Action = Callable[[ConsoleRequest, WebhookEndpoint], HttpResponse | None]


def button(action: Action) -> Callable[..., HttpResponseBase]:
    """A POST of an admin about one endpoint; what the services refuse is said on its page."""

    @require_POST
    @environment_required(Role.ADMIN)
    @wraps(action)
    def view(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
        row = endpoint_or_404(request, endpoint_id)
        try:
            answer = action(request, row)
        except WebhookProblem as refusal:
            messages.error(request, refusal.detail)
            answer = None
        return answer or redirect("console_webhook", row.public_id)

    return view


@button
def verify(request: ConsoleRequest, row: WebhookEndpoint) -> None:
    """Send the challenge again."""
    services.verify_endpoint(row, now=timezone.now())


@button
def send_test(request: ConsoleRequest, row: WebhookEndpoint) -> HttpResponse:
    """Send a test event, and show how it goes."""
    made = services.send_test(row, now=timezone.now())
    return redirect("console_webhook_message", row.public_id, made.public_id)


@button
def rotate(request: ConsoleRequest, row: WebhookEndpoint) -> HttpResponse | None:
    """Make a new secret and show it, once."""
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose for how long the old secret stays in force.")
        return None
    secret = services.rotate_secret(row, overlap=form.span, now=timezone.now())
    note(request, "webhook.rotate", row.public_id, None, {"old one ends after": str(form.span)})
    return show_secret(request, row, secret, rotated=True)


@button
def enable(request: ConsoleRequest, row: WebhookEndpoint) -> None:
    """Send to it again."""
    services.enable_endpoint(row, now=timezone.now())
    messages.success(request, "It is sent events again. What it missed is below, under “Send again”.")


@button
def disable(request: ConsoleRequest, row: WebhookEndpoint) -> None:
    """Send nothing more for now."""
    services.disable_endpoint(row, reason=f"Disabled by {request.user}.", now=timezone.now())
    messages.success(request, "Nothing is sent to it until you enable it again.")


@button
def replay_missing(request: ConsoleRequest, row: WebhookEndpoint) -> None:
    """Send all it never got."""
    _say(request, services.replay_missing(row, now=timezone.now()))


@button
def replay_range(request: ConsoleRequest, row: WebhookEndpoint) -> None:
    """Send what was written in a time range."""
    form = ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say from which time on, such as 2026-05-01 08:00, in UTC.")
        return
    values, now = form.cleaned_data, timezone.now()
    until = values["until"] or now
    count = services.replay_range(
        row, since=values["since"], until=until, only_failed=not values["delivered_too"], now=now
    )
    _say(request, count)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def delete(request: ConsoleRequest, endpoint_id: str) -> HttpResponse:
    """Ask once, then send it nothing more."""
    row = endpoint_or_404(request, endpoint_id)
    if request.method == "GET":
        return render(request, "tracker/webhooks/delete.html", {"endpoint": row})
    services.delete_endpoint(row, now=timezone.now())
    messages.success(request, "The endpoint is deleted. Nothing is sent to it any more.")
    return redirect("console_webhooks")


@require_POST
@environment_required(Role.ADMIN)
def replay_message(request: ConsoleRequest, endpoint_id: str, message_id: str) -> HttpResponse:
    """Send one again, and show how it goes."""
    row = endpoint_or_404(request, endpoint_id)
    found = message_of(row, message_id)
    if found is None:
        raise Http404("no such message")
    try:
        found = services.replay_message(found, now=timezone.now())
    except WebhookProblem as refusal:
        messages.error(request, refusal.detail)
    return redirect("console_webhook_message", row.public_id, found.public_id)


def _say(request: ConsoleRequest, count: int) -> None:
    if count:
        what = "One event is" if count == 1 else f"{count:,} events are"
        messages.success(request, f"{what} sent again now.")
    else:
        messages.info(request, "Nothing to send: it got everything, or waits for it already.")
