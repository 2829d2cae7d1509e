"""The settings of an organisation and of the environment in hand; new organisations and environments."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tracker.archive.selectors import state_of
from tracker.audit.services import note
from tracker.http.console import SESSION_KEY, ConsoleRequest, environment_required
from tracker.keys import reveal
from tracker.limits.selectors import limits_of
from tracker.limits.source import granted
from tracker.tenants import second_factor, services
from tracker.tenants.errors import NameTaken
from tracker.tenants.forms import EnvironmentForm, NewEnvironmentForm, SecondFactorForm, TenantForm
from tracker.tenants.models import Role, User


@require_safe
@environment_required()
def settings_page(request: ConsoleRequest) -> HttpResponse:
    """What is set now; only admins can change it."""
    return _settings(request)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def rename_tenant(request: ConsoleRequest) -> HttpResponse:
    """Give the organisation another name."""
    if request.method == "GET":
        return redirect("console_settings")
    form = TenantForm(request.POST, prefix="tenant")
    if not form.is_valid():
        return _settings(request, tenant_form=form)
    tenant, name = request.environment.tenant, form.cleaned_data["name"]
    services.rename_tenant(tenant, name)
    note(request, "tenant.rename", tenant.public_id, {"name": tenant.name}, {"name": name})
    messages.success(request, "The organisation's name is changed.")
    return redirect("console_settings")


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def change_second_factor(request: ConsoleRequest) -> HttpResponse:
    """Ask members for a second factor, or no more. Only who has one may ask it of others."""
    form = SecondFactorForm(request.POST, prefix="factor")
    if request.method == "GET" or not form.is_valid():
        return redirect("console_settings")
    tenant, required = request.environment.tenant, form.cleaned_data["required"]
    if required and not second_factor.has_one(request.user):
        messages.error(request, "Set up your own second factor first: Your account, Second factor.")
        return redirect("console_settings")
    services.require_second_factor(tenant, required)
    change = {"required": tenant.second_factor_required}, {"required": required}
    note(request, "tenant.second_factor", tenant.public_id, *change)
    messages.success(
        request, "Members need a second factor now." if required else "No second factor is needed."
    )
    return redirect("console_settings")


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def change_environment(request: ConsoleRequest) -> HttpResponse:
    """Change the bounds of the environment in hand."""
    if request.method == "GET":
        return redirect("console_settings")
    form = EnvironmentForm(request.POST)
    if form.is_valid():
        before = {name: getattr(request.environment, name) for name in form.cleaned_data}
        try:
            services.change_environment(request.environment, **form.cleaned_data)
        except NameTaken as refusal:
            form.add_error("name", str(refusal))
        else:
            note(request, "environment.change", request.environment.public_id, before, form.cleaned_data)
            messages.success(request, "Saved. It holds for fixes that arrive from now on.")
            return redirect("console_settings")
    return _settings(request, environment_form=form)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def add_environment(request: ConsoleRequest) -> HttpResponse:
    """Make a further test environment and look at it from now on."""
    if request.method == "GET":
        return redirect("console_settings")
    form = NewEnvironmentForm(request.POST, prefix="new")
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            made = services.add_test_environment(request.environment.tenant, name, by=request.user)
        except NameTaken as refusal:
            form.add_error("name", str(refusal))
        else:
            note(
                request,
                "environment.create",
                made.environment.public_id,
                None,
                {"name": name, "kind": "test"},
            )
            request.session[SESSION_KEY] = made.environment.public_id
            reveal.keep(request.session, [made.secret])
            messages.success(request, f"{name} is made, with a publishable and a secret key of its own.")
            return redirect("console_quickstart")
    return _settings(request, new_form=form)


@require_http_methods(["GET", "POST"])
@login_required
def new_tenant(request: HttpRequest) -> HttpResponse:
    """Make an organisation of one's own, for people who have none or want another."""
    form = TenantForm(request.POST or None)
    if form.is_valid() and isinstance(request.user, User):
        made = services.create_tenant(form.cleaned_data["name"], owner=request.user)
        request.session[SESSION_KEY] = made.test.environment.public_id
        reveal.keep(request.session, [new.secret for new in (made.test, made.live)])
        return redirect("console_quickstart")
    return render(request, "tracker/tenants/new_tenant.html", {"form": form})


def _settings(
    request: ConsoleRequest,
    *,
    tenant_form: TenantForm | None = None,
    environment_form: EnvironmentForm | None = None,
    new_form: NewEnvironmentForm | None = None,
) -> HttpResponse:
    environment = request.environment
    facts = {
        "tenant_form": tenant_form or TenantForm(initial={"name": environment.tenant.name}, prefix="tenant"),
        "environment_form": environment_form or EnvironmentForm.showing(environment),
        "factor_form": SecondFactorForm(
            initial={"required": environment.tenant.second_factor_required}, prefix="factor"
        ),
        "new_form": new_form or NewEnvironmentForm(prefix="new"),
        "limits": limits_of(environment),
        "plan": granted(environment.tenant_id).plan,
        "archive": state_of(environment, now=timezone.now()),
        "may_manage": request.membership.may(Role.ADMIN),
        "switch_to": request.path if request.method == "GET" else "",
    }
    return render(request, "tracker/tenants/settings.html", facts)
