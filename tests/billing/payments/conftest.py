"""A fake Stripe at noon of a day, the settings that lead to it, and use that tests write by hand."""

import http.client
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from django.test import Client

from billing.payments import client, news, services, usage
from billing.payments.accounts import refresh
from billing.payments.hours import Used
from billing.payments.models import PaymentAccount
from billing.plans.models import Plan, PlanChoice, PlanPrice
from tests.fake_stripe import FakeStripe
from tests.tracker.conftest import no_plan_is_sold
from tracker.tenants import scope

__all__ = ["no_plan_is_sold"]  # what steps lower is an installation's own limits, not the default plan's

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def fake(settings):
    with FakeStripe() as server:
        server.at(NOON)
        settings.STRIPE_SECRET_KEY = server.key
        settings.STRIPE_API_BASE = server.url
        settings.STRIPE_WEBHOOK_SECRET = "whsec_whole"
        settings.STRIPE_EVENTS_SECRET = "whsec_thin"
        server.add_endpoint("http://ours/billing/stripe/webhook/", secret="whsec_whole")
        server.add_endpoint("http://ours/billing/stripe/events/", secret="whsec_thin", thin=True)
        yield server
        client._connected.cache_clear()


@dataclass
class Book:
    """Use by meter and hour, as the meters' selectors would give it."""

    rows: dict[tuple[str, datetime], tuple[int, int]] = field(default_factory=dict)

    def use(self, hour: datetime, quantity: int, meter: str = "fixes_accepted") -> None:
        """The hour's total is this from now on."""
        _, revision = self.rows.get((meter, hour), (0, 0))
        self.rows[(meter, hour)] = (quantity, revision + 1)

    def hourly(self, _tenant: int, meter: str, first: datetime, last: datetime) -> list[Used]:
        found = [Used(h, *row) for (m, h), row in self.rows.items() if m == meter and first <= h < last]
        return sorted(found)

    def total(self, meter: str = "fixes_accepted") -> int:
        return sum(quantity for (m, _), (quantity, _) in self.rows.items() if m == meter)


@pytest.fixture
def book(monkeypatch) -> Book:
    """Ours to write; one meter beside the plan's fee."""
    kept = Book()
    monkeypatch.setattr(usage, "counted", kept.hourly)
    monkeypatch.setattr(
        usage, "meters", lambda: {"fixes_accepted": "Fixes accepted", usage.PLAN_FEE: "Plan fee"}
    )
    return kept


@pytest.fixture
def plan(customer) -> Plan:
    """A hundred fixes free, then one and a half cents each, and five euros a month; since the first of the month."""
    row = Plan.objects.create(
        code="tests", name="Tests", currency="EUR", effective_from=FIRST - timedelta(days=90)
    )
    PlanPrice.objects.create(plan=row, meter="", scheme="flat", flat_minor=500)
    PlanPrice.objects.create(
        plan=row, meter="fixes_accepted", scheme="per_unit", free_quantity=100, unit_minor="1.5"
    )
    with scope.scope(tenant_id=customer.tenant.pk):
        PlanChoice.objects.create(tenant=customer.tenant, plan=row, starts_at=FIRST - timedelta(days=60))
    return row


def submit(url: str, **fields: str) -> str:
    """Send a hosted page's form as a browser would; where it leads in the end, which nobody visits."""

    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.netloc, timeout=10)
    link.request("POST", parts.path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})
    answer = link.getresponse()
    answer.read()
    assert answer.status == 303, answer.status
    return answer.headers["Location"]


def page(url: str) -> str:
    with urlopen(Request(url), timeout=10) as answer:
        return str(answer.read().decode())


@pytest.fixture
def subscribe(fake, customer, plan, book) -> Callable[..., PaymentAccount]:
    """Go through checkout with this card; the account as it is then."""

    def go(card: str = "4242424242424242", now: datetime = NOON) -> PaymentAccount:
        url = services.checkout_url(
            customer.tenant,
            email="o@x.example",
            success="http://ours/done?s={CHECKOUT_SESSION_ID}",
            cancel="http://ours/",
            now=now,
        )
        assert submit(url, card=card).startswith("http://ours/done?s=cs_test_")
        refresh(customer.tenant.pk, client.payments(), now=now)
        return account_of(customer)

    return go


def account_of(customer) -> PaymentAccount:
    found = services.account_of(customer.tenant.pk)
    assert found is not None
    return found


@pytest.fixture
def post(db) -> Callable[[str, bytes, str], int]:
    """Delivers a webhook to our own addresses."""

    def send(url: str, body: bytes, signature: str) -> int:
        path = url.removeprefix("http://ours")
        answer = Client().post(
            path, body, content_type="application/json", headers={"stripe-signature": signature}
        )
        return answer.status_code

    return send


def act(now: datetime = NOON) -> int:
    """Act on all news that waits."""
    return news.process_due(now=now + timedelta(days=400))


def rows(model, customer) -> list:
    with scope.scope(tenant_id=customer.tenant.pk):
        return list(model.objects.for_tenant(customer.tenant).order_by("hour"))
