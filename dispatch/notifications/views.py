"""Pages about messages: their log, and one with its words as they would be sent now."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dispatch.fleet.sight import hubs_in_sight
from dispatch.notifications.catalogue import CHANNELS, TEMPLATES
from dispatch.notifications.models import Notification
from dispatch.notifications.previews import preview_of
from dispatch.notifications.selectors import Narrowing, notification_of, notifications_of
from dispatch.notifications.services import send_again
from dispatch.tracking.languages import LANGUAGES
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

PAGE = 50
WORDS = {"mail": "E-mail", "sms": "Text message", "push": "Push"}
BADGES = {"pending": "info", "sent": "ok", "given_up": "bad", "unwanted": "warn", "withdrawn": ""}


@require_safe
@environment_required()
def notifications(request: ConsoleRequest) -> HttpResponse:
    """The log, newest first, by state, template, channel and shipment."""
    asked = request.GET
    narrowing = Narrowing(
        state=asked.get("state", "") if asked.get("state") in Notification.State.values else "",
        template=asked.get("template", "") if asked.get("template") in TEMPLATES else "",
        channel=asked.get("channel", "") if asked.get("channel") in CHANNELS else "",
        shipment=asked.get("shipment", "").replace("\x00", "").strip()[:200],
        sight=hubs_in_sight(request.membership, request.environment),
    )
    page = newest_first(notifications_of(request.environment, narrowing), asked.get("after", ""), size=PAGE)
    facts = {
        "rows": [_shown(row) for row in page.rows],
        "page": page,
        "narrowing": narrowing,
        "is_narrow": bool(narrowing.state or narrowing.template or narrowing.channel or narrowing.shipment),
        "states": Notification.State.choices,
        "templates": [(one.name, one.title) for one in TEMPLATES.values()],
        "channels": list(WORDS.items()),
        "switch_to": request.path,
    }
    return render(request, "dispatch/notifications/log.html", facts)


@require_safe
@environment_required()
def notification(request: ConsoleRequest, notification_id: str) -> HttpResponse:
    """One message: what became of it, and its words as they would be sent now."""
    row = _notification(request, notification_id)
    facts = _shown(row) | {
        "preview": preview_of(request.environment, row, now=timezone.now()),
        "language": LANGUAGES.get(row.language, row.language),
        "may_act": request.membership.may(Role.SUPERVISOR) and row.state == Notification.State.GIVEN_UP,
    }
    return render(request, "dispatch/notifications/one.html", facts)


@require_POST
@environment_required(Role.SUPERVISOR)
def again(request: ConsoleRequest, notification_id: str) -> HttpResponse:
    """Try one that was given up once more."""
    row = _notification(request, notification_id)
    if send_again(request.environment.pk, row, now=timezone.now()):
        messages.success(request, "It is tried again within seconds.")
    else:
        messages.info(request, "It is not given up any more.")
    return redirect("console_notification", notification_id)


def _notification(request: ConsoleRequest, notification_id: str) -> Notification:
    sight = hubs_in_sight(request.membership, request.environment)
    found = notification_of(request.environment, notification_id, sight)
    if found is None:
        raise Http404("no such message")
    return found


def _shown(row: Notification) -> dict[str, object]:
    template = TEMPLATES.get(row.template)
    return {
        "row": row,
        "title": template.title if template else row.template,
        "channel": WORDS.get(row.channel, row.channel),
        "badge": BADGES[row.state],
        "is_team": bool(template and template.to_team),
    }
