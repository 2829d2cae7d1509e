"""Billing in the console: what admins see, choose and download, and who sees nothing."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.invoices import services
from billing.ledger import services as ledger
from billing.plans import services as plans
from billing.plans.models import Plan
from billing.plans.selectors import choices_of
from tracker.tenants import scope
from tracker.tenants.models import Role

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
CLOSED = datetime(2026, 11, 1, 6, tzinfo=UTC)
PAGES = ("console_billing", "console_ledger")


@pytest.fixture
def invoice(customer, meter):
    plans.choose(customer.tenant, Plan.objects.get(code="starter", currency="EUR"), now=BEGIN)
    meter.use(customer.tenant.pk, "fixes_accepted", BEGIN, 312_000)
    made = services.finalise(customer.tenant.pk, date(2026, 10, 1), CLOSED)
    scope.enter()
    return made


def test_the_overview_explains_the_plan_the_month_and_the_invoices(customer, signed_in, invoice):
    page = signed_in(customer.owner).get(reverse("console_billing"))
    text = page.content.decode()
    for words in ("Plan: Starter", "100,000 free, then 0.0002 EUR each up to 1,000,000", "2026-000001",
                  "42.40 EUR are owed", "See what Growth changes", "Nothing was used"):  # fmt: skip
        assert words in text, words


def test_the_invoice_has_a_page_and_two_files(customer, signed_in, invoice):
    browser = signed_in(customer.owner)
    page = browser.get(reverse("console_invoice", args=[invoice.public_id]))
    assert "312,000 fixes: 100,000 free, 212,000 at 0.0002 EUR each" in page.content.decode()
    paper = browser.get(reverse("console_invoice_pdf", args=[invoice.public_id]))
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    table = browser.get(reverse("console_invoice_csv", args=[invoice.public_id]))
    assert b"312,000 fixes" in table.content
    assert "invoice-2026-000001.csv" in table["Content-Disposition"]


def test_the_statement_shows_each_movement_and_what_was_owed(customer, signed_in, invoice):
    ledger.credit(customer.tenant, 240, "EUR", reason="<b>sorry</b>", by=None)
    scope.enter()
    text = signed_in(customer.owner).get(reverse("console_ledger")).content.decode()
    assert "&lt;b&gt;sorry&lt;/b&gt;" in text
    assert "40.00 EUR" in text
    assert "2.40 EUR of credit are left" in text


def test_another_plan_says_what_changes_and_is_chosen_from_now_or_the_next_month(customer, signed_in, meter):
    browser = signed_in(customer.owner)
    page = browser.get(reverse("console_billing_plan"), {"plan": "growth"}).content.decode()
    assert "Free to Growth" in page
    assert "199.00 EUR" in page
    browser.post(reverse("console_billing_plan"), {"plan": "starter", "begin": "now"})
    answer = browser.post(reverse("console_billing_plan"), {"plan": "growth", "begin": "month"}, follow=True)
    assert "is on the plan Growth from 01" in answer.content.decode()
    scope.enter()
    now, later = choices_of(customer.tenant.pk)
    assert (now.plan.code, later.plan.code, later.starts_at.day) == ("starter", "growth", 1)
    assert now.applied_at is not None
    assert later.applied_at is None


@pytest.mark.parametrize("wanted", ["", "nothing", "<script>"])
def test_a_plan_that_is_not_offered_is_not_found(customer, signed_in, wanted, meter):
    assert (
        signed_in(customer.owner).post(reverse("console_billing_plan"), {"plan": wanted}).status_code == 404
    )


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.VIEWER])
def test_below_admin_money_is_not_shown(customer, signed_in, invoice, role):
    browser = signed_in(customer.member(role))
    for name in (*PAGES, "console_billing_plan"):
        assert browser.get(reverse(name)).status_code == 403
    assert browser.get(reverse("console_invoice", args=[invoice.public_id])).status_code == 403


def test_anothers_invoice_is_not_found(rival, signed_in, invoice):
    browser = signed_in(rival.owner)
    for name in ("console_invoice", "console_invoice_pdf", "console_invoice_csv"):
        assert browser.get(reverse(name, args=[invoice.public_id])).status_code == 404
        assert browser.get(reverse(name, args=["bil_nonsense"])).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_a_page_costs_the_same_queries_however_much_there_is(customer, signed_in, invoice, name):
    browser, counts = signed_in(customer.owner), []
    for begin, end in ((0, 1), (1, 30)):
        for number in range(begin, end):
            ledger.credit(customer.tenant, 1, "EUR", reason=f"for {number}", by=customer.owner)
        scope.enter()
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(reverse(name)).status_code == 200
        counts.append(len(asked))
    assert counts[1] <= counts[0]
