"""A month from first use to paid invoice: our preview, our invoice, Stripe's invoice and the ledger say one sum."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from billing.invoices.models import Invoice
from billing.invoices.services import finalise, preview
from billing.ledger.models import Account, Kind
from billing.ledger.selectors import balances, credit_left, transactions_of
from billing.ledger.services import post
from billing.meters.models import UsageRecord
from billing.payments import books, client, in_money, metering, reconciliation, services
from billing.payments.accounts import refresh
from billing.payments.models import Reconciliation
from billing.plans.models import Plan, PlanChoice
from tests.billing.payments.conftest import FIRST, NOON, account_of, submit
from tracker.tenants import scope

NOVEMBER = date(2026, 11, 1)
USED = {
    "fixes_accepted": 1_234_567,
    "active_devices": 60,
    "geofence_evaluations": 5_100_777,
    "dispatch_stops": 10_501,
    "shipments_tracked": 10_733,
    "webhooks_delivered": 512_345,
}


def use(customer, hour, **quantities) -> None:
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.live.pk):
        for meter, quantity in quantities.items():
            row = UsageRecord.objects.for_environment(customer.live).filter(meter=meter, hour=hour).first()
            if row is None:
                UsageRecord.objects.create(
                    environment=customer.live,
                    meter=meter,
                    hour=hour,
                    quantity=quantity,
                    computed_at=timezone.now(),
                )
            else:
                changes = {"quantity": quantity, "revision": row.revision + 1}
                UsageRecord.objects.for_environment(customer.live).filter(pk=row.pk).update(**changes)


def on_plan(customer, code: str) -> None:
    plan = Plan.objects.get(code=code, currency="EUR")
    with scope.scope(tenant_id=customer.tenant.pk):
        PlanChoice.objects.create(
            tenant=customer.tenant, plan=plan, starts_at=datetime(2026, 10, 1, tzinfo=UTC)
        )


def test_preview_invoice_stripe_and_ledger_say_one_sum(fake, customer):
    on_plan(customer, "growth")
    use(customer, FIRST + timedelta(hours=5), **{meter: n // 3 for meter, n in USED.items()})
    url = services.checkout_url(
        customer.tenant, email="o@x.example", success="http://a/", cancel="http://a/", now=NOON
    )
    submit(url, card="4242424242424242")
    refresh(customer.tenant.pk, client.payments(), now=NOON)
    for day in range(2, 20):
        use(customer, NOON + timedelta(days=day), **{meter: (n - n // 3) // 18 for meter, n in USED.items()})
    end = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    fake.at(end)
    metering.send_due(now=end)
    account = account_of(customer)
    ours = preview(customer.tenant.pk, NOVEMBER, end).total_minor
    assert ours > 19_900
    assert client.payments().preview(account.subscription).total_minor == ours
    closing = datetime(2026, 12, 1, 2, tzinfo=UTC)
    fake.at(closing)
    invoice = finalise(customer.tenant.pk, NOVEMBER, closing)
    assert invoice is not None
    assert invoice.total_minor == ours
    for _ in range(2):  # news comes twice, and payment is one
        refresh(customer.tenant.pk, client.payments(), now=closing)
    with scope.scope(tenant_id=customer.tenant.pk):
        paid = Invoice.objects.for_tenant(customer.tenant).get()
        assert (paid.status, paid.paid_minor) == ("paid", ours)
        assert {k: v for k, v in balances(customer.tenant.pk).items() if v} == {
            "revenue": -ours,
            "cash": ours,
        }
        assert not Reconciliation.objects.for_tenant(customer.tenant).exists()


def test_an_invoice_of_theirs_that_differs_is_shown(fake, customer, caplog):
    on_plan(customer, "starter")
    use(customer, FIRST, fixes_accepted=700_000)
    url = services.checkout_url(
        customer.tenant, email="o@x.example", success="http://a/", cancel="http://a/", now=NOON
    )
    submit(url, card="4242424242424242")
    refresh(customer.tenant.pk, client.payments(), now=NOON)
    metering.send_due(now=NOON + timedelta(minutes=1))
    closing = datetime(2026, 12, 1, 2, tzinfo=UTC)
    fake.at(closing)
    use(customer, FIRST, fixes_accepted=900_000)  # later than Stripe's last hour
    finalise(customer.tenant.pk, NOVEMBER, closing)
    refresh(customer.tenant.pk, client.payments(), now=closing)
    with scope.scope(tenant_id=customer.tenant.pk):
        (row,) = Reconciliation.objects.for_tenant(customer.tenant)
        assert (row.meter, row.state) == (books.INVOICE, "lost")
        assert row.ours - row.theirs == 4_000
    assert "invoice differs" in caplog.text


def subscribed(customer) -> None:
    url = services.checkout_url(
        customer.tenant, email="o@x.example", success="http://a/", cancel="http://a/", now=NOON
    )
    submit(url, card="4242424242424242")
    refresh(customer.tenant.pk, client.payments(), now=NOON)


def choose_at(customer, code: str, at: datetime) -> None:
    plan = Plan.objects.get(code=code, currency="EUR")
    with scope.scope(tenant_id=customer.tenant.pk):
        PlanChoice.objects.for_tenant(customer.tenant).filter(ends_at=None).update(ends_at=at)
        PlanChoice.objects.create(tenant=customer.tenant, plan=plan, starts_at=at)


def ended(fake, customer) -> Invoice:
    """The month's last hours are told, Stripe asks for it, we close it and take over what was paid."""
    last, closing = datetime(2026, 11, 30, 23, 30, tzinfo=UTC), datetime(2026, 12, 1, 7, tzinfo=UTC)
    fake.at(last)
    metering.send_due(now=last)
    expected = preview(customer.tenant.pk, NOVEMBER, last).total_minor
    fake.at(closing)
    finalise(customer.tenant.pk, NOVEMBER, closing)
    refresh(customer.tenant.pk, client.payments(), now=closing)
    assert reconciliation.compare(now=closing).hours_that_differ == 0
    with scope.scope(tenant_id=customer.tenant.pk):
        assert not Reconciliation.objects.for_tenant(customer.tenant).exists()
        invoice = Invoice.objects.for_tenant(customer.tenant).get()
    assert invoice.total_minor == expected
    (theirs,) = fake.state.all("invoice")
    assert (theirs["total"], theirs["status"], invoice.status) == (expected, "paid", "paid")
    return invoice


@pytest.mark.parametrize("devices", [(5, 20), (40, 3), (200, 900)])
def test_a_plan_changed_before_or_after_subscribing_is_asked_for_as_our_invoice_does(fake, customer, devices):
    use(customer, FIRST, fixes_accepted=300_000, active_devices=devices[0])
    choose_at(customer, "starter", NOON - timedelta(hours=2))
    use(customer, NOON, fixes_accepted=400_000, active_devices=devices[1])
    subscribed(customer)
    metering.send_due(now=NOON + timedelta(hours=3))
    choose_at(customer, "growth", NOON + timedelta(days=9))  # and the subscription follows
    services.follow_plan(customer.tenant.pk, now=NOON + timedelta(days=9, hours=1))
    use(customer, NOON + timedelta(days=12), fixes_accepted=3_000_000, active_devices=4)
    assert ended(fake, customer).total_minor > 0


def test_a_change_after_units_were_told_takes_them_back(fake, customer):
    choose_at(customer, "starter", FIRST - timedelta(days=30))
    use(customer, FIRST, fixes_accepted=900_000, active_devices=70)
    subscribed(customer)
    metering.send_due(now=NOON + timedelta(hours=1))
    account = account_of(customer)
    assert client.payments().preview(account.subscription).total_minor == 16_000 + 3_000
    choose_at(customer, "growth", NOON + timedelta(days=2))
    ended(fake, customer)


def test_credit_lowers_what_stripe_asks_for_too(fake, customer, monkeypatch):
    # movements are written by the database's clock, which is not the story's
    monkeypatch.setattr(in_money, "credit_until", lambda tenant, at: credit_left(tenant) if at > NOON else 0)
    monkeypatch.setattr(in_money, "credit_moves", lambda tenant, first, last: transactions_of(tenant).count())
    choose_at(customer, "starter", FIRST - timedelta(days=30))
    use(customer, FIRST, fixes_accepted=900_000)
    subscribed(customer)
    metering.send_due(now=NOON + timedelta(hours=1))
    legs = [(Account.ADJUSTMENTS, 2_500), (Account.CREDITS, -2_500)]
    post(customer.tenant.pk, Kind.CREDIT, legs, "EUR", "A storm that was not theirs")
    assert ended(fake, customer).total_minor == 16_000 - 2_500
