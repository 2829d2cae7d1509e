"""The page on which a plan is chosen: what changes, and from when."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.invoices.months import after, month_of, span
from billing.plans import services
from billing.plans.describing import changes, described
from billing.plans.errors import PlanRefused
from billing.plans.models import Plan
from billing.plans.selectors import currency_of, offered_plans, plan_at, prices_of
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def change(request: ConsoleRequest) -> HttpResponse:
    """Show what another plan changes, and put the organisation on it."""
    now, tenant = timezone.now(), request.environment.tenant
    wanted = request.POST.get("plan") or request.GET.get("plan")
    offered = offered_plans(currency_of(tenant.pk), now)
    plan = next((one for one in offered if one.code == wanted), None)
    if plan is None:
        raise Http404("There is no such plan.")
    if request.method == "GET":
        return _page(request, plan, now)
    next_month = span(after(month_of(now)))[0]
    begin = next_month if request.POST.get("begin") == "month" else None
    try:
        services.choose(tenant, plan, starts_at=begin, by=request, now=now)
    except PlanRefused as refusal:
        messages.error(request, str(refusal))
        return _page(request, plan, now)
    when = f"from {next_month:%d %B %Y} on" if begin else "from this hour on"
    messages.success(request, f"{tenant.name} is on the plan {plan.name} {when}.")
    return redirect("console_billing")


def _page(request: ConsoleRequest, plan: Plan, now: datetime) -> HttpResponse:
    current = plan_at(request.environment.tenant_id, now)
    mine, other = (described(prices_of(one), one.limits) for one in (current, plan))
    facts = {
        "current": current,
        "plan": plan,
        "changes": changes(mine, other),
        "hour": now.replace(minute=0),
        "next_month": span(after(month_of(now)))[0],
    }
    return render(request, "billing/plans/change.html", facts)
