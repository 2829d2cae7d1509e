"""A supervisor's day in a real browser: a zone drawn, a van driven in, the alert, the webhook, the shared link."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Customer, call, manage, new_customer
from tests.e2e.receiver import receiving
from tests.e2e.test_browser import open_map
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
DEPOT = (73.86, 18.52)  # longitude, latitude: the middle of the zone
SIDE = 0.01  # degrees: the zone is a kilometre wide
EXPIRE = """
from datetime import timedelta
from django.utils import timezone
from tracker.trips.models import TripShare
rows = TripShare.objects.unscoped("the test lets its link expire")
print("EXPIRED", rows.update(expires_at=timezone.now() - timedelta(seconds=1)))
"""


def post(customer: Customer, path: str, body: dict) -> dict:
    answer = call("POST", f"{customer.base_url}/api/v1/{path}", customer.secret_key, body)
    assert answer.status in (200, 201, 202), f"{path}: {answer.status} {answer.text[:400]}"
    made: dict = answer.document
    return made


def drive(
    customer: Customer, device: str, *, seconds_ago: int, steps: int, east_from: float, east_to: float
) -> None:
    """Post a drive through the middle of the zone, a fix each second, in degrees east of the middle."""
    begins = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    fixes = [
        {
            "recorded_at": (begins + timedelta(seconds=step)).isoformat(),
            "longitude": DEPOT[0] + east_from + (east_to - east_from) * step / (steps - 1),
            "latitude": DEPOT[1],
            "accuracy_m": 5,
        }
        for step in range(steps)
    ]
    assert customer.post(device, fixes).status == 202


def square() -> dict:
    west, south = DEPOT[0] - SIDE / 2, DEPOT[1] - SIDE / 2
    ring = [
        (west, south),
        (west + SIDE, south),
        (west + SIDE, south + SIDE),
        (west, south + SIDE),
        (west, south),
    ]
    return {"type": "Polygon", "coordinates": [[list(place) for place in ring]]}


def kinds(events: list[dict]) -> list[str]:
    return [event["type"] for event in events]


def test_a_zone_a_van_an_alert_a_webhook_and_a_link_that_ends(stack, new_page):
    customer = new_customer(stack, "story")
    with receiving() as receiver:
        hook = post(customer, "webhook-endpoints", {"url": receiver.url, "kinds": ["geofence.*", "trip.*"]})
        until(
            lambda: customer.get(f"webhook-endpoints/{hook['endpoint']['id']}")["state"] == "enabled",
            timeout_s=30,
        )
        drive(customer, "van-1", seconds_ago=600, steps=5, east_from=-0.01, east_to=-0.0095)
        page = open_map(new_page(), customer)
        zone = post(
            customer,
            "geofences",
            {"name": "Harbour depot", "geometry": square(), "alert_on_enter": True, "publish": True},
        )
        until(
            lambda: datetime.now(UTC) > _effective(customer) + timedelta(seconds=70), timeout_s=90, every_s=1
        )
        drive(customer, "van-1", seconds_ago=9, steps=9, east_from=-0.0075, east_to=0.0)

        page.get_by_role("tab", name="Alerts").click()
        alert = page.locator("#alerts li").filter(has_text="Harbour depot")
        expect(alert).to_be_visible()
        alert.get_by_role("button", name="Acknowledge").click()
        until(lambda: customer.get("alerts")["data"][0]["acknowledged_at"], says="acknowledged")

        entered = until(
            lambda: [e for e in receiver.events(hook["secret"]) if e["type"] == "geofence.entered"],
            timeout_s=30,
        )
        assert entered[0]["data"]["to"] == {"id": zone["id"], "external_id": None, "name": "Harbour depot"}
        assert entered[0]["data"]["from"] is None
        assert entered[0]["data"]["device"]["external_id"] == "van-1"

        trip = post(
            customer,
            "trips",
            {
                "device": "external:van-1",
                "destination": {"longitude": DEPOT[0] + 0.2, "latitude": DEPOT[1]},
                "destination_name": "Customer in the east",
            },
        )
        link = post(customer, f"trips/{trip['id']}/shares", {})
        stranger = new_page()
        answer = stranger.goto(link["url"])
        assert answer is not None
        assert answer.status == 200
        expect(stranger.locator("main")).to_contain_text("Customer in the east")
        until(lambda: "trip.created" in kinds(receiver.events(hook["secret"])), timeout_s=30)

        assert "EXPIRED" in manage(stack, "shell", "-c", EXPIRE)
        gone = stranger.request.get(link["url"])  # the open page may be about to load itself again
        assert gone.status in (404, 410)
        assert "Customer in the east" not in gone.text()
        expect(stranger.locator("main")).not_to_contain_text("Customer in the east", timeout=90_000)
        again = post(customer, f"trips/{trip['id']}/shares", {})
        assert stranger.request.get(again["url"]).status == 200


def _effective(customer: Customer) -> datetime:
    version = customer.get("geofence-versions")["data"][0]
    return datetime.fromisoformat(version["effective_at"])
