"""The page of an organisation's environments: further test ones are made and thrown away here."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.audit.services import note
from tracker.flags.selectors import is_on
from tracker.http.console import SESSION_KEY, ConsoleRequest, environment_required
from tracker.keys import reveal
from tracker.privacy.services import AlreadyAsked, NotErasable, throw_away
from tracker.sandboxes import services
from tracker.sandboxes.forms import SandboxForm
from tracker.sandboxes.selectors import standings
from tracker.tenants.errors import NameTaken
from tracker.tenants.models import Environment, Role
from tracker.tenants.selectors import environments_of


@require_safe
@environment_required()
def environments(request: ConsoleRequest) -> HttpResponse:
    """All environments; admins make and throw away test ones."""
    return _page(request, _form(request))


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def make(request: ConsoleRequest) -> HttpResponse:
    """Make a test environment and look at it from now on."""
    if request.method == "GET":
        return redirect("console_environments")
    form = _form(request)
    if not form.is_valid():
        return _page(request, form)
    tenant, name = request.environment.tenant, form.cleaned_data["name"]
    city = form.cleaned_data.get("city", "")
    try:
        made = services.make_sandbox(tenant, name, city=city, by=request.user, now=timezone.now())
    except (NameTaken, services.TooManyEnvironments) as refusal:
        form.add_error("name", str(refusal))
        return _page(request, form)
    note(request, "environment.create", made.environment.public_id, after={"name": name, "city": city})
    request.session[SESSION_KEY] = made.environment.public_id
    reveal.keep(request.session, [made.secret])
    told = " Its vehicles are on the map within seconds." if city else ""
    messages.success(request, f"{name} is made, with a publishable and a secret key of its own.{told}")
    return redirect("console_quickstart")


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def discard(request: ConsoleRequest) -> HttpResponse:
    """Ask once, then throw a test environment away."""
    wanted = request.POST.get("environment", "") or request.GET.get("environment", "")
    found = _mine(request, wanted)
    if request.method == "GET":
        return render(request, "tracker/sandboxes/discard.html", {"discarded": found})
    try:
        throw_away(found, by=request.user, now=timezone.now())
    except (NotErasable, AlreadyAsked) as refusal:
        messages.error(request, str(refusal))
        return redirect("console_environments")
    note(request, "environment.throw_away", found.public_id, before={"name": found.name})
    if request.session.get(SESSION_KEY) == found.public_id:
        request.session.pop(SESSION_KEY)
    messages.success(
        request, f"{found.name} is thrown away. Its keys are refused, its rows are being erased."
    )
    return redirect("console_environments")


@require_POST
@environment_required(Role.ADMIN)
def drive_on(request: ConsoleRequest) -> HttpResponse:
    """Another day of driving."""
    found = _mine(request, request.POST.get("environment", ""))
    if services.drive_on(found, now=timezone.now()):
        messages.success(request, f"The vehicles of {found.name} drive for another day.")
    return redirect("console_environments")


def _form(request: ConsoleRequest) -> SandboxForm:
    bound = request.POST if request.method == "POST" else None
    return SandboxForm(bound, with_cities=is_on("simulated_cities", request.environment.tenant_id))


def _mine(request: ConsoleRequest, public_id: str) -> Environment:
    """An environment of this organisation; anybody else's id leads nowhere."""
    rows = environments_of(request.environment.tenant_id)
    found = next((row for row in rows if row.public_id == public_id), None)
    if found is None:
        raise Http404("no such environment")
    return found


def _page(request: ConsoleRequest, form: SandboxForm) -> HttpResponse:
    facts = {
        "form": form,
        "rows": standings(request.environment.tenant_id),
        "now": timezone.now(),
        "may_manage": request.membership.may(Role.ADMIN),
        "switch_to": "/console/environments/",
    }
    return render(request, "tracker/sandboxes/environments.html", facts)
