"""What the victim owes: an invoice, a closed month, a movement of money and a plan of its own choice."""

from datetime import UTC, date, datetime

from billing.invoices.models import ClosedMonth, Invoice
from billing.ledger.services import post
from billing.plans.models import Plan, PlanChoice
from tracker.tenants import scope
from tracker.tenants.models import Tenant


def make_invoice(tenant: Tenant, mark: str) -> Invoice:
    """One of everything, with the mark wherever a name or a reason can stand."""
    month, at = date(2026, 1, 1), datetime(2026, 2, 1, 6, tzinfo=UTC)
    line = {
        "meter": "fixes_accepted", "text": f"5 fixes of {mark}", "quantity": 5, "amount_minor": 5, "period": "",
        "corrects": "", "unit_name": "fixes", "unit_size": 1, "steps": [],
    }  # fmt: skip
    with scope.scope(tenant_id=tenant.pk):
        invoice = Invoice.objects.create(
            tenant=tenant, tenant_name=mark, number="2026-900001", month=month, currency="EUR", lines=[line],
            subtotal_minor=5, total_minor=5, finalised_at=at,
        )  # fmt: skip
        ClosedMonth.objects.create(tenant=tenant, month=month, invoice=invoice, lines=[line])
        PlanChoice.objects.create(
            tenant=tenant, plan=Plan.objects.get(code="starter", currency="EUR"), starts_at=at, applied_at=at
        )
    legs = [("receivable", 5), ("revenue", -5)]
    post(tenant.pk, "invoice", legs, "EUR", f"Invoice of {mark}", reference=f"{mark} 1")
    return invoice
