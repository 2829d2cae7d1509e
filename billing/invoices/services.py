"""Writes on invoices: looking at a month, closing it once, and what becomes of its invoice."""

import logging
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from billing.invoices.drafting import Draft, draft, line_from, line_to
from billing.invoices.errors import InvoiceRefused
from billing.invoices.models import ClosedMonth, Invoice, InvoiceNumbers
from billing.invoices.months import before, month_of, span
from billing.ledger.models import Account, Kind, Transaction
from billing.ledger.selectors import balances
from billing.ledger.services import lock, post
from billing.plans.handing_on import note
from billing.plans.rating import money
from billing.plans.selectors import Tariff, currency_of
from tracker.tenants import scope
from tracker.tenants.models import Tenant, User

logger = logging.getLogger(__name__)
LOOKED_BACK = 3  # months a house that was asleep closes when it wakes


def preview(tenant_id: int, month: date, now: datetime, tariff: Tariff | None = None) -> Draft:
    """The month as its invoice would be if nothing more happened; of a closed month, as it was closed."""
    with scope.scope(tenant_id=tenant_id):
        closed = _closed(tenant_id, month)
        if closed is None:
            return draft(tenant_id, month, tariff)
        lines = [line_from(line) for line in closed.lines]
        invoice = closed.invoice
        if invoice is None:
            return Draft(month, currency_of(tenant_id), lines)
        return Draft(month, invoice.currency, lines, invoice.credits_minor)


def finalise(tenant_id: int, month: date, now: datetime) -> Invoice | None:
    """Close the month and write its invoice; None where nothing is owed. Again, it is the same invoice.

    All in one transaction behind the tenant's lock: a crash leaves nothing, a second caller finds it done.
    """
    if now < span(month)[1]:
        raise InvoiceRefused(f"{month:%B %Y} is not over yet: it is closed after its last hour (UTC).")
    with scope.scope(tenant_id=tenant_id):
        tenant = lock(tenant_id)
        closed = _closed(tenant_id, month)
        if closed is not None:
            return closed.invoice
        found = draft(tenant_id, month)
        invoice = _write(tenant, found, now) if found.subtotal_minor > 0 else None
        if found.subtotal_minor < 0:
            _give_back(tenant_id, found)
        ClosedMonth.objects.create(
            tenant=tenant, month=month, invoice=invoice, lines=[line_to(line) for line in found.lines]
        )
    return invoice


def _write(tenant: Tenant, found: Draft, now: datetime) -> Invoice:
    """The invoice with its number, and what it moves in the ledger."""
    covered = found.total_minor == 0
    invoice = Invoice.objects.create(
        tenant=tenant,
        tenant_name=tenant.name,
        number=_next_number(now),
        month=found.month,
        currency=found.currency,
        lines=[line_to(line) for line in found.lines],
        subtotal_minor=found.subtotal_minor,
        credits_minor=found.credits_minor,
        total_minor=found.total_minor,
        status=Invoice.Status.PAID if covered else Invoice.Status.OPEN,
        finalised_at=now,
        paid_at=now if covered else None,
    )
    legs = [
        (Account.RECEIVABLE, found.total_minor),
        (Account.CREDITS, found.credits_minor),
        (Account.REVENUE, -found.subtotal_minor),
    ]
    reason = f"Invoice for {found.month:%B %Y}"
    post(tenant.pk, Kind.INVOICE, legs, found.currency, reason, reference=invoice.number)
    return invoice


def _give_back(tenant_id: int, found: Draft) -> None:
    """A month that comes to less than nothing, because closed ones were asked too much for, becomes credit."""
    legs = [(Account.REVENUE, -found.subtotal_minor), (Account.CREDITS, found.subtotal_minor)]
    reason = f"Corrections found in {found.month:%B %Y}"
    post(tenant_id, Kind.CREDIT, legs, found.currency, reason, reference=f"corrections {found.month:%Y-%m}")


def _next_number(now: datetime) -> str:
    """The year and the next number in it. Its row is locked until the commit, so a rollback leaves no gap."""
    InvoiceNumbers.objects.get_or_create(year=now.year)
    row = InvoiceNumbers.objects.select_for_update().get(year=now.year)
    row.last += 1
    row.save(update_fields=["last"])
    return f"{row.year}-{row.last:06d}"


def _closed(tenant_id: int, month: date) -> ClosedMonth | None:
    rows = ClosedMonth.objects.for_tenant(tenant_id).select_related("invoice")
    return rows.filter(month=month).first()


def due_to_close(now: datetime) -> list[tuple[date, int]]:
    """Months that are over since the hours of grace and not closed, the oldest first, each with its tenant."""
    newest = before(month_of(now - timedelta(hours=settings.BILLING_GRACE_HOURS)))
    months = [newest]
    while len(months) < LOOKED_BACK:
        months.append(before(months[-1]))
    return [(month, tenant_id) for month in reversed(months) for tenant_id in _to_close(month)]


def close_months(now: datetime) -> int:
    """Close what is due; how many were closed. One that fails holds up no other."""
    done = 0
    for month, tenant_id in due_to_close(now):
        try:
            with transaction.atomic():
                finalise(tenant_id, month, now)
        except Exception:
            logger.exception(
                "a month could not be closed", extra={"tenant": tenant_id, "month": f"{month:%Y-%m}"}
            )
        else:
            done += 1
    return done


def _to_close(month: date) -> list[int]:
    with scope.scope(unscoped="every customer whose month is not closed"):
        closed = ClosedMonth.objects.unscoped("the tick closes every customer's months").filter(month=month)
        tenants = Tenant.objects.filter(created_at__lt=span(month)[1])
        return list(
            tenants.exclude(pk__in=closed.values("tenant")).order_by("pk").values_list("pk", flat=True)
        )


def mark_paid(
    invoice: Invoice, amount_minor: int, reference: str, at: datetime, by: User | None = None
) -> Invoice:
    """Note a payment of an invoice (without tax); the same reference is the same payment.

    What is more than the invoice still asks for becomes credit. Raises InvoiceRefused for amounts that are none.
    """
    if amount_minor <= 0:
        raise InvoiceRefused(f"A payment must be above zero, not {amount_minor}.")
    if not reference:
        raise InvoiceRefused("A payment needs a reference, so that it is counted once.")
    with scope.scope(tenant_id=invoice.tenant_id):
        lock(invoice.tenant_id)
        current = _again(invoice)
        known = Transaction.objects.for_tenant(current.tenant_id)
        if known.filter(kind=Kind.PAYMENT, reference=reference).exists():
            return current
        asked = max(0, min(_rest(current), balances(current.tenant_id)[Account.RECEIVABLE]))
        settled = min(amount_minor, asked)
        legs = [
            (Account.CASH, amount_minor),
            (Account.RECEIVABLE, -settled),
            (Account.CREDITS, -(amount_minor - settled)),
        ]
        reason = f"Payment of invoice {current.number}"
        post(current.tenant_id, Kind.PAYMENT, legs, current.currency, reason, by=by, reference=reference)
        changes = {"paid_minor": current.paid_minor + settled}
        if current.status == Invoice.Status.OPEN and changes["paid_minor"] >= current.total_minor:
            return _set(current, status=Invoice.Status.PAID, paid_at=at, **changes)
        return _set(current, **changes)


def mark_uncollectible(invoice: Invoice, *, reason: str, by: User | None) -> Invoice:
    """Give up what an open invoice still asks for."""
    with scope.scope(tenant_id=invoice.tenant_id):
        tenant = lock(invoice.tenant_id)
        current = _open(invoice, "given up")
        rest = _rest(current)
        legs = [(Account.ADJUSTMENTS, rest), (Account.RECEIVABLE, -rest)]
        post(
            current.tenant_id, Kind.WRITE_OFF, legs, current.currency, reason, by=by,
            reference=f"{current.number} given up",
        )  # fmt: skip
        note(by, "invoice.give_up", tenant, {"status": "open"}, {"number": current.number, "reason": reason})
        return _set(current, status=Invoice.Status.UNCOLLECTIBLE, status_reason=reason)


def void(invoice: Invoice, *, reason: str, by: User | None) -> Invoice:
    """Take an open invoice back as if it had not been written; its number and its month stay used."""
    with scope.scope(tenant_id=invoice.tenant_id):
        tenant = lock(invoice.tenant_id)
        current = _open(invoice, "voided")
        if current.paid_minor:
            paid = money(current.paid_minor, current.currency)
            raise InvoiceRefused(
                f"{paid} of {current.number} are paid: refund or credit instead of voiding it."
            )
        legs = [
            (Account.RECEIVABLE, -current.total_minor),
            (Account.CREDITS, -current.credits_minor),
            (Account.REVENUE, current.subtotal_minor),
        ]
        post(
            current.tenant_id, Kind.ADJUSTMENT, legs, current.currency, reason, by=by,
            reference=f"{current.number} void",
        )  # fmt: skip
        note(by, "invoice.void", tenant, {"status": "open"}, {"number": current.number, "reason": reason})
        return _set(current, status=Invoice.Status.VOID, status_reason=reason)


def _open(invoice: Invoice, what: str) -> Invoice:
    current = _again(invoice)
    if current.status != Invoice.Status.OPEN:
        raise InvoiceRefused(f"{current.number} is {current.status}: only an open invoice can be {what}.")
    return current


def _again(invoice: Invoice) -> Invoice:
    return Invoice.objects.for_tenant(invoice.tenant_id).get(pk=invoice.pk)


def _rest(invoice: Invoice) -> int:
    live = invoice.status in {Invoice.Status.OPEN, Invoice.Status.DRAFT}
    return invoice.total_minor - invoice.paid_minor if live else 0


def _set(invoice: Invoice, **changes: object) -> Invoice:
    Invoice.objects.for_tenant(invoice.tenant_id).filter(pk=invoice.pk).update(**changes)
    return _again(invoice)
