"""What the provider was paid, in our own books: the invoice of the month it was for."""

import logging
from datetime import date, datetime, timedelta

from billing.invoices.models import Invoice
from billing.invoices.services import mark_paid
from billing.payments.folding import month_of
from billing.payments.models import Reconciliation
from billing.payments.port import InvoiceFacts

INVOICE = "invoice"  # stands as the meter where whole invoices differ
State = Reconciliation.State

logger = logging.getLogger(__name__)


def month_billed(invoice: InvoiceFacts) -> datetime:
    """The month whose use the provider's invoice asks for."""
    return month_of(invoice.period_end - timedelta(seconds=1))


def ours(tenant_id: int, month: date) -> Invoice | None:
    """Our invoice of that month, None before the month is closed or where nothing was used."""
    return Invoice.objects.for_tenant(tenant_id).filter(month=month).first()


def book_paid(tenant_id: int, invoice: InvoiceFacts, *, now: datetime) -> bool:
    """Mark our invoice paid by theirs; the same payment twice is one. False while ours is not there yet."""
    month = month_billed(invoice)
    row = ours(tenant_id, month.date())
    if row is None:
        return False
    _compare(tenant_id, month, row.total_minor, invoice, now=now)
    if row.status in {"open", "uncollectible"} and invoice.total_minor > 0:
        mark_paid(row, invoice.total_minor, invoice.id, invoice.paid_at or now)
    return True


def _compare(tenant_id: int, month: datetime, total: int, invoice: InvoiceFacts, *, now: datetime) -> None:
    """A whole invoice that differs is shown with the hours that differ; people decide, by credit or refund."""
    rows = Reconciliation.objects.for_tenant(tenant_id).filter(meter=INVOICE, hour=month)
    alike = total == invoice.total_minor
    if rows.exists() or alike:
        return
    Reconciliation.objects.create(
        tenant_id=tenant_id,
        meter=INVOICE,
        hour=month,
        ours=total,
        theirs=invoice.total_minor,
        state=State.LOST,
        found_at=now,
    )
    logger.error(
        "the provider's invoice differs from ours",
        extra={
            "tenant_id": tenant_id,
            "month": f"{month:%Y-%m}",
            "ours": total,
            "theirs": invoice.total_minor,
        },
    )
