"""Drivers' phones and customers' links by the API."""

import pytest
from django.test import Client

from tests.dispatch.rounds import a_round
from tracker.http.times import parse_moment
from tracker.tenants import scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def route(customer):
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        yield a_round(customer.test, 1, now=parse_moment("2026-05-04T06:00:00Z"))


def test_a_link_by_the_api_signs_a_phone_in_and_the_api_signs_it_out(api, route):
    phone = f"drivers/{route.driver.public_id}/phone"
    assert api.json(phone)["signed_in"] is False
    made = api.post(f"drivers/{route.driver.public_id}/sign-in-links")
    assert made.status_code == 201
    browser = Client(headers={"X-Milepost-Driver": "1", "User-Agent": "Phone of a test"})
    assert browser.post(made.json()["url"]).status_code == 302
    assert browser.get("/d/api/day").status_code == 200
    shown = api.json(phone)
    assert (shown["signed_in"], shown["phone"]) == (True, "Phone of a test")
    assert api.send("DELETE", f"/api/v1/{phone}").status_code == 204
    assert browser.get("/d/api/day").status_code == 401


def test_a_customers_link_is_the_same_each_time_and_opens_their_page(api, route):
    first, again = (api.json("shipments/external:MP-1001/tracking-link")["url"] for _ in range(2))
    assert first == again
    assert "MP-1001" in Client().get(first).content.decode()


def test_what_is_not_there_has_no_phone_and_no_link(api, route):
    for path in ("drivers/drv_" + "0" * 32 + "/phone", "shipments/external:nothing/tracking-link"):
        assert api.get(path).status_code == 404
