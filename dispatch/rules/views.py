"""The page of dispatch's settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dispatch.planning.services import settings_of
from dispatch.rules.forms import RulesForm
from dispatch.rules.services import RulesRefused, change_rules
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
@environment_required(Role.ADMIN)
def rules(request: ConsoleRequest) -> HttpResponse:
    """Look at them and change them."""
    if request.method != "POST":
        form = RulesForm.of(settings_of(request.environment.pk))
        return render(request, "dispatch/rules/rules.html", {"form": form})
    form = RulesForm(request.POST)
    if form.is_valid():
        try:
            change_rules(request.environment.pk, form.changes(settings_of(request.environment.pk).weights))
        except RulesRefused as refused:
            form.refuse(refused.wrong)
        else:
            messages.success(request, "The settings are in force.")
            return redirect("console_dispatch_settings")
    return render(request, "dispatch/rules/rules.html", {"form": form}, status=422)
