"""What billing says of its tables to exports, erasures and the staff's search: books are kept by law."""

from collections.abc import Iterable

from django.urls import reverse

from billing.invoices.models import Invoice
from tracker.privacy import registry
from tracker.staff.search import Hit, finders

WHY = "staff search across organisations"

BY_LAW = "books of a business are kept by law; they hold sums, numbers and what an invoice must name"
TEN_YEARS = "ten years after the end of the year they are of"
BOOKS = (
    "Invoice", "ClosedMonth", "Transaction", "Entry", "PlanChoice", "PaymentAccount", "MeterSubmission",
    "ProviderEvent", "Reconciliation",
)  # fmt: skip


def declare() -> None:
    """Called once, when the app is ready."""
    for name in BOOKS:
        registry.keep(f"billing.{name}", BY_LAW, TEN_YEARS)
    registry.keep(
        "billing.UsageRecord",
        "what invoices were reckoned from: numbers by the hour",
        TEN_YEARS,
        live_only=True,
    )
    registry.leave_out(
        "billing.MeterSubmission", "what was told to the payment provider; invoices say the same"
    )
    registry.leave_out("billing.Reconciliation", "our own checks of the payment provider's sums")
    if invoices not in finders:
        finders.append(invoices)


def invoices(words: str) -> Iterable[Hit]:
    """For the staff's search: an invoice by its number leads to the organisation it is of."""
    for row in Invoice.objects.unscoped(WHY).filter(number__iexact=words)[:10]:
        yield Hit(
            "Invoice",
            row.number,
            row.tenant_name,
            reverse("admin:tracker_tenant_change", args=[row.tenant_id]),
        )
