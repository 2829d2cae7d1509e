"""A month from first use to paid invoice: our preview, our invoice, Stripe's invoice and the ledger say one sum."""

from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from billing.invoices.models import Invoice
from billing.invoices.services import finalise, preview
from billing.ledger.selectors import balances
from billing.meters.models import UsageRecord
from billing.payments import books, client, metering, services
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
