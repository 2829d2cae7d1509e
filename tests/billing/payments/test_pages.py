"""The page of payments: the way to checkout and back, what is said without a provider, and who may go there."""

import ast
import logging

import pytest
import stripe
from django.test import Client
from django.urls import reverse

from billing.payments import client, services
from billing.payments.port import BadSignature, Final, NotThere, Retriable
from tests.architecture.sources import PROJECT, python, tree
from tests.billing.payments.conftest import NOON, account_of, page, submit
from tracker.http.security import content_security_policy
from tracker.tenants.models import Role


@pytest.fixture
def browser(customer, signed_in):
    return signed_in(customer.owner)


def test_without_a_provider_the_page_says_so_and_offers_nothing(browser, settings):
    settings.STRIPE_SECRET_KEY = ""
    answer = browser.get(reverse("console_payment"))
    assert b"not set up on this installation" in answer.content
    assert b"checkout" not in answer.content
    assert browser.post(reverse("console_payment_checkout")).url == reverse("console_payment")


def test_one_subscribes_on_the_providers_page_and_comes_back(fake, customer, plan, browser):
    assert b"No subscription yet" in browser.get(reverse("console_payment")).content
    away = browser.post(reverse("console_payment_checkout"))
    assert away.status_code == 302
    assert away.url.startswith(fake.url)
    assert "<h1>Subscribe</h1>" in page(away.url)
    back = submit(away.url, card="4242 4242 4242 4242")
    assert "/console/billing/payment/done/?session=cs_test_" in back
    assert (
        b"you are subscribed"
        in browser.get(back.split("8000")[-1] if "8000" in back else reverse("console_payment_done")).content
    )
    shown = browser.get(reverse("console_payment")).content
    assert b"Paid by subscription" in shown
    assert b"Cards and receipts" in shown
    assert browser.post(reverse("console_payment_portal")).url.startswith(f"{fake.url}/p/session/")
    again = browser.post(reverse("console_payment_checkout"), follow=True)
    assert b"You pay by subscription already" in again.content


def test_two_clicks_are_one_customer(fake, customer, plan):
    for _ in range(2):
        services.checkout_url(
            customer.tenant, email="o@x.example", success="http://a/", cancel="http://a/", now=NOON
        )
    assert len(fake.state.all("customer")) == 1
    assert len(fake.state.all("session")) == 1


def test_only_admins_go_there(fake, customer, signed_in):
    for name in (
        "console_payment",
        "console_payment_checkout",
        "console_payment_portal",
        "console_payment_done",
    ):
        assert (
            signed_in(customer.member(Role.VIEWER, f"{name}@x.example")).get(reverse(name)).status_code == 403
        )
        assert Client().get(reverse(name)).status_code == 302


def test_trouble_at_the_provider_is_said_in_words(fake, customer, plan, browser):
    fake.broken()
    answer = browser.post(reverse("console_payment_checkout"), follow=True)
    assert b"Nothing was charged" in answer.content


def test_forms_may_lead_to_where_customers_pay_and_nowhere_else(settings):
    settings.PAYMENT_PAGES = []
    assert "form-action 'self';" in content_security_policy()
    settings.PAYMENT_PAGES = ["https://checkout.stripe.com", "https://billing.stripe.com"]
    assert (
        "form-action 'self' https://checkout.stripe.com https://billing.stripe.com;"
        in content_security_policy()
    )


def test_the_plans_prices_and_fee_stand_at_the_provider(fake, customer, plan, subscribe):
    subscribe()
    prices = {one["recurring"]["meter"]: one for one in fake.state.all("price")}
    meters = {one["event_name"]: one for one in fake.state.all("meter")}
    assert all(one["event_time_window"] == "hour" for one in meters.values())
    fixes = prices[meters["milepost_fixes_accepted"]["id"]]
    assert [(t["up_to"], t["unit_amount_decimal"]) for t in fixes["tiers"]] == [("100", "0"), ("inf", "1.5")]
    assert account_of(customer).price_keys == sorted(one["lookup_key"] for one in fake.state.all("price"))


def test_only_one_file_knows_the_providers_library():
    found = set()
    for path in python("billing", "tracker", "dispatch", "config", "ingest_lambda"):
        for node in ast.walk(tree(path)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "stripe" for name in names):
                found.add(str(path))
    assert found == {"billing/payments/client.py"}
    assert (PROJECT / "billing/payments/client.py").is_file()


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (stripe.RateLimitError("slow", http_status=429, headers={"retry-after": "7"}), Retriable),
        (stripe.APIConnectionError("away"), Retriable),
        (stripe.APIError("broken", http_status=500), Retriable),
        (stripe.APIError("in use", http_status=409), Retriable),
        (stripe.AuthenticationError("sk_live_secret", http_status=401), Retriable),
        (stripe.InvalidRequestError("no", "id", http_status=404), NotThere),
        (stripe.CardError("declined", "card", "card_declined", http_status=402), Final),
        (stripe.SignatureVerificationError("no", "t=1"), BadSignature),
    ],
)
def test_every_error_of_the_library_becomes_one_of_ours(error, ours):
    with pytest.raises(ours) as raised, client._our_errors():
        raise error
    assert "sk_live" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_neither_key_nor_secrets_nor_customers_data_reach_the_log(fake, customer, plan, subscribe, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("stripe").setLevel(logging.WARNING)
    fake.too_many(1)
    with pytest.raises(Retriable):
        services.ensure_customer(customer.tenant, email="o@x.example")
    subscribe()
    for secret in (fake.key, "whsec_whole", "o@x.example"):
        assert secret not in caplog.text
