"""What we rely on of the provider, asked through the port: of the fake always, of Stripe where a test key is given."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.payments.folding import next_month
from billing.payments.port import AlreadyTaken, NotThere, PriceOrder, Tier
from tests.billing.payments.provider_suite.conftest import until

HOUR = timedelta(hours=1)


@pytest.fixture
def customer(provider) -> str:
    return str(
        provider.make_customer(
            name="Suite", email="suite@example.com", reference="suite", key=uuid.uuid4().hex
        )
    )


@pytest.fixture
def meter(provider) -> tuple[str, str]:
    """One for all runs: Stripe keeps meters for ever."""
    return "suite", provider.meter("suite", "Suite")


def tell(provider, customer, quantity, at, identifier=""):
    name = identifier or uuid.uuid4().hex
    provider.tell_use(meter="suite", customer=customer, quantity=quantity, at=at, identifier=name)


def order(key: str) -> PriceOrder:
    tiers = (Tier(100, Decimal(0)), Tier(None, Decimal("1.5")))
    return PriceOrder(key, "suite", "Suite", "EUR", "suite", "graduated", tiers)


def test_a_customer_is_made_once_by_its_key(provider):
    key = uuid.uuid4().hex
    numbers = {
        provider.make_customer(name="Twice", email="t@example.com", reference="t", key=key) for _ in range(2)
    }
    assert len(numbers) == 1


def test_a_meter_is_made_once(provider, meter):
    assert provider.meter("suite", "Suite") == meter[1]


def test_the_latest_total_of_an_hour_stands(provider, customer, meter, hour):
    for quantity in (5, 9, 7):
        tell(provider, customer, quantity, hour)
    span = {"meter_id": meter[1], "customer": customer, "first": hour, "last": hour + HOUR, "by_hour": True}
    assert until(lambda: provider.use_told(**span), {hour: 7}) == {hour: 7}


def test_an_identifier_is_taken_once(provider, customer, meter, hour):
    name = uuid.uuid4().hex
    tell(provider, customer, 5, hour, name)
    with pytest.raises(AlreadyTaken):
        tell(provider, customer, 5, hour, name)


def test_a_price_is_made_once_by_its_key(provider, meter):
    key = f"suite:{uuid.uuid4().hex}"
    assert provider.price(order(key), meter_id=meter[1]) == provider.price(order(key), meter_id=meter[1])


def test_checkout_and_portal_are_pages_elsewhere(provider, customer, meter):
    price = provider.price(order("suite:checkout"), meter_id=meter[1])
    anchor = next_month(datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    url = provider.checkout(
        customer=customer, prices=[(price, True)], anchor=anchor, success="https://example.com/s",
        cancel="https://example.com/c", reference="suite", taxes=False, key=uuid.uuid4().hex,
    )  # fmt: skip
    assert url.startswith(("http://127.0.0.1", "https://"))


def test_a_new_customer_owes_nothing_and_has_no_subscription(provider, customer):
    assert provider.subscriptions(customer) == []
    assert provider.invoices(customer) == []


def test_what_is_not_there_is_said_so(provider):
    with pytest.raises(NotThere):
        provider.preview("sub_nobody")
