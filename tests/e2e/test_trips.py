"""A trip as a stranger follows it in a real browser: on its way, withheld, arrived, and the link's end."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Customer, call, manage, new_customer
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
GOAL = {"longitude": 4.9, "latitude": 52.37}
EXPIRE = """
from tracker.trips.models import TripShare
from django.utils import timezone
from datetime import timedelta
rows = TripShare.objects.unscoped("a test turns the clock")
print(rows.filter(uid="{uid}").update(expires_at=timezone.now() - timedelta(seconds=1)))
"""


def api(customer: Customer, path: str, body: Any) -> Any:
    answer = call("POST", f"{customer.base_url}/api/v1/{path}", customer.secret_key, body)
    assert answer.status in {200, 201}, answer.text
    return answer.document


def go(customer: Customer, longitude: float, times: int = 1) -> None:
    for _ in range(times):
        position = {"recorded_at": datetime.now(UTC).isoformat(), "longitude": longitude, "latitude": 52.37}
        assert customer.post("van-1", [position]).status == 202


def test_a_stranger_follows_a_trip_until_it_arrives_and_the_link_until_it_ends(stack, new_page):
    customer = new_customer(stack, "waited-for")
    go(customer, 4.86)
    until(lambda: len(customer.devices()) == 1)
    trip = api(
        customer, "trips", {"device": "external:van-1", "destination": GOAL, "destination_name": "Dam 1"}
    )
    exact = api(customer, f"trips/{trip['id']}/shares", {})
    coarse = api(customer, f"trips/{trip['id']}/shares", {"reveal_within_m": 500})
    page, shy = new_page(), new_page()
    page.goto(exact["url"])
    shy.goto(coarse["embed_url"])
    for one in (page, shy):
        expect(one.locator("#headline")).to_have_text("On its way")
        expect(one.locator("#when")).to_contain_text("Expected in")
        assert one.context.cookies() == []
    expect(page.locator("#band")).to_contain_text("80 % by")
    expect(page.locator("#map")).to_be_visible()
    go(customer, 4.861)
    expect(shy.locator("#hint")).to_have_text("The exact place is shown when it is near.")
    state = json.loads(shy.request.get(f"{coarse['url']}/state").text())
    assert "position" not in state
    until(lambda: "position" in page.request.get(f"{exact['url']}/state").json(), timeout_s=20)
    page.evaluate("window.neverReloaded = true")
    # two minutes of driving are told at once, so that the jump is none
    began = datetime.now(UTC).timestamp() - 100
    way = [
        {"recorded_at": began + 5 * n, "longitude": 4.861 + 0.0021 * n, "latitude": 52.37}
        for n in range(1, 19)
    ]
    assert customer.post("van-1", way).status == 202
    go(customer, 4.9, times=3)
    expect(page.locator("#headline")).to_have_text("Arrived", timeout=60_000)
    expect(page.locator("#when")).to_contain_text("Arrived at")
    expect(page.locator("#map")).to_be_hidden()
    assert page.evaluate("window.neverReloaded") is True
    uid = exact["id"].removeprefix("shr_")
    assert manage(stack, "shell", "-c", EXPIRE.format(uid=uid)).strip().endswith("1")
    page.reload()
    until(lambda: page.reload() is None or page.locator("h1").inner_text() == "Nothing to follow here")
    expect(page.locator("main")).to_contain_text("Ask whoever sent it to you")
    again = api(customer, f"trips/{trip['id']}/shares", {})
    page.goto(again["url"])
    expect(page.locator("#headline")).to_have_text("Arrived")
