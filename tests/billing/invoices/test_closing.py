"""A month becomes one invoice: equal to its preview, after crashes too, and late data goes onto the next one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from billing.invoices import drafting, services
from billing.invoices.errors import InvoiceRefused
from billing.invoices.models import ClosedMonth, Invoice
from billing.ledger import services as ledger
from billing.ledger.models import Transaction
from billing.ledger.selectors import balance, balances, credit_left
from billing.plans import services as plans
from billing.plans.models import Plan
from tracker.tenants import scope

MONTH, NEXT = date(2026, 11, 1), date(2026, 12, 1)
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CLOSED = datetime(2026, 12, 1, 6, tzinfo=UTC)
CLOSED_NEXT = datetime(2027, 1, 1, 6, tzinfo=UTC)
FIXES = "fixes_accepted"


@pytest.fixture
def tenant(customer):
    """On pay as you go since before the month."""
    scope.enter()
    plans.choose(customer.tenant, Plan.objects.get(code="starter", currency="EUR"), now=BEGIN - DAY)
    return customer.tenant


def invoices(tenant) -> list[Invoice]:
    with scope.scope(tenant_id=tenant.pk):
        return list(Invoice.objects.for_tenant(tenant).order_by("month"))


def closed_months(tenant) -> int:
    with scope.scope(tenant_id=tenant.pk):
        return ClosedMonth.objects.for_tenant(tenant).count()


def test_zero_use_is_zero_invoice_and_the_month_is_closed_all_the_same(tenant, meter):
    assert services.finalise(tenant.pk, MONTH, CLOSED) is None
    assert (invoices(tenant), closed_months(tenant), balance(tenant.pk)) == ([], 1, 0)


def test_use_within_what_is_free_is_no_invoice(tenant, meter):
    meter.use(tenant.pk, FIXES, BEGIN, 99_999)
    assert services.finalise(tenant.pk, MONTH, CLOSED) is None


def test_a_plan_with_a_fee_asks_for_it_alone(tenant, meter):
    plans.choose(tenant, Plan.objects.get(code="growth", currency="EUR"), starts_at=BEGIN, now=BEGIN - DAY)
    invoice = services.finalise(tenant.pk, MONTH, CLOSED)
    assert invoice is not None
    assert [(line["text"], line["amount_minor"]) for line in invoice.lines] == [
        ("Growth plan: 199.00 EUR", 19_900)
    ]


def test_the_preview_at_any_moment_is_the_invoice_when_nothing_more_happens(tenant, meter):
    change = BEGIN + timedelta(days=10)
    plans.choose(tenant, Plan.objects.get(code="growth", currency="EUR"), starts_at=change, now=BEGIN)
    ledger.credit(tenant, 777, "EUR", reason="a late start", by=None)
    for day, quantity in ((2, 350_000), (9, 10), (15, 4_000_000)):
        meter.use(tenant.pk, FIXES, BEGIN + day * DAY, quantity)
    meter.use(tenant.pk, "active_devices", BEGIN + DAY, 42)
    meter.use(tenant.pk, "shipments_tracked", BEGIN + 20 * DAY, 5_001)
    looks = [services.preview(tenant.pk, MONTH, BEGIN + timedelta(days=days)) for days in (16, 20, 29, 30)]
    invoice = services.finalise(tenant.pk, MONTH, CLOSED)
    assert invoice is not None
    looks.append(services.preview(tenant.pk, MONTH, CLOSED + DAY))  # of a month that is closed
    for look in looks:
        assert [drafting.line_to(line) for line in look.lines] == invoice.lines
        assert (look.subtotal_minor, look.credits_minor, look.total_minor) == (
            invoice.subtotal_minor, 777, invoice.total_minor
        )  # fmt: skip
    assert len({line["period"] for line in invoice.lines}) == 2
    assert sum(line["quantity"] for line in invoice.lines if line["meter"] == FIXES) == 4_350_010


def test_closing_again_is_the_same_invoice(tenant, meter):
    meter.use(tenant.pk, FIXES, BEGIN, 1_100_000)
    one = services.finalise(tenant.pk, MONTH, CLOSED)
    two = services.finalise(tenant.pk, MONTH, CLOSED + DAY)
    assert one == two
    assert (len(invoices(tenant)), balance(tenant.pk)) == (1, one.total_minor if one else None)


@pytest.mark.parametrize("step", ["_next_number", "post", "ClosedMonth", "draft", "_write"])
def test_a_crash_at_any_step_leaves_nothing_and_the_next_try_one_invoice(tenant, meter, monkeypatch, step):
    meter.use(tenant.pk, FIXES, BEGIN, 1_100_000)

    class Crash(Exception):
        pass

    def crash(*args, **more):
        raise Crash

    broken = type(
        "Broken",
        (),
        {"objects": type("Rows", (), {"create": crash, "for_tenant": ClosedMonth.objects.for_tenant})},
    )
    with monkeypatch.context() as patch:
        patch.setattr(services, step, broken if step == "ClosedMonth" else crash)
        with pytest.raises(Crash), transaction.atomic():
            services.finalise(tenant.pk, MONTH, CLOSED)
    assert (invoices(tenant), closed_months(tenant), balance(tenant.pk)) == ([], 0, 0)
    assert services.close_months(CLOSED) >= 1
    (invoice,) = invoices(tenant)
    assert invoice.number == "2026-000001"
    assert balance(tenant.pk) == invoice.total_minor
    assert services.close_months(CLOSED) == 0


def test_numbers_follow_on_each_other_over_all_customers_and_begin_anew_with_the_year(tenant, rival, meter):
    plans.choose(rival.tenant, Plan.objects.get(code="starter", currency="EUR"), now=BEGIN - DAY)
    for who in (tenant, rival.tenant):
        meter.use(who.pk, FIXES, BEGIN, 1_000_000)
        meter.use(who.pk, FIXES, BEGIN + 35 * DAY, 1_000_000)
    services.close_months(CLOSED)
    services.close_months(CLOSED_NEXT)
    numbers = sorted(invoice.number for who in (tenant, rival.tenant) for invoice in invoices(who))
    assert numbers == ["2026-000001", "2026-000002", "2027-000001", "2027-000002"]


def test_a_month_waits_for_late_data_until_the_grace_is_over(tenant, meter):
    meter.use(tenant.pk, FIXES, BEGIN, 1_000_000)
    services.close_months(CLOSED - timedelta(minutes=1))
    assert invoices(tenant) == []
    services.close_months(CLOSED)
    assert [invoice.month for invoice in invoices(tenant)] == [MONTH]
    with pytest.raises(InvoiceRefused, match="December 2026 is not over yet"):
        services.finalise(tenant.pk, NEXT, CLOSED)


def test_use_found_late_is_a_line_on_the_next_invoice_and_only_once(tenant, meter):
    meter.use(tenant.pk, FIXES, BEGIN, 200_000)
    services.finalise(tenant.pk, MONTH, CLOSED)
    meter.use(tenant.pk, FIXES, BEGIN + DAY, 50_000)
    (line,) = services.preview(tenant.pk, NEXT, CLOSED).lines
    assert line.text == "Correction for November 2026: 50,000 fixes more than were billed"
    assert line.amount_minor == 1_000
    invoice = services.finalise(tenant.pk, NEXT, CLOSED_NEXT)
    assert invoice is not None
    assert invoice.subtotal_minor == 1_000
    assert services.preview(tenant.pk, date(2027, 1, 1), CLOSED_NEXT).lines == []


def test_what_was_asked_too_much_becomes_credit(tenant, meter):
    meter.use(tenant.pk, FIXES, BEGIN, 200_000)
    services.finalise(tenant.pk, MONTH, CLOSED)
    meter.use(tenant.pk, FIXES, BEGIN, -50_000)
    assert services.finalise(tenant.pk, NEXT, CLOSED_NEXT) is None
    assert credit_left(tenant.pk) == 1_000
    assert services.preview(tenant.pk, date(2027, 1, 1), CLOSED_NEXT).lines == []


def test_credit_is_used_up_before_money_is_asked_for(tenant, meter):
    ledger.credit(tenant, 1_500, "EUR", reason="an outage", by=None)
    for days in (0, 35):
        meter.use(tenant.pk, FIXES, BEGIN + days * DAY, 150_000)
    one = services.finalise(tenant.pk, MONTH, CLOSED)
    two = services.finalise(tenant.pk, NEXT, CLOSED_NEXT)
    assert one is not None
    assert two is not None
    assert (one.credits_minor, one.total_minor, one.status) == (1_000, 0, "paid")
    assert (two.credits_minor, two.total_minor, two.status) == (500, 500, "open")
    assert balance(tenant.pk) == 500


@pytest.fixture
def owed(tenant, meter) -> Invoice:
    meter.use(tenant.pk, FIXES, BEGIN, 200_000)
    invoice = services.finalise(tenant.pk, MONTH, CLOSED)
    assert invoice is not None
    return invoice


def test_payments_in_parts_and_told_twice_end_in_paid_once(owed, tenant):
    half = services.mark_paid(owed, 1_500, "pi_1", CLOSED)
    assert (half.status, half.paid_minor) == ("open", 1_500)
    services.mark_paid(owed, 1_500, "pi_1", CLOSED)
    whole = services.mark_paid(owed, 600, "pi_2", CLOSED)
    assert (whole.status, whole.paid_at, balance(tenant.pk), credit_left(tenant.pk)) == (
        "paid",
        CLOSED,
        -100,
        100,
    )
    assert services.mark_paid(whole, 600, "pi_2", CLOSED).paid_minor == 2_000
    assert sum(balances(tenant.pk).values()) == 0


def test_an_open_invoice_can_be_given_up_or_voided_and_a_paid_one_cannot(owed, tenant, rival, meter):
    given_up = services.mark_uncollectible(owed, reason="no answer for a year", by=None)
    assert (given_up.status, balance(tenant.pk)) == ("uncollectible", 0)
    with pytest.raises(InvoiceRefused, match="only an open invoice can be voided"):
        services.void(owed, reason="why", by=None)


def test_a_void_invoice_gives_its_credit_back(tenant, meter):
    ledger.credit(tenant, 500, "EUR", reason="an outage", by=None)
    meter.use(tenant.pk, FIXES, BEGIN, 200_000)
    invoice = services.finalise(tenant.pk, MONTH, CLOSED)
    assert invoice is not None
    services.void(invoice, reason="the wrong plan", by=None)
    assert (balance(tenant.pk), credit_left(tenant.pk)) == (-500, 500)
    late = services.mark_paid(invoice, 1_500, "pi_late", CLOSED)
    assert (late.status, credit_left(tenant.pk)) == ("void", 2_000)


@pytest.mark.parametrize(("amount", "reference", "words"), [(0, "pi", "above zero"), (5, "", "a reference")])
def test_a_payment_that_is_none_is_refused(owed, tenant, amount, reference, words):
    with pytest.raises(InvoiceRefused, match=words):
        services.mark_paid(owed, amount, reference, CLOSED)
    with scope.scope(tenant_id=tenant.pk):
        assert Transaction.objects.for_tenant(tenant).filter(kind="payment").count() == 0


def test_the_apps_role_can_change_the_state_of_an_invoice_and_nothing_else(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name::text FROM information_schema.column_privileges "
            "WHERE table_name = 'billing_invoice' AND grantee = 'milepost_app' AND privilege_type = 'UPDATE' ORDER BY 1"
        )
        assert [row[0] for row in cursor.fetchall()] == ["paid_at", "paid_minor", "status", "status_reason"]
