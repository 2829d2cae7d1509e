"""The dead letters page: what broke our processing, and for admins the button that drives it again."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.letters.contents import contents_of, kind_of, readable_text, why
from tracker.letters.selectors import (
    Narrowing,
    State,
    letter_of,
    letters_of,
    public_letter_id,
    state_of,
    waiting_by_reason,
)
from tracker.letters.services import ask
from tracker.live.sight import require_whole
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Role

PAGE = 25
STATES = {
    State.WAITING: "Waiting",
    State.ASKED: "Asked for",
    State.FAILED: "Failed again",
    State.REDRIVEN: "Redriven",
}


@require_safe
@environment_required()
def letters(request: ConsoleRequest) -> HttpResponse:
    """The environment's dead letters, newest first, by state and reason."""
    require_whole(request.membership)
    state, reason = request.GET.get("state", ""), request.GET.get("reason", "")
    rows = letters_of(request.environment, Narrowing(state=state, reason=reason))
    page = newest_first(rows, request.GET.get("after", ""), size=PAGE)
    shown = []
    for row in page.rows:
        found = contents_of(row)
        stands = state_of(row)
        shown.append(
            {
                "row": row,
                "id": public_letter_id(row),
                "device": found.device,
                "text": readable_text(found),
                "why": why(row),
                "state": stands.value,
                "state_label": STATES[stands],
                "may_ask": stands in {State.WAITING, State.FAILED},
                "redrive_error": kind_of(row.redrive_error),
                "request_id": public_id("req", row.request_id) if row.request_id else "",
            }
        )
    waiting = waiting_by_reason(request.environment)
    facts = {
        "letters": shown,
        "page": page,
        "state": state,
        "reason": reason,
        "states": [(value.value, label) for value, label in STATES.items()],
        "waiting": waiting,
        "waiting_letters": sum(one.letters for one in waiting),
        "waiting_reports": sum(one.fixes for one in waiting),
        "may_redrive": request.membership.may(Role.ADMIN),
    }
    return render(request, "tracker/letters/letters.html", facts)


@require_POST
@environment_required(Role.ADMIN)
def redrive(request: ConsoleRequest, letter_id: str) -> HttpResponse:
    """Ask for one."""
    letter = letter_of(request.environment, letter_id)
    if letter is None:
        raise Http404("no such dead letter")
    asked = ask(letters_of(request.environment).filter(pk=letter.pk), now=timezone.now())
    _say(request, asked)
    return redirect("console_letters")


@require_POST
@environment_required(Role.ADMIN)
def redrive_all(request: ConsoleRequest) -> HttpResponse:
    """Ask for all that wait, or all of one reason."""
    reason = request.POST.get("reason", "")
    asked = ask(letters_of(request.environment, Narrowing(reason=reason)), now=timezone.now())
    _say(request, asked)
    query = f"?{urlencode({'reason': reason})}" if reason else ""
    return redirect(reverse("console_letters") + query)


def _say(request: ConsoleRequest, asked: int) -> None:
    if asked:
        count = "One dead letter is" if asked == 1 else f"{asked} dead letters are"
        messages.success(request, f"{count} driven again now. Load the page again to see how it went.")
    else:
        messages.info(request, "Nothing was waiting: it is asked for or redriven already.")
