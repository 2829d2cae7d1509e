"""The request log on a running product: door and API tell of their answers, a phone finds them without a reload."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.product import call, new_customer
from tests.e2e.test_browser import sign_in
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def post(stack, key: str, latitude: float) -> Any:
    at = datetime.now(UTC).isoformat()
    fix = {"recorded_at": at, "latitude": latitude, "longitude": 4.9}
    body = {"device_id": "van-1", "positions": [fix, fix | {"latitude": 99}]}
    return call("POST", f"{stack.base_url}/ingest/v1/positions", key, body)


def test_what_door_and_api_answered_is_on_the_page_within_seconds(stack, new_page):
    customer = new_customer(stack, "asked")
    posted = post(stack, customer.publishable_key, 52.37)
    refused = post(stack, customer.secret_key, 52.37)
    called = call("GET", f"{stack.base_url}/api/v1/devices", customer.secret_key)
    ids = [answer.headers["x-request-id"] for answer in (posted, refused, called)]
    assert [answer.status for answer in (posted, refused, called)] == [202, 401, 200]
    page = sign_in(new_page(), customer)
    page.set_viewport_size({"width": 390, "height": 844})

    def all_there():
        page.goto("/console/requests/")
        text = page.locator("#found").inner_text()
        return all(one in text for one in ids)

    until(all_there, timeout_s=30, every_s=1, says="door and API told, and the tick booked")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = page.locator("#found")
    page.evaluate("window.stayed = true")
    page.get_by_label("Outcome").select_option("partly")
    expect(found).not_to_contain_text(ids[2])
    expect(found).to_contain_text(ids[0])
    expect(found).to_contain_text("1 accepted, 1 refused")
    page.get_by_label("Outcome").select_option("refused")
    expect(found).to_contain_text("wrong_key_kind")
    assert page.evaluate("window.stayed"), "htmx changed the list alone"
    assert "outcome=refused" in page.url
