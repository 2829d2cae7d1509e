"""Writes to the ledger: one way in, and what administrators may do by hand, each with a reason."""

from collections.abc import Sequence

from billing.ledger.errors import LedgerRefused
from billing.ledger.models import Account, Entry, Kind, Transaction
from billing.ledger.selectors import balance, balances, ledger_currency
from billing.plans.checks import faults_of_currency
from billing.plans.handing_on import note
from billing.plans.rating import money
from tracker.tenants import scope
from tracker.tenants.models import Tenant, User

__all__ = ["adjust", "balance", "credit", "post", "refund"]

Leg = tuple[str, int]
LARGEST_MINOR = 10**12  # ten thousand million: more is a slip of the finger


def post(
    tenant_id: int,
    kind: str,
    legs: Sequence[Leg],
    currency: str,
    reason: str,
    by: User | None = None,
    reference: str = "",
) -> Transaction:
    """Write one movement; with a reference that was used before, the one that was written then.

    Raises LedgerRefused for legs that do not sum to zero, another currency than the tenant's, no reason, or a
    reference that stands for another movement.
    """
    wanted = _refuse_malformed(kind, legs, reason)
    with scope.scope(tenant_id=tenant_id):
        lock(tenant_id)
        if reference:
            rows = Transaction.objects.for_tenant(tenant_id)
            known = rows.filter(kind=kind, reference=reference).first()
            if known is not None:
                return _same(known, wanted, currency)
        _refuse_other_currency(tenant_id, currency)
        made = Transaction.objects.create(
            tenant_id=tenant_id,
            kind=kind,
            currency=currency,
            reason=reason.strip(),
            reference=reference,
            by=by,
        )
        Entry.objects.for_tenant(tenant_id).bulk_create(
            Entry(
                tenant_id=tenant_id, transaction=made, account=account, amount_minor=amount, currency=currency
            )
            for account, amount in wanted
        )
    return made


def lock(tenant_id: int) -> Tenant:
    """Let nobody else move this tenant's money until the transaction ends."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)


def credit(
    tenant: Tenant, amount_minor: int, currency: str, *, reason: str, by: User | None, reference: str = ""
) -> Transaction:
    """Grant credit: the next invoices use it up."""
    _refuse_amount(amount_minor, "credit")
    legs = [(Account.ADJUSTMENTS, amount_minor), (Account.CREDITS, -amount_minor)]
    return _by_hand(tenant, Kind.CREDIT, legs, currency, reason, by, reference)


def refund(
    tenant: Tenant, amount_minor: int, currency: str, *, reason: str, by: User | None, reference: str = ""
) -> Transaction:
    """Note money that was paid back; never more than was received."""
    _refuse_amount(amount_minor, "refund")
    legs = [(Account.REFUNDS, amount_minor), (Account.CASH, -amount_minor)]
    return _by_hand(tenant, Kind.REFUND, legs, currency, reason, by, reference)


def adjust(
    tenant: Tenant, amount_minor: int, currency: str, *, reason: str, by: User | None, reference: str = ""
) -> Transaction:
    """Raise what the customer owes, or lower it with an amount below zero; never below nothing."""
    if amount_minor == 0:
        raise LedgerRefused("An adjustment of zero changes nothing: give an amount.")
    _refuse_amount(abs(amount_minor), "adjustment")
    legs = [(Account.RECEIVABLE, amount_minor), (Account.ADJUSTMENTS, -amount_minor)]
    return _by_hand(tenant, Kind.ADJUSTMENT, legs, currency, reason, by, reference)


def _by_hand(
    tenant: Tenant,
    kind: str,
    legs: Sequence[Leg],
    currency: str,
    reason: str,
    by: User | None,
    reference: str,
) -> Transaction:
    with scope.scope(tenant_id=tenant.pk):
        lock(tenant.pk)
        rows = Transaction.objects.for_tenant(tenant)
        if not (reference and rows.filter(kind=kind, reference=reference).exists()):
            _refuse_over_balance(tenant.pk, kind, legs, currency)
        before = balance(tenant.pk)
        made = post(tenant.pk, kind, legs, currency, reason, by=by, reference=reference)
        note(
            by, f"ledger.{kind}", tenant, {"balance_minor": before},
            {"balance_minor": balance(tenant.pk), "transaction": made.public_id, "reason": made.reason},
        )  # fmt: skip
    return made


def _refuse_over_balance(tenant_id: int, kind: str, legs: Sequence[Leg], currency: str) -> None:
    sums, amounts = balances(tenant_id), dict(legs)
    if kind == Kind.REFUND and amounts[Account.REFUNDS] > sums[Account.CASH]:
        raise LedgerRefused(
            f"{money(amounts[Account.REFUNDS], currency)} is more than the {money(sums[Account.CASH], currency)} "
            f"that this customer paid and was not paid back: refund at most that."
        )
    lowered = -amounts.get(Account.RECEIVABLE, 0)
    if kind == Kind.ADJUSTMENT and lowered > max(0, sums[Account.RECEIVABLE]):
        raise LedgerRefused(
            f"{money(lowered, currency)} is more than the {money(sums[Account.RECEIVABLE], currency)} that this "
            f"customer owes: lower it by at most that, or grant credit."
        )


def _refuse_other_currency(tenant_id: int, currency: str) -> None:
    """The plan's currency before the first movement, the ledger's after it."""
    ours = ledger_currency(tenant_id)
    if ours and ours != currency:
        raise LedgerRefused(
            f"The ledger of this organisation is in {ours}, not in {currency or 'no currency'}."
        )
    faults = faults_of_currency(currency)
    if faults:
        raise LedgerRefused(faults[0])


def _refuse_amount(amount_minor: int, what: str) -> None:
    if amount_minor <= 0:
        raise LedgerRefused(f"The amount of a {what} must be above zero, not {amount_minor}.")
    if amount_minor > LARGEST_MINOR:
        raise LedgerRefused(
            f"The amount of this {what} is too large to be meant: {amount_minor:,} minor units."
        )


def _refuse_malformed(kind: str, legs: Sequence[Leg], reason: str) -> list[Leg]:
    if kind not in Kind.values:
        raise LedgerRefused(f"{kind!r} is no kind of movement: it is one of {', '.join(Kind.values)}.")
    if not reason.strip():
        raise LedgerRefused("Say why: a movement of money needs a reason.")
    if len(reason) > 500:
        raise LedgerRefused("The reason is too long: 500 characters at most.")
    unknown = sorted({account for account, _ in legs} - set(Account.values))
    if unknown:
        raise LedgerRefused(
            f"There is no account {', '.join(unknown)}: accounts are {', '.join(Account.values)}."
        )
    wanted = [(str(account), amount) for account, amount in legs if amount]
    if not wanted:
        raise LedgerRefused("A movement of nothing is not written: give amounts.")
    total = sum(amount for _, amount in wanted)
    if total:
        raise LedgerRefused(
            f"The legs sum to {total}, not to zero: what one account gains another must lose."
        )
    return wanted


def _same(known: Transaction, wanted: list[Leg], currency: str) -> Transaction:
    """The movement that was written before, if it is the same one."""
    entries = Entry.objects.for_tenant(known.tenant_id).filter(transaction=known)
    if sorted(entries.values_list("account", "amount_minor")) != sorted(wanted) or known.currency != currency:
        raise LedgerRefused(
            f"Reference {known.reference!r} already stands for another {known.kind} of {known.created_at:%Y-%m-%d}: "
            f"give this one a reference of its own."
        )
    return known
