"""The alerts page: what needs looking at, who looks at it, and where devices are expected. Works without a script."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from tracker.alerts.expecting import MOST, TooManyExpectations, expect, expect_no_more
from tracker.alerts.forms import WEEKDAYS, ExpectationForm
from tracker.alerts.models import Alert
from tracker.alerts.selectors import (
    Narrowing,
    State,
    alert_of,
    alerts_of,
    expectation_of,
    expectations_of,
    state_of,
)
from tracker.alerts.services import AlreadyAcknowledged, acknowledge
from tracker.alerts.shown import person
from tracker.console.paging import newest_first
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live.sight import require_whole, sight_of
from tracker.tenants.models import Role

PAGE = 25
EXPECTATIONS_SHOWN = 100
STATES = {State.OPEN: "Open", State.ACKNOWLEDGED: "Acknowledged", State.RESOLVED: "Over"}


@require_safe
@environment_required()
def alerts(request: ConsoleRequest) -> HttpResponse:
    """Alerts, newest first, by state and kind."""
    return _page(request, ExpectationForm(environment=request.environment))


@require_POST
@environment_required(Role.SUPERVISOR)
def acknowledge_one(request: ConsoleRequest, alert_id: str) -> HttpResponse:
    """Take one on, with a note, and go back to the list as it was."""
    alert = alert_of(request.environment, alert_id, sight_of(request.membership, request.environment))
    if alert is None:
        raise Http404("no such alert")
    try:
        acknowledge(alert, by=request.user, note=request.POST.get("note", ""), now=timezone.now())
    except AlreadyAcknowledged as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, "The alert is yours now.")
    back = request.POST.get("back", "")
    if back.startswith(request.path.partition(alert_id)[0]) and url_has_allowed_host_and_scheme(back, None):
        return redirect(back)
    return redirect("console_alerts")


@require_POST
@environment_required(Role.SUPERVISOR)
def expect_one(request: ConsoleRequest) -> HttpResponse:
    """Expect a device somewhere."""
    require_whole(request.membership)
    form = ExpectationForm(request.POST, environment=request.environment)
    if form.is_valid():
        try:
            made = expect(form.expectation(), now=timezone.now())
        except TooManyExpectations:
            form.add_error(None, f"There are {MOST} expectations already: take some back first.")
        else:
            messages.success(request, f"{made.device} is expected from now on.")
            return redirect("console_alerts")
    return _page(request, form)


@require_POST
@environment_required(Role.SUPERVISOR)
def expect_one_no_more(request: ConsoleRequest, expected_id: str) -> HttpResponse:
    """Take an expectation back."""
    sight = sight_of(request.membership, request.environment)
    found = expectation_of(request.environment, expected_id, sight)
    if found is None:
        raise Http404("no such expectation")
    expect_no_more(found)
    messages.success(request, f"{found.device} is not expected any more.")
    return redirect("console_alerts")


def _page(request: ConsoleRequest, form: ExpectationForm) -> HttpResponse:
    sight = sight_of(request.membership, request.environment)
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    narrowing = Narrowing(
        state=State(state) if state in set(State) else None,
        kind=Alert.Kind(kind) if kind in set(Alert.Kind) else None,
        sight=sight,
    )
    page = newest_first(alerts_of(request.environment, narrowing), request.GET.get("after", ""), size=PAGE)
    may_act = request.membership.may(Role.SUPERVISOR)
    facts = {
        "alerts": [_shown(alert) for alert in page.rows],
        "page": page,
        "state": narrowing.state or "",
        "kind": narrowing.kind or "",
        "states": [(value.value, label) for value, label in STATES.items()],
        "kinds": Alert.Kind.choices,
        "may_act": may_act,
        "expectations": [
            {"row": one, "days": ", ".join(WEEKDAYS[day][:3] for day in one.weekdays) or "every day"}
            for one in expectations_of(request.environment, sight).order_by("-pk")[:EXPECTATIONS_SHOWN]
        ],
        "form": form,
        "may_expect": may_act and sight is None,
        "limited": sight is not None,
        "switch_to": request.path if request.method == "GET" else "",
    }
    return render(request, "tracker/alerts/alerts.html", facts)


def _shown(alert: Alert) -> dict[str, object]:
    return {
        "row": alert,
        "state": state_of(alert).value,
        "state_label": STATES[state_of(alert)],
        "by": person(alert.acknowledged_by) if alert.acknowledged_at else "",
    }
