"""The provider's news: proven, kept once, acted on once, in any order; forged or old news changes nothing."""

import json
import time
from datetime import timedelta

import pytest
from django.test import Client

from billing.payments import metering, news
from billing.payments.client import payments
from billing.payments.models import MeterSubmission, ProviderEvent
from tests.billing.payments.conftest import NOON, account_of, rows, submit
from tests.fake_stripe.state import Delivery
from tracker.tenants import scope


def kept() -> list[ProviderEvent]:
    with scope.scope(unscoped="a test looks at everything"):
        return list(ProviderEvent.objects.order_by("pk"))


@pytest.fixture
def deliver(fake, post):
    """All that waits, signed at the present time as receivers see it."""

    def go(**how):
        fake.state.clock = time.time  # signatures are judged by the clock on the wall
        answers = fake.deliver(post, **how)
        fake.at(NOON)
        return answers

    return go


def test_a_webhook_is_kept_and_answered_and_only_then_acted_on(fake, customer, subscribe, deliver):
    account = subscribe()
    submit_cancel(fake, account)
    assert set(deliver()) == {200}
    assert account_of(customer).subscription_status == "active"
    assert news.process_due(now=NOON + timedelta(days=400)) == len(kept())
    assert account_of(customer).subscription_status == "canceled"
    assert all(row.processed_at for row in kept())


def submit_cancel(fake, account):
    url = payments().portal(customer=account.customer, back="http://ours/")
    submit(url, do="cancel")


@pytest.mark.parametrize("seed", range(4))
def test_doubled_shuffled_and_late_news_ends_in_the_same_state(fake, customer, subscribe, deliver, seed):
    account = subscribe()
    submit_cancel(fake, account)
    deliver(times=3, shuffled=True, seed=seed)
    assert len({row.uid for row in kept()}) == len(kept())
    news.process_due(now=NOON + timedelta(days=400))
    assert account_of(customer).subscription_status == "canceled"
    assert news.process_due(now=NOON + timedelta(days=400)) == 0


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        (lambda one: one.header(int(time.time()), secret="whsec_other"), "another secret"),
        (lambda one: one.header(int(time.time()) - 3600), "an hour old"),
        (lambda one: one.header(int(time.time())).replace("v1=", "v0="), "another scheme"),
        (lambda one: "t=now,v1=\u00e9", "no signature at all"),
        (lambda one: "", "none"),
    ],
)
@pytest.mark.parametrize("path", ["/billing/stripe/webhook/", "/billing/stripe/events/"])
def test_a_wrong_or_old_signature_is_400_and_changes_nothing(fake, customer, post, path, signature, why):
    fake.state.tell("invoice.paid", {"object": "invoice", "customer": "cus_1"})
    fake.state.tell_thin("v1.billing.meter.no_meter_found", related=None, data={})
    one = next(d for d in fake.take_outgoing() if d.endpoint.url.endswith(path))
    assert post(one.endpoint.url, one.body, signature(one)) == 400, why
    assert kept() == []
    assert post(one.endpoint.url, one.body, one.header(int(time.time()))) == 200
    assert len(kept()) == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b'{"object":"event"}', b"\xff", b'{"object":"v2.core.event","id":1}']
)
def test_signed_nonsense_is_400(fake, post, customer, body):
    for endpoint in fake.state.endpoints:
        one = Delivery(endpoint, body)
        assert post(endpoint.url, body, one.header(int(time.time()))) == 400
    assert kept() == []


def test_news_at_the_other_address_is_refused(fake, post, customer):
    fake.state.tell("invoice.paid", {"object": "invoice", "customer": "cus_1"})
    one = fake.take_outgoing()[0]
    assert (
        post(
            "http://ours/billing/stripe/events/", one.body, one.header(int(time.time()), secret="whsec_thin")
        )
        == 400
    )


def test_without_a_provider_there_is_no_such_address(db, settings):
    settings.STRIPE_SECRET_KEY = ""
    assert (
        Client().post("/billing/stripe/webhook/", b"{}", content_type="application/json").status_code == 404
    )


def test_an_error_report_of_meters_marks_the_hours_it_names(fake, customer, book, subscribe, deliver, caplog):
    account = subscribe()
    metering.send_due(now=NOON)
    del fake.state.kinds["customer"][account.customer]  # gone over there: taken, and refused afterwards
    book.use(NOON, 5)
    metering.send_due(now=NOON + timedelta(minutes=1))
    deliver()
    news.process_due(now=NOON + timedelta(days=400))
    (row,) = [one for one in rows(MeterSubmission, customer) if one.meter == "fixes_accepted"]
    assert (row.state, row.error) == ("refused", "The provider refused it: meter_event_customer_not_found")
    assert "refused use that it had taken" in caplog.text


def test_news_that_cannot_be_acted_on_waits_longer_each_time_and_holds_nothing_up(
    fake, customer, subscribe, deliver
):
    subscribe()
    deliver()
    waiting = len(kept())
    later = max(row.due_at or NOON for row in kept()) + timedelta(seconds=1)
    fake.broken()
    assert news.process_due(now=later) == waiting - 1
    stuck = next(row for row in kept() if row.processed_at is None)
    assert stuck.tries == 1
    assert stuck.due_at == later + timedelta(seconds=5)
    assert "500" in stuck.error
    assert news.process_due(now=later + timedelta(seconds=6)) == 1


def test_a_stranger_reads_no_news(fake, customer, subscribe, deliver):
    subscribe()
    deliver()
    with scope.scope(tenant_id=customer.tenant.pk):
        assert ProviderEvent.objects.count() == 0
    assert json.loads(json.dumps(kept()[0].payload))["object"] == "event"
