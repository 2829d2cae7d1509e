"""Billing in the console: the plan, the month so far, all invoices, and one of them as page, CSV and PDF."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.invoices import selectors
from billing.invoices.documents import as_csv, as_pdf
from billing.invoices.models import Invoice
from billing.invoices.months import month_of
from billing.invoices.services import preview
from billing.ledger.selectors import balance, credit_left
from billing.plans.describing import described
from billing.plans.selectors import offered_plans, prices_of, tariff_of
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role


@require_safe
@environment_required(Role.ADMIN)
def overview(request: ConsoleRequest) -> HttpResponse:
    """What the organisation is on, what this month comes to so far, and what was asked for."""
    now, tenant_id = timezone.now(), request.environment.tenant_id
    tariff = tariff_of(tenant_id)
    plan, draft = tariff.at(now), preview(tenant_id, month_of(now), now, tariff)
    offered = offered_plans(draft.currency, now)
    facts = {
        "plan": plan,
        "says": described(prices_of(plan), plan.limits),
        "planned": [choice for choice in tariff.choices if choice.starts_at > now],
        "others": [(one, described(prices_of(one), {})) for one in offered if one.code != plan.code],
        "draft": draft,
        "invoices": selectors.invoices_of(tenant_id),
        "balance_minor": balance(tenant_id),
        "credit_minor": credit_left(tenant_id),
        "pays_online": bool(settings.STRIPE_SECRET_KEY),
    }
    return render(request, "billing/invoices/overview.html", facts)


@require_safe
@environment_required(Role.ADMIN)
def invoice(request: ConsoleRequest, invoice_id: str) -> HttpResponse:
    """One invoice with its lines explained."""
    return render(request, "billing/invoices/invoice.html", {"invoice": _found(request, invoice_id)})


@require_safe
@environment_required(Role.ADMIN)
def invoice_csv(request: ConsoleRequest, invoice_id: str) -> HttpResponse:
    """The same for a spreadsheet."""
    found = _found(request, invoice_id)
    return _file(as_csv(found), "text/csv; charset=utf-8", f"{found.number}.csv")


@require_safe
@environment_required(Role.ADMIN)
def invoice_pdf(request: ConsoleRequest, invoice_id: str) -> HttpResponse:
    """The same for paper."""
    found = _found(request, invoice_id)
    return _file(as_pdf(found), "application/pdf", f"{found.number}.pdf")


def _found(request: ConsoleRequest, invoice_id: str) -> Invoice:
    found = selectors.invoice_of(request.environment.tenant_id, invoice_id)
    if found is None:
        raise Http404("There is no such invoice.")
    return found


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="invoice-{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
