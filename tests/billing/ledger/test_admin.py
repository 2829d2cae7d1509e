"""Staff: plans are checked, money moves with a reason and by whom, and lists stay cheap."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.invoices.models import Invoice
from billing.ledger import services
from billing.ledger.models import Transaction
from billing.ledger.selectors import balance, balances, credit_left
from billing.plans.models import Plan
from billing.plans.selectors import plan_at
from tests.tracker.conftest import PASSWORD
from tracker.audit.models import AuditEntry
from tracker.tenants import scope
from tracker.tenants.models import User

BY_HAND = "admin:billing_by_hand"


@pytest.fixture
def boss(db) -> User:
    return User.objects.create_superuser("staff@example.com", PASSWORD)


@pytest.fixture
def staff(boss, signed_in):
    return signed_in(boss)


def form(customer, deed: str, amount: str = "", **more) -> dict[str, str]:
    return {"tenant": customer.tenant.public_id, "deed": deed, "amount": amount, "currency": "EUR",
            "reason": "an outage", "reference": "by hand 1", **more}  # fmt: skip


def test_credit_by_hand_is_in_the_ledger_the_admins_log_and_the_customers_audit_log(staff, boss, customer):
    asked = form(customer, "credit", "12.50")
    assert staff.post(reverse(BY_HAND), asked).status_code == 302
    staff.post(reverse(BY_HAND), asked)  # the same page sent twice
    scope.enter(unscoped="a test reads what staff did")
    made = Transaction.objects.unscoped("test").get()
    assert (made.by, made.reason, credit_left(customer.tenant.pk)) == (boss, "an outage", 1_250)
    assert "Grant credit: 12.50 EUR" in LogEntry.objects.latest("pk").change_message
    note = AuditEntry.objects.unscoped("test").filter(action="ledger.credit").first()
    assert note is not None
    assert note.after is not None
    assert note.after["balance_minor"] == -1_250


@pytest.mark.parametrize(
    ("deed", "amount", "more", "words"),
    [
        ("credit", "0", {}, "must be above zero"),
        ("credit", "", {}, "Give the amount"),
        ("credit", "1.001", {}, "EUR has 2 decimals"),
        ("credit", "NaN", {}, "Enter a number"),
        ("credit", "5", {"currency": "XXX"}, "is not known"),
        ("credit", "5", {"reason": " "}, "This field is required"),
        ("credit", "5", {"tenant": "ten_x"}, "is not an id"),
        ("refund", "5", {}, "is more than the 0.00 EUR that this customer paid"),
        ("lower", "5", {}, "is more than the 0.00 EUR that this customer owes"),
        ("raise", "-5", {}, "Give an amount above zero"),
        ("void", "", {}, "Give the invoice"),
        ("void", "", {"target": "2026-1"}, "has no invoice 2026-1"),
        ("plan", "", {"target": "golden"}, "No plan golden is offered"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(staff, customer, deed, amount, more, words):
    answer = staff.post(reverse(BY_HAND), form(customer, deed, amount, **more))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    scope.enter(unscoped="a test reads what staff did")
    assert not Transaction.objects.unscoped("test").exists()


def test_staff_adjust_and_put_on_a_plan(staff, customer):
    staff.post(reverse(BY_HAND), form(customer, "raise", "30"))
    staff.post(reverse(BY_HAND), form(customer, "lower", "10", reference="by hand 2"))
    staff.post(reverse(BY_HAND), form(customer, "plan", target="growth"))
    scope.enter()
    assert balance(customer.tenant.pk) == 2_000
    assert sum(balances(customer.tenant.pk).values()) == 0
    assert plan_at(customer.tenant.pk, timezone.now()).code == "growth"


def test_only_staff_with_the_right_move_money(customer, signed_in):
    person = User.objects.create_user("helper@example.com", PASSWORD, is_staff=True)
    assert signed_in(person).post(reverse(BY_HAND), form(customer, "credit", "5")).status_code == 403
    assert signed_in(customer.owner).post(reverse(BY_HAND), form(customer, "credit", "5")).status_code == 302
    scope.enter(unscoped="a test reads what staff did")
    assert not Transaction.objects.unscoped("test").exists()


def rows(customer, first: int, last: int) -> None:
    for number in range(first, last):
        services.credit(customer.tenant, 1, "EUR", reason=f"for {number}", by=customer.owner)
        with scope.scope(tenant_id=customer.tenant.pk):
            Invoice.objects.create(
                tenant=customer.tenant, tenant_name="x", number=f"N{number}", month=date(2000 + number, 1, 1),
                currency="EUR", lines=[], subtotal_minor=1, total_minor=1, finalised_at=SOON,
            )  # fmt: skip


@pytest.mark.parametrize("model", ["transaction", "invoice", "planchoice", "plan"])
def test_a_list_costs_the_same_queries_however_long_it_is(staff, customer, rival, model):
    counts = []
    for who, first, last in ((customer, 0, 2), (rival, 2, 25)):
        rows(who, first, last)
        scope.enter()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert staff.get(reverse(f"admin:billing_{model}_changelist")).status_code == 200
        counts.append(len(asked))
    assert counts[0] >= counts[1] - 1
    assert counts[1] < 25


def test_the_ledger_and_invoices_open_and_cannot_be_changed(staff, customer):
    rows(customer, 0, 1)
    scope.enter(unscoped="test")
    for model, row in (("transaction", Transaction), ("invoice", Invoice)):
        key = row.objects.unscoped("test").get().pk
        assert staff.get(reverse(f"admin:billing_{model}_change", args=[key])).status_code == 200
        assert staff.post(reverse(f"admin:billing_{model}_change", args=[key]), {}).status_code == 403
        assert staff.post(reverse(f"admin:billing_{model}_delete", args=[key]), {}).status_code == 403


def version(begin: datetime, **more: str) -> dict[str, str]:
    prices = {
        "prices-TOTAL_FORMS": "1", "prices-INITIAL_FORMS": "0", "prices-0-meter": "fixes_accepted",
        "prices-0-scheme": "per_unit", "prices-0-free_quantity": "0", "prices-0-unit_size": "1",
        "prices-0-unit_minor": "0.5", "prices-0-tiers": "[]",
    }  # fmt: skip
    times = {"effective_from_0": f"{begin:%Y-%m-%d}", "effective_from_1": f"{begin:%H:%M:%S}"}
    head = {"code": "fleet", "name": "Fleet", "currency": "EUR", "limits": "{}", "offered": "on"}
    return head | times | prices | more


SOON = (timezone.now() + timedelta(days=10)).replace(hour=0, minute=0, second=0, microsecond=0)


def test_a_sound_version_is_kept(staff):
    answer = staff.post(reverse("admin:billing_plan_add"), version(SOON))
    assert answer.status_code == 302
    assert Plan.objects.get(code="fleet").prices.count() == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (version(SOON, **{"prices-0-meter": "steps"}), "there is no such meter"),
        (version(SOON, **{"prices-0-unit_minor": "-1"}), "the price -1 is negative"),
        (version(SOON, currency="EUX"), "is not known"),
        (version(datetime(2026, 1, 1, tzinfo=UTC)), "would begin in the past"),
        (version(SOON, code="starter"), "has no end and overlaps"),
        (version(SOON, limits='{"reports_per_second": -1}'), "give a whole number of 1 or more"),
        (version(SOON, **{"prices-0-scheme": "graduated", "prices-0-unit_minor": "",
                          "prices-0-tiers": '[{"up_to": 5, "unit_minor": "1"}]'}), "more than that has no price"),
    ],
)  # fmt: skip
def test_a_faulty_version_is_refused_with_the_reason(staff, asked, words):
    before = Plan.objects.count()
    answer = staff.post(reverse("admin:billing_plan_add"), asked)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Plan.objects.count() == before


def test_a_version_in_force_keeps_its_prices_and_can_be_ended(staff):
    plan = Plan.objects.get(code="starter", currency="EUR")
    before = list(plan.prices.values_list("meter", "unit_minor"))
    asked = {"effective_until_0": f"{SOON:%Y-%m-%d}", "effective_until_1": "00:00:00", "offered": "on",
             "prices-TOTAL_FORMS": "0", "prices-INITIAL_FORMS": "0", "name": "Other", "currency": "USD"}  # fmt: skip
    assert staff.post(reverse("admin:billing_plan_change", args=[plan.pk]), asked).status_code == 302
    plan.refresh_from_db()
    assert (plan.effective_until, plan.name, plan.currency) == (SOON, "Starter", "EUR")
    assert list(plan.prices.values_list("meter", "unit_minor")) == before
    past = {**asked, "effective_until_0": "2026-02-01"}
    assert (
        "would end in the past"
        in staff.post(reverse("admin:billing_plan_change", args=[plan.pk]), past).content.decode()
    )
