"""The fake keeps Stripe's documented rules, asked through the real library."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from tests.fake_stripe import FakeStripe

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def fake():
    with FakeStripe() as server:
        server.at(NOON)
        yield server


def connect(fake: FakeStripe, key: str = "sk_test_fake") -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": fake.url, "meter_events": fake.url})


@pytest.fixture
def client(fake):
    return connect(fake)


@pytest.fixture
def customer(client):
    return client.v1.customers.create({"name": "A & B", "metadata": {"tenant": "7"}})


def hourly_meter(client, name="fixes"):
    return client.v1.billing.meters.create(
        {
            "display_name": name,
            "event_name": name,
            "default_aggregation": {"formula": "sum"},
            "event_time_window": "hour",
        }
    )


def tell(client, customer, value, at=NOON, identifier=None, name="fixes"):
    values = {
        "event_name": name,
        "payload": {"stripe_customer_id": customer, "value": str(value)},
        "timestamp": int(at.timestamp()),
    }
    return client.v1.billing.meter_events.create(values | ({"identifier": identifier} if identifier else {}))


def counted(client, meter, customer, first=NOON - timedelta(hours=12), last=NOON + timedelta(hours=12)):
    found = client.v1.billing.meters.event_summaries.list(
        meter.id,
        {
            "customer": customer.id,
            "start_time": int(first.timestamp()),
            "end_time": int(last.timestamp()),
            "value_grouping_window": "hour",
        },
    )
    return {
        datetime.fromtimestamp(one.start_time, UTC): one.aggregated_value for one in found.auto_paging_iter()
    }


def test_another_key_is_refused(fake):
    with pytest.raises(stripe.AuthenticationError):
        connect(fake, "sk_test_other").v1.customers.list()


def test_the_latest_event_of_an_hour_stands_alone(client, customer):
    meter = hourly_meter(client)
    for value in (5, 9, 7):
        tell(client, customer.id, value)
    tell(client, customer.id, 3, NOON - timedelta(hours=1))
    assert counted(client, meter, customer) == {NOON: 7.0, NOON - timedelta(hours=1): 3.0}


def test_without_a_window_events_add_up(client, customer):
    meter = client.v1.billing.meters.create(
        {"display_name": "f", "event_name": "fixes", "default_aggregation": {"formula": "sum"}}
    )
    tell(client, customer.id, 5)
    tell(client, customer.id, 7)
    assert counted(client, meter, customer) == {NOON: 12.0}


def test_an_identifier_counts_once_in_24_hours_and_again_after(fake, client, customer):
    hourly_meter(client)
    tell(client, customer.id, 5, identifier="a")
    with pytest.raises(stripe.InvalidRequestError, match="already exists with identifier a"):
        tell(client, customer.id, 6, identifier="a")
    fake.at(NOON + timedelta(hours=25))
    tell(client, customer.id, 6, identifier="a")


@pytest.mark.parametrize(
    ("away", "taken"),
    [
        (timedelta(days=-34, hours=-23), True),
        (timedelta(days=-35, seconds=-1), False),
        (timedelta(seconds=299), True),
        (timedelta(seconds=301), False),
    ],
)
def test_times_lie_within_35_days_back_and_5_minutes_ahead(client, customer, away, taken):
    hourly_meter(client)
    if taken:
        tell(client, customer.id, 1, NOON + away)
        return
    with pytest.raises(stripe.InvalidRequestError, match="timestamp"):
        tell(client, customer.id, 1, NOON + away)


def test_faults_of_events_come_by_thin_events_alone(fake, client, customer):
    meter = hourly_meter(client)
    fake.add_endpoint("http://nobody/snapshot", secret="whsec_1")
    fake.add_endpoint("http://nobody/thin", secret="whsec_2", thin=True)
    tell(client, "cus_nobody", 1, identifier="x")
    tell(client, customer.id, "many", identifier="y")
    tell(client, customer.id, 1, name="no_such_meter")
    told = fake.take_outgoing()
    assert {one.endpoint.url for one in told} == {"http://nobody/thin"}
    notes = [
        client.parse_event_notification(one.body, one.header(int(time.time())), "whsec_2") for one in told
    ]
    assert [note.type for note in notes] == ["v1.billing.meter.error_report_triggered"] * 2 + [
        "v1.billing.meter.no_meter_found"
    ]
    first = client.v2.core.events.retrieve(notes[0].id).to_dict()
    assert first["data"]["reason"]["error_types"][0]["code"] == "meter_event_customer_not_found"
    assert first["related_object"]["id"] == meter.id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.webhook_endpoints.create(
            {"url": "http://x", "enabled_events": ["v1.billing.meter.no_meter_found"]}
        )


def test_events_that_are_held_count_when_they_are_looked_at(fake, client, customer):
    meter = hourly_meter(client)
    fake.state.holds_aggregation = True
    tell(client, customer.id, 5, identifier="a")
    assert counted(client, meter, customer) == {}
    fake.aggregate()
    assert counted(client, meter, customer) == {NOON: 5.0}


def test_an_adjustment_takes_one_event_back_within_24_hours(fake, client, customer):
    meter = hourly_meter(client)
    tell(client, customer.id, 5, identifier="a")
    cancel = {"event_name": "fixes", "type": "cancel", "cancel": {"identifier": "a"}}
    client.v1.billing.meter_event_adjustments.create(cancel)
    assert counted(client, meter, customer) == {}
    fake.at(NOON + timedelta(hours=25))
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.billing.meter_event_adjustments.create(cancel)


def test_a_repeated_request_gets_the_first_answer_and_another_one_is_refused(fake, client):
    first = client.v1.customers.create({"name": "a"}, {"idempotency_key": "k"})
    again = client.v1.customers.create({"name": "a"}, {"idempotency_key": "k"})
    assert first.id == again.id
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "b"}, {"idempotency_key": "k"})
    fake.at(NOON + timedelta(hours=25))
    assert client.v1.customers.create({"name": "b"}, {"idempotency_key": "k"}).id != first.id


def test_a_key_in_use_is_a_conflict(fake, client):
    entered, go_on = threading.Event(), threading.Event()

    def wait(request):
        entered.set()
        assert go_on.wait(10)

    fake.before_answer = wait
    slow = threading.Thread(
        target=lambda: client.v1.customers.create({"name": "a"}, {"idempotency_key": "k"})
    )
    slow.start()
    assert entered.wait(10)
    with pytest.raises(stripe.APIError) as refused:
        connect(fake).v1.customers.create({"name": "a"}, {"idempotency_key": "k"})
    go_on.set()
    slow.join()
    assert refused.value.http_status == 409


def test_trouble_comes_on_demand(fake, client):
    fake.too_many()
    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.list()
    fake.broken()
    with pytest.raises(stripe.APIError):
        client.v1.customers.list()
    fake.lose_next = 1
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({"name": "done all the same"})
    assert [one.name for one in client.v1.customers.list().data] == ["done all the same"]


def subscribe(client, customer, meter, **extra):
    product = client.v1.products.create({"name": "Plan"})
    price = client.v1.prices.create(
        {
            "product": product.id, "currency": "eur", "billing_scheme": "tiered", "tiers_mode": "graduated",
            "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
            "tiers": [{"up_to": 100, "unit_amount_decimal": "0"}, {"up_to": "inf", "unit_amount_decimal": "1.5"}],
        }
    )  # fmt: skip
    return client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}], **extra})


def test_a_month_passes_by_the_test_clock_and_its_invoice_never_changes(fake, client):
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": int(NOON.timestamp())})
    owner = client.v1.customers.create({"test_clock": clock.id, "name": "c"})
    client.v1.customers.update(owner.id, {"invoice_settings": {"default_payment_method": "pm_card_visa"}})
    meter = hourly_meter(client)
    first = datetime(2026, 12, 1, tzinfo=UTC)
    subscription = subscribe(client, owner, meter, billing_cycle_anchor=int(first.timestamp()))
    tell(client, owner.id, 301)
    ahead = client.v1.invoices.create_preview({"subscription": subscription.id})
    assert ahead.total == 302  # (301 - 100) * 1.5 = 301.5, half up
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": int(first.timestamp()) + 60})
    draft = client.v1.invoices.list({"customer": owner.id}).data[0]
    assert (draft.status, draft.total) == ("draft", 302)
    tell(client, owner.id, 303)  # late, within the hour's grace
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": int(first.timestamp()) + 3700})
    paid = client.v1.invoices.retrieve(draft.id)
    assert (paid.status, paid.total) == ("paid", 305)
    tell(client, owner.id, 999)
    assert client.v1.invoices.retrieve(draft.id).total == 305
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.update(draft.id, {"description": "cheaper"})


def test_webhooks_are_signed_and_come_twice_and_in_any_order(fake, client):
    fake.add_endpoint("http://nobody/", secret="whsec_1")
    for name in "abc":
        client.v1.customers.create({"name": name})
        hourly_meter(client, f"m{name}")
    owner = client.v1.customers.list().data[0]
    client.v1.customers.update(owner.id, {"invoice_settings": {"default_payment_method": "pm_card_visa"}})
    meter = client.v1.billing.meters.list().data[0]
    client.v1.subscriptions.cancel(subscribe(client, owner, meter).id)
    got: list[str] = []

    def post(url: str, body: bytes, signature: str) -> int:
        fresh = stripe.WebhookSignature.verify_header(body, signature, "whsec_1", tolerance=0)
        assert fresh
        got.append(client.construct_event(body, signature, "whsec_1", tolerance=10**9).type)
        return 200 if len(got) > 2 else 500

    fake.deliver(post, times=2, shuffled=True, seed=3)
    assert sorted(got) == ["customer.subscription.created"] * 2 + ["customer.subscription.deleted"] * 2
    assert got != sorted(got)
    fake.deliver(post)
    assert len(got) == 6  # the two that were refused came again
