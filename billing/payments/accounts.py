"""Brings an account up to date with what the provider has now; every piece of news ends here."""

from datetime import datetime

from billing.payments import books, collecting
from billing.payments.folding import first_hour
from billing.payments.models import PaymentAccount
from billing.payments.port import InvoiceFacts, Payments, SubscriptionFacts
from tracker.tenants import scope

UNPAID = ("open", "uncollectible")


def refresh(tenant_id: int, provider: Payments, *, now: datetime) -> None:
    """Subscription, debts and payments as they are at the provider. Raises PaymentsError.

    The row is locked before the provider is asked, so who asks later also writes later: news in any order, twice or
    late ends in the same state.
    """
    with scope.scope(tenant_id=tenant_id):
        account = PaymentAccount.objects.for_tenant(tenant_id).select_for_update().get()
        if not account.customer:
            return
        subscriptions = provider.subscriptions(account.customer)
        invoices = provider.invoices(account.customer)
        _subscribed(account, subscriptions)
        for invoice in invoices:
            if invoice.status == "paid" and invoice.total_minor > 0:
                books.book_paid(tenant_id, invoice, now=now)
        _owing(account, invoices)
        account.save(update_fields=FIELDS)
        collecting.step(account, now=now)


FIELDS = [
    "subscription",
    "subscription_status",
    "price_keys",
    "metered_from",
    "swept_at",
    "owing_since",
    "owing_minor",
    "owing_currency",
    "owing_page",
]


def _subscribed(account: PaymentAccount, subscriptions: list[SubscriptionFacts]) -> None:
    running = [one for one in subscriptions if one.is_running]
    latest = max(running or subscriptions, key=lambda one: one.started_at, default=None)
    if latest is None:
        return
    if latest.id != account.subscription:
        account.subscription = latest.id
        account.metered_from = first_hour(latest.started_at)
        account.swept_at = None  # all that lies behind it is looked through
    account.subscription_status = latest.status
    account.price_keys = sorted(latest.price_keys)


def _owing(account: PaymentAccount, invoices: list[InvoiceFacts]) -> None:
    """What was asked for and not paid; an invoice whose first try is still to come is no debt."""
    owed = [one for one in invoices if one.status in UNPAID and one.attempts and one.owed_minor > 0]
    oldest = min(owed, key=lambda one: one.finalized_at or one.period_end, default=None)
    account.owing_minor = sum(one.owed_minor for one in owed)
    account.owing_since = (oldest.finalized_at or oldest.period_end) if oldest else None
    account.owing_currency = oldest.currency if oldest else ""
    account.owing_page = oldest.page if oldest else ""
