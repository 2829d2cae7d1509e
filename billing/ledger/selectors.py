"""Reads of the ledger: what a tenant owes, what it has, and the statement that explains both."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet, Sum

from billing.ledger.models import Account, Entry, Transaction
from tracker.tenants import scope

OF_THE_CUSTOMER = (Account.RECEIVABLE, Account.CREDITS)


@dataclass(frozen=True)
class StatementRow:
    """One movement as the customer sees it: what it did to what they owe."""

    transaction: Transaction
    entries: list[Entry]
    change_minor: int
    balance_minor: int


def balances(tenant_id: int) -> dict[str, int]:
    """The sum of every account."""
    with scope.scope(tenant_id=tenant_id):
        rows = Entry.objects.for_tenant(tenant_id).values("account").annotate(sum=Sum("amount_minor"))
        found = {row["account"]: int(row["sum"]) for row in rows}
    return {account: found.get(account, 0) for account in Account.values}


def balance(tenant_id: int) -> int:
    """What the customer owes, less the credit they have; below zero they are owed."""
    sums = balances(tenant_id)
    return sum(sums[account] for account in OF_THE_CUSTOMER)


def credit_left(tenant_id: int) -> int:
    """Credit that the next invoice can use."""
    return -balances(tenant_id)[Account.CREDITS]


def credit_until(tenant_id: int, at: datetime) -> int:
    """Credit that was left then, by movements written before."""
    with scope.scope(tenant_id=tenant_id):
        rows = Entry.objects.for_tenant(tenant_id).filter(account=Account.CREDITS)
        found = rows.filter(transaction__created_at__lt=at).aggregate(sum=Sum("amount_minor"))
    return -int(found["sum"] or 0)


def credit_moves(tenant_id: int, first: datetime, last: datetime) -> int:
    """How many entries changed the credit in [first, last)."""
    with scope.scope(tenant_id=tenant_id):
        rows = Entry.objects.for_tenant(tenant_id).filter(account=Account.CREDITS)
        return rows.filter(transaction__created_at__gte=first, transaction__created_at__lt=last).count()


def ledger_currency(tenant_id: int) -> str:
    """The currency of the tenant's movements; empty before the first."""
    with scope.scope(tenant_id=tenant_id):
        rows = Transaction.objects.for_tenant(tenant_id).order_by("pk")
        return rows.values_list("currency", flat=True).first() or ""


def transactions_of(tenant_id: int) -> QuerySet[Transaction]:
    """All movements, newest first, with who made them and their entries (`legs`)."""
    entries = Entry.objects.for_tenant(tenant_id).order_by("pk")
    rows = Transaction.objects.for_tenant(tenant_id).select_related("by").order_by("-pk")
    return rows.prefetch_related(Prefetch("entries", queryset=entries, to_attr="legs"))


def statement(tenant_id: int, *, limit: int = 200) -> list[StatementRow]:
    """The newest movements, and what was owed after each."""
    with scope.scope(tenant_id=tenant_id):
        after, rows = balance(tenant_id), []
        for transaction in transactions_of(tenant_id)[:limit]:
            legs: list[Entry] = getattr(transaction, "legs", [])
            change = sum(leg.amount_minor for leg in legs if leg.account in OF_THE_CUSTOMER)
            rows.append(StatementRow(transaction, legs, change, after))
            after -= change
    return rows
