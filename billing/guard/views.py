"""The budget page: budget, caps, what was told, and how the month will end."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.guard import selectors, services, sources
from billing.guard.amounts import shown
from billing.guard.choices import CAPPABLE
from billing.guard.errors import GuardRefused
from billing.guard.forms import BudgetForm, CapForm
from billing.guard.outlook import Outlook, outlook
from tracker.audit.services import note
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment, Role


@require_safe
@environment_required(Role.ADMIN)
def budget(request: ConsoleRequest) -> HttpResponse:
    """What is spent, what is meant to be, and what happens at which point."""
    return _page(request)


@require_POST
@environment_required(Role.ADMIN)
def set_budget(request: ConsoleRequest) -> HttpResponse:
    """Set or change the budget."""
    tenant = request.environment.tenant
    currency = sources.currency_of(tenant.pk)
    form = BudgetForm(currency, request.POST)
    if form.is_valid():
        wish = dict(form.cleaned_data)
        amount = wish.pop("amount")
        before = selectors.budget_of(tenant.pk)
        try:
            made = services.set_budget(
                tenant, amount_minor=amount, currency=currency, now=timezone.now(), **wish
            )
        except GuardRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            said = shown(amount, currency)
            was = {"budget": shown(before.amount_minor, before.currency)} if before else None
            note(request, "budget.set", tenant.public_id, was, {"budget": said, "shares": made.shares})
            messages.success(request, f"The budget is {said} a month.")
            return redirect("console_budget")
    return _page(request, budget_form=form)


@require_POST
@environment_required(Role.ADMIN)
def remove_budget(request: ConsoleRequest) -> HttpResponse:
    """Watch the spend no longer."""
    tenant = request.environment.tenant
    services.remove_budget(tenant)
    note(request, "budget.remove", tenant.public_id)
    messages.success(request, "There is no budget any more. Caps stay as they are.")
    return redirect("console_budget")


@require_POST
@environment_required(Role.ADMIN)
def set_cap(request: ConsoleRequest) -> HttpResponse:
    """Add a cap, or change the one there is on that meter."""
    tenant = request.environment.tenant
    form = CapForm(_environments(request), request.POST, prefix="cap")
    if form.is_valid():
        data = form.cleaned_data
        wish = {name: data[name] for name in ("meter", "quantity", "action")}
        where = form.environments.get(data["where"])
        try:
            cap = services.set_cap(
                tenant, where, **wish, keeps_one_in=data["keeps_one_in"] or 1, now=timezone.now()
            )
        except GuardRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            note(request, "cap.set", cap.public_id, None, wish | {"where": data["where"] or "all live"})
            messages.success(request, f"{CAPPABLE[cap.meter].name} are capped.")
            return redirect("console_budget")
    return _page(request, cap_form=form)


@require_POST
@environment_required(Role.ADMIN)
def remove_cap(request: ConsoleRequest) -> HttpResponse:
    """Take a cap away; what it held back comes in again."""
    wanted = request.POST.get("cap", "")
    if _removed(request, wanted):
        note(request, "cap.remove", wanted)
        messages.success(request, "The cap is gone. What it held back comes in again within seconds.")
    else:
        messages.error(request, "This cap was gone already.")
    return redirect("console_budget")


def _removed(request: ConsoleRequest, wanted: str) -> bool:
    try:
        uid = parse_id("cap", wanted)
    except BadIdentifier:
        return False
    return services.remove_cap(request.environment.tenant, uid, now=timezone.now())


def card_facts(found: Outlook) -> dict[str, Any]:
    """An outlook in words."""
    return {
        "spent": shown(found.spent, found.currency),
        "today": shown(found.today, found.currency),
        "low": shown(found.band.low, found.currency),
        "likely": shown(found.band.likely, found.currency),
        "high": shown(found.band.high, found.currency),
        "month": found.month,
        "plan": found.plan,
        "free": not found.band.high,
    }


def _page(
    request: ConsoleRequest, *, budget_form: BudgetForm | None = None, cap_form: CapForm | None = None
) -> HttpResponse:
    tenant_id, now = request.environment.tenant_id, timezone.now()
    found = outlook(tenant_id, now=now)
    current = selectors.budget_of(tenant_id)
    facts = {
        "words": card_facts(found),
        "budget": current,
        "budget_text": shown(current.amount_minor, current.currency) if current else "",
        "share": max(0, found.spent * 100 // current.amount_minor) if current else 0,
        "over": bool(current and found.band.likely > current.amount_minor),
        "may_be_over": bool(current and found.band.high > current.amount_minor),
        "other_currency": bool(current and current.currency != found.currency),
        "budget_form": budget_form or BudgetForm.showing(found.currency, current),
        "cap_form": cap_form or CapForm(_environments(request), prefix="cap"),
        "caps": selectors.caps_of(tenant_id, now=now),
        "shapes": CAPPABLE.values(),
        "alerts": [
            (a, shown(a.spent_minor, a.currency), shown(a.amount_minor, a.currency))
            for a in selectors.alerts_of(tenant_id)
        ],
        "plot": _plot(found, current.amount_minor if current else None),
    }
    return render(request, "billing/guard/budget.html", facts)


def _plot(found: Outlook, budget: int | None) -> dict[str, Any]:
    """The sums by day, and the band from today to the last day."""
    today, rest = len(found.days), found.length - len(found.days)

    def towards(end: int) -> list[float]:
        return [found.spent + (end - found.spent) * n / max(1, rest) for n in range(rest + 1)]

    band = found.band
    return {
        "month": found.month.isoformat(),
        "length": found.length,
        "today": today,
        "currency": found.currency,
        "scale": len(shown(1, found.currency).partition(".")[2].partition(" ")[0]),
        "days": list(found.days),
        "low": towards(band.low),
        "likely": towards(band.likely),
        "high": towards(band.high),
        "budget": budget,
    }


def _environments(request: HttpRequest) -> list[Environment]:
    environment: Environment = request.environment  # type: ignore[attr-defined]  # a console request
    return list(Environment.objects.for_tenant(environment.tenant_id).order_by("kind", "name"))
