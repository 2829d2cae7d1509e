"""The ledger: every movement sums to zero, none is ever changed, and nonsense is refused."""

import pytest
from django.db import DatabaseError, connection, transaction

from billing.ledger import services
from billing.ledger.errors import LedgerRefused
from billing.ledger.models import Entry, Transaction
from billing.ledger.selectors import balance, balances, credit_left, statement
from tracker.tenants import scope

SALE = [("receivable", 500), ("revenue", -500)]


def sell(customer, amount: int = 500, **more) -> Transaction:
    legs = [("receivable", amount), ("revenue", -amount)]
    return services.post(customer.tenant.pk, "invoice", legs, "EUR", "an invoice", **more)


def pay(customer, amount: int) -> Transaction:
    legs = [("cash", amount), ("receivable", -amount)]
    return services.post(customer.tenant.pk, "payment", legs, "EUR", "a payment")


def test_a_movement_is_two_entries_that_sum_to_zero(customer):
    sell(customer)
    pay(customer, 200)
    assert balance(customer.tenant.pk) == 300
    sums = balances(customer.tenant.pk)
    assert sum(sums.values()) == 0
    assert (sums["revenue"], sums["cash"]) == (-500, 200)


def test_the_statement_explains_the_balance(customer):
    sell(customer)
    pay(customer, 200)
    services.credit(customer.tenant, 50, "EUR", reason="sorry", by=customer.owner)
    rows = statement(customer.tenant.pk)
    assert [(row.transaction.kind, row.change_minor, row.balance_minor) for row in rows] == [
        ("credit", -50, 250), ("payment", -200, 300), ("invoice", 500, 500)
    ]  # fmt: skip
    assert (rows[0].transaction.by, rows[0].transaction.reason) == (customer.owner, "sorry")


@pytest.mark.parametrize(
    ("legs", "words"),
    [
        ([("receivable", 500), ("revenue", -499)], "sum to 1, not to zero"),
        ([("receivable", 0), ("revenue", 0)], "of nothing"),
        ([("piggy bank", 5), ("revenue", -5)], "no account piggy bank"),
    ],
)
def test_legs_that_make_no_sense_are_refused(customer, legs, words):
    with pytest.raises(LedgerRefused, match=words):
        services.post(customer.tenant.pk, "invoice", legs, "EUR", "why")


def test_a_movement_needs_a_reason_a_kind_and_the_tenants_currency(customer):
    with pytest.raises(LedgerRefused, match="needs a reason"):
        services.post(customer.tenant.pk, "invoice", SALE, "EUR", "  ")
    with pytest.raises(LedgerRefused, match="no kind"):
        services.post(customer.tenant.pk, "gift", SALE, "EUR", "why")
    sell(customer)
    with pytest.raises(LedgerRefused, match="is in EUR, not in USD"):
        services.post(customer.tenant.pk, "invoice", SALE, "USD", "why")


def test_the_same_reference_is_the_same_movement(customer):
    assert sell(customer, reference="2026-0001") == sell(customer, reference="2026-0001")
    assert balance(customer.tenant.pk) == 500
    with pytest.raises(LedgerRefused, match="already stands for another"):
        sell(customer, 600, reference="2026-0001")


def unlawful(customer, *currencies_and_amounts) -> None:
    """Rows written past the service, and the check the database makes at the end of a transaction."""
    with scope.scope(tenant_id=customer.tenant.pk):
        made = Transaction.objects.create(tenant=customer.tenant, kind="credit", currency="EUR", reason="x")
        Entry.objects.for_tenant(customer.tenant).bulk_create(
            Entry(tenant=customer.tenant, transaction=made, account="cash", amount_minor=amount, currency=currency)
            for currency, amount in currencies_and_amounts
        )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((("EUR", 5),), "does not sum to zero"),
        ((("EUR", 5), ("USD", -5)), "does not sum to zero"),
        ((("USD", 5), ("USD", -5)), "another currency"),
        ((), "has no entries"),
    ],
)
def test_the_database_refuses_a_movement_that_is_not_whole_even_out_of_scope(customer, rows, words):
    unlawful(customer, *rows)
    scope.enter()  # nobody's scope: the check must still see every leg
    with pytest.raises(DatabaseError, match=words):
        in_sql("SET CONSTRAINTS ALL IMMEDIATE")
    transaction.set_rollback(True)


def in_sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["billing_transaction", "billing_entry"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET currency = 'USD'", "DELETE FROM {}"])
def test_not_even_the_owner_of_the_tables_can_change_the_ledger(customer, table, deed):
    sell(customer)
    scope.enter(unscoped="a test tries everything")
    with pytest.raises(DatabaseError, match="never changed"):
        in_sql(deed.format(table))


def test_the_apps_role_has_no_right_to_change_the_ledger(db):
    with connection.cursor() as cursor:
        for table in ("billing_transaction", "billing_entry"):
            cursor.execute(
                "SELECT has_table_privilege('milepost_app', %s, 'INSERT'), "
                "has_table_privilege('milepost_app', %s, 'UPDATE'), has_table_privilege('milepost_app', %s, 'DELETE'), "
                "has_any_column_privilege('milepost_app', %s, 'UPDATE')",
                [table] * 4,
            )
            assert cursor.fetchone() == (True, False, False, False)
        cursor.execute(
            "SELECT has_column_privilege('milepost_app', 'billing_invoice', 'total_minor', 'UPDATE')"
        )
        assert cursor.fetchone() == (False,)


def test_one_customer_sees_nothing_of_another(customer, rival):
    sell(customer)
    with scope.scope(tenant_id=rival.tenant.pk):
        assert not Transaction.objects.unscoped("a test asks for all").exists()
        assert not Entry.objects.unscoped("a test asks for all").exists()


def test_staff_grant_refund_and_adjust_with_a_reason(customer):
    sell(customer)
    pay(customer, 500)
    services.refund(customer.tenant, 100, "EUR", reason="goodwill", by=None)
    services.adjust(customer.tenant, 30, "EUR", reason="a service by hand", by=None)
    services.adjust(customer.tenant, -30, "EUR", reason="not after all", by=None)
    services.credit(customer.tenant, 70, "EUR", reason="an outage", by=None, reference="outage-7")
    services.credit(customer.tenant, 70, "EUR", reason="an outage", by=None, reference="outage-7")
    assert credit_left(customer.tenant.pk) == 70
    assert balances(customer.tenant.pk)["cash"] == 400
    assert sum(balances(customer.tenant.pk).values()) == 0


def test_nonsense_amounts_are_refused_and_nothing_is_written(customer):
    sell(customer)
    pay(customer, 300)
    before = balances(customer.tenant.pk)
    for deed, amount, currency, words in [
        (services.credit, 0, "EUR", "must be above zero"),
        (services.credit, -5, "EUR", "must be above zero"),
        (services.credit, 10**13, "EUR", "too large"),
        (services.credit, 5, "USD", "is in EUR, not in USD"),
        (services.refund, 301, "EUR", "3.01 EUR is more than the 3.00 EUR that this customer paid"),
        (services.adjust, 0, "EUR", "changes nothing"),
        (services.adjust, -201, "EUR", "2.01 EUR is more than the 2.00 EUR"),
    ]:
        with pytest.raises(LedgerRefused, match=words):
            deed(customer.tenant, amount, currency, reason="why", by=None)
    with pytest.raises(LedgerRefused, match="needs a reason"):
        services.credit(customer.tenant, 5, "EUR", reason="", by=None)
    assert balances(customer.tenant.pk) == before
