"""The statement: every movement of the organisation's money, and what was owed after it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.ledger.selectors import balances, statement
from billing.plans.selectors import currency_of
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role

SHOWN = 200


@require_safe
@environment_required(Role.ADMIN)
def statement_page(request: ConsoleRequest) -> HttpResponse:
    """The newest movements first."""
    tenant_id = request.environment.tenant_id
    sums = balances(tenant_id)
    facts = {
        "rows": statement(tenant_id, limit=SHOWN),
        "shown": SHOWN,
        "owed_minor": sums["receivable"],
        "credit_minor": -sums["credits"],
        "currency": currency_of(tenant_id),
    }
    return render(request, "billing/ledger/statement.html", facts)
