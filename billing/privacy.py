"""What billing says of its tables to exports and erasures: books are kept by law, and by whom they are."""

from tracker.privacy import registry

BY_LAW = "books of a business are kept by law; they hold sums, numbers and what an invoice must name"
TEN_YEARS = "ten years after the end of the year they are of"
BOOKS = (
    "Invoice", "Posting", "Transaction", "LedgerTransaction", "LedgerEntry", "Entry", "Leg", "Credit", "Payment",
    "PaymentAccount", "ClosedMonth", "MeterSubmission", "ProviderEvent", "Reconciliation", "PlanChoice",
)  # fmt: skip
USAGE = ("UsageRecord",)


def declare() -> None:
    """Called once, when the app is ready."""
    for name in BOOKS:
        registry.keep(f"billing.{name}", BY_LAW, TEN_YEARS)
    for name in USAGE:
        registry.keep(f"billing.{name}", "what invoices were reckoned from: numbers by the hour", TEN_YEARS)
    registry.leave_out(
        "billing.MeterSubmission", "what was told to the payment provider; invoices say the same"
    )
    registry.leave_out("billing.Reconciliation", "our own checks of the payment provider's sums")
