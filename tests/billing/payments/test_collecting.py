"""From a card that fails to a pause and back: mails first, limits after, nothing skipped, all undone by payment."""

import smtplib
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from billing.payments import client, collecting, reconciliation
from billing.payments.accounts import refresh
from billing.payments.dunning import Standing
from tests.billing.payments.conftest import NOON, account_of, submit
from tests.billing.payments.test_metering import tick
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant

DECEMBER = datetime(2026, 12, 1, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
FAILS = "4000000000000341"


def limits(customer) -> tuple[int, int]:
    with scope.scope(tenant_id=customer.tenant.pk):
        row = Environment.objects.for_tenant(customer.tenant).get(pk=customer.live.pk)
    return Tenant.objects.get(pk=customer.tenant.pk).reports_per_second, row.key_reports_per_second


@pytest.fixture
def owing(fake, customer, book, subscribe):
    """November's use was asked for, and the card did not pay."""
    subscribe(FAILS)
    book.use(NOON, 1000)
    tick(fake, NOON + timedelta(hours=1))
    fake.at(DECEMBER)
    mail.outbox.clear()
    refresh(customer.tenant.pk, client.payments(), now=DECEMBER)
    return account_of(customer)


def test_a_failed_payment_reminds_and_changes_nothing_else(customer, owing):
    assert (owing.standing, owing.owing_minor, owing.owing_currency) == ("reminded", 500 + 1350, "EUR")
    (letter,) = mail.outbox
    assert letter.to == [customer.owner.email]
    assert "18.50 EUR" in letter.body
    assert "2026-12-08" in letter.body
    assert limits(customer) == (20_000, 10_000)


def test_each_step_comes_a_week_after_the_mail_before_it(customer, owing):
    assert collecting.collect(now=DECEMBER + WEEK - timedelta(seconds=1)) == 0
    assert collecting.collect(now=DECEMBER + 3 * WEEK) == 1  # late, and still one step
    assert limits(customer) == (2_000, 1_000)
    assert collecting.collect(now=DECEMBER + 4 * WEEK - timedelta(seconds=1)) == 0
    assert collecting.collect(now=DECEMBER + 4 * WEEK) == 1
    assert limits(customer) == (1, 1)
    assert collecting.collect(now=DECEMBER + 9 * WEEK) == 0
    assert [one.subject for one in mail.outbox] == [
        collecting.SUBJECTS[s] for s in (Standing.REMINDED, Standing.RESTRICTED, Standing.PAUSED)
    ]


def test_payment_brings_everything_back_at_once(fake, customer, owing):
    collecting.collect(now=DECEMBER + WEEK)
    collecting.collect(now=DECEMBER + 2 * WEEK)
    submit(client.payments().portal(customer=owing.customer, back="http://ours/"), card="4242424242424242")
    refresh(customer.tenant.pk, client.payments(), now=DECEMBER + 2 * WEEK + timedelta(minutes=1))
    account = account_of(customer)
    assert (account.standing, account.owing_since, account.subscription_status) == ("ok", None, "active")
    assert limits(customer) == (20_000, 10_000)
    assert "thank you" in mail.outbox[-1].body


def test_without_a_mail_there_is_no_step(customer, owing, monkeypatch):
    def refuse(*_args, **_more):
        raise smtplib.SMTPServerDisconnected("away")

    monkeypatch.setattr(collecting, "send_mail", refuse)
    assert collecting.collect(now=DECEMBER + WEEK) == 0
    assert account_of(customer).standing == "reminded"
    assert limits(customer) == (20_000, 10_000)


def test_limits_that_are_raised_meanwhile_are_lowered_again(customer, owing):
    collecting.collect(now=DECEMBER + WEEK)
    Tenant.objects.filter(pk=customer.tenant.pk).update(reports_per_second=9_999)
    collecting.collect(now=DECEMBER + WEEK + timedelta(minutes=10))
    assert limits(customer)[0] == 2_000


def test_an_account_whose_news_was_lost_is_looked_at_anyway(fake, customer, subscribe):
    account = subscribe()
    submit(client.payments().portal(customer=account.customer, back="http://ours/"), do="cancel")
    assert reconciliation.look_again(now=NOON) == 1
    assert account_of(customer).subscription_status == "canceled"
