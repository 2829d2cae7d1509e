"""The supervisors' map in a real browser: filters, zones, alerts, following a device, a day played back."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.product import Customer, call, new_customer
from tests.e2e.test_browser import DEVICE, open_map, shows, sign_in, wait_at
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
MIDDLE = (4.9, 52.3)  # longitude, latitude
FIXES = 161  # of the played morning


def api(customer: Customer, method: str, path: str, body: dict[str, Any]) -> Any:
    answer = call(method, f"{customer.base_url}/api/v1/{path}", customer.secret_key, body)
    assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text[:400]}"
    return answer.document


def square(east: float, side: float = 0.02) -> dict[str, Any]:
    """A zone around the place that many degrees east of the middle."""
    x, y, half = MIDDLE[0] + east, MIDDLE[1], side / 2
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    return {"type": "Polygon", "coordinates": [[[x + dx, y + dy] for dx, dy in corners]]}


def publish_zones(customer: Customer, *zones: dict[str, Any]) -> None:
    """Publish them one by one and wait until the last set is in force."""
    for zone in zones:
        api(customer, "POST", "geofences", {**zone, "publish": True})
    newest = datetime.fromisoformat(customer.get("geofence-versions")["data"][0]["effective_at"])
    until(lambda: datetime.now(UTC) > newest, says="the zones are in force")


def put(customer: Customer, device: str, east: float, *, at: datetime | None = None) -> None:
    """Two fixes three seconds apart: as much as a crossing asks for."""
    at = at or datetime.now(UTC)
    moments = [at - timedelta(seconds=3), at]
    fixes = [
        {
            "recorded_at": one.isoformat(),
            "longitude": MIDDLE[0] + east,
            "latitude": MIDDLE[1],
            "accuracy_m": 5,
        }
        for one in moments
    ]
    assert customer.post(device, fixes).status == 202


def shown(page: Page) -> list[str]:
    """Names in the list, from the top."""
    return page.locator("#fleet-list .fleet-name").all_inner_texts()


def on_map(page: Page, *devices: str) -> list[bool]:
    return [bool(page.evaluate(f"{DEVICE.format(one)}.shown")) for one in devices]


def test_filters_combine_agree_with_the_map_and_travel_in_the_address(stack, new_page):
    customer = new_customer(stack, "filtering")
    publish_zones(
        customer,
        {"name": "West yard", "geometry": square(-0.1)},
        {"name": "East yard", "geometry": square(0.1)},
    )
    put(customer, "alpha-1", -0.1)
    put(customer, "alpha-2", 0.1)
    put(customer, "beta-1", 0.1)
    until(lambda: len(customer.devices()) == 3)
    api(customer, "PATCH", "devices/external:alpha-2", {"metadata": {"hub": "Rotterdam"}})
    api(customer, "PATCH", "devices/external:beta-1", {"metadata": {"hub": "Rotterdam"}})
    page = open_map(new_page(), customer)
    until(lambda: page.evaluate(f"{DEVICE.format('beta-1')}?.zones.length"), says="beta-1 is in a zone")
    page.locator("#fleet-hub").select_option("Rotterdam")
    until(lambda: shown(page) == ["alpha-2", "beta-1"], says="the hub's devices")
    page.get_by_label("Search devices").fill("alpha")
    until(lambda: shown(page) == ["alpha-2"], says="both filters at once")
    assert on_map(page, "alpha-1", "alpha-2", "beta-1") == [False, True, False]
    expect(page.locator("#fleet-total")).to_have_text("1 of 3 devices")
    shared = page.url
    assert "hub=Rotterdam" in shared
    assert "q=alpha" in shared

    other = sign_in(new_page(), customer)
    other.goto(shared)
    shows(other, "window.milepostMap?.ready")
    until(lambda: shown(other) == ["alpha-2"], says="the shared address shows the same")
    other.get_by_role("button", name="Offline").click()
    expect(other.locator("#fleet-none")).to_contain_text("No device matches")
    assert on_map(other, "alpha-2") == [False]
    other.get_by_role("button", name="Clear filters").click()
    until(lambda: len(shown(other)) == 3, says="all again")
    west = other.locator("#fleet-zone option", has_text="West yard")
    expect(west).to_have_text("West yard (1)")
    other.locator("#fleet-zone").select_option(label="West yard (1)")
    until(lambda: shown(other) == ["alpha-1"], says="who is in the zone")


def test_a_zone_on_the_map_tells_who_is_inside_and_leads_to_its_page(stack, new_page):
    customer = new_customer(stack, "zones")
    publish_zones(customer, {"name": "Harbour depot", "geometry": square(0)})
    put(customer, "inside", 0.001)
    put(customer, "outside", 0.05)
    page = open_map(new_page(), customer)
    wait_at(page, "inside", MIDDLE[1])
    shows(page, "milepostMap.zones.includes('Harbour depot')")
    corner = [MIDDLE[0] + 0.008, MIDDLE[1] + 0.002]  # in sight, and no marker there

    def opened() -> bool:
        box = page.locator("#map").bounding_box()
        x, y = page.evaluate("(place) => milepostMap.project(place)", corner)
        assert box is not None
        page.mouse.click(box["x"] + x, box["y"] + y)
        return page.locator("#zone").is_visible()

    until(opened, says="the zone is drawn and opens", timeout_s=60, every_s=1)
    expect(page.locator("#zone-name")).to_have_text("Harbour depot")
    expect(page.locator("#zone-inside")).to_have_text("1 inside now")
    page.get_by_role("button", name="Show only these").click()
    until(lambda: shown(page) == ["inside"], says="the zone's devices")
    page.get_by_role("button", name="Show all again").click()
    until(lambda: len(shown(page)) == 2, says="all again")
    assert re.search(
        r"/console/geofences/gf_[0-9a-f]{32}/", str(page.locator("#zone-link").get_attribute("href"))
    )
    page.get_by_role("button", name="Zones", exact=True).click()
    expect(page.locator("#zone")).to_be_hidden()
    assert "zones=off" in page.url


def test_an_alert_appears_without_a_reload_and_says_who_took_it_on(stack, new_page):
    customer = new_customer(stack, "alerting")
    publish_zones(customer, {"name": "Closed yard", "geometry": square(0.03), "alert_on_enter": True})
    now = datetime.now(UTC)
    put(customer, "van-7", 0.0, at=now - timedelta(seconds=90))
    page, other = open_map(new_page(), customer), open_map(new_page(), customer)
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("#alerts-count")).to_be_hidden()
    put(customer, "van-7", 0.03)
    expect(page.locator("#alerts-count")).to_have_text("1")
    expect(page.locator("#alerts-says")).to_contain_text("van-7")
    page.get_by_role("tab", name="Alerts").click()
    row = page.locator("#alerts li").filter(has_text="Closed yard")
    expect(row).to_contain_text("van-7")
    row.get_by_role("button", name="Acknowledge").click()
    expect(row).to_contain_text("Acknowledged by")
    expect(page.locator("#alerts-count")).to_be_hidden()
    other.get_by_role("tab", name="Alerts").click()
    expect(other.locator("#alerts li").filter(has_text="Closed yard")).to_contain_text("Acknowledged by")
    row.locator(".alert-go").click()
    expect(page.locator("#device-name")).to_have_text("van-7")
    shows(page, f"Math.abs(milepostMap.camera[0] - {MIDDLE[0] + 0.03}) < 0.02")
    assert page.evaluate("window.neverReloaded === true")


def test_the_camera_follows_one_device_until_the_map_is_dragged(stack, new_page):
    customer = new_customer(stack, "following")
    put(customer, "van-1", 0.0, at=datetime.now(UTC) - timedelta(seconds=60))
    page = open_map(new_page(), customer)
    wait_at(page, "van-1", MIDDLE[1])
    page.locator("#fleet-list button").first.click()
    page.get_by_role("button", name="Follow").click()
    expect(page.locator("#spoken")).to_contain_text("Following van-1")
    put(customer, "van-1", 0.01)
    shows(page, f"Math.abs({DEVICE.format('van-1')}.longitude - {MIDDLE[0] + 0.01}) < 1e-4")
    place = f"milepostMap.project([{MIDDLE[0] + 0.01}, {MIDDLE[1]}])"
    shows(page, f"(([x, y]) => x > 100 && x < 800 && y > 100 && y < 600)({place})")
    page.mouse.move(600, 600)
    page.mouse.down()
    page.mouse.move(500, 500, steps=8)
    page.mouse.up()
    expect(page.locator("#spoken")).to_contain_text("Not following van-1")
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")


def drive_yesterday(customer: Customer, device: str) -> str:
    """Ten minutes on the way, twenty standing, ten on the way, from ten o'clock; posted now. Returns the day."""
    begins = (datetime.now(UTC) - timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    fixes, east = [], 0.0
    for step in range(FIXES):
        east += 0.0 if 40 <= step < 120 else 0.002
        at = begins + timedelta(seconds=15 * step)
        fixes.append(
            {
                "recorded_at": at.isoformat(),
                "longitude": MIDDLE[0] + east,
                "latitude": MIDDLE[1],
                "accuracy_m": 5,
            }
        )
    for start in range(0, len(fixes), 50):
        assert customer.post(device, fixes[start : start + 50]).status == 202
    return begins.date().isoformat()


def stored(customer: Customer, device: str, day: str) -> int:
    """How many positions of that morning are in the history."""
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    known = device in customer.devices()
    return len(customer.positions(device, noon - timedelta(hours=3), noon)) if known else 0


def slide_to(page: Page, time: str) -> None:
    """Put the slider at a time of day, as dragging it does."""
    hours, minutes = map(int, time.split(":"))
    page.locator("#playback-slider").fill(str(hours * 3600 + minutes * 60))
    expect(page.locator("#playback-time")).to_have_text(f"{time}:00")


def ghost(page: Page) -> dict[str, Any] | None:
    ghosts = page.evaluate("milepostMap.ghosts")
    return ghosts[0] if ghosts else None


def test_a_day_is_played_and_what_was_not_known_then_is_hidden(stack, new_page):
    customer = new_customer(stack, "playing")
    day = drive_yesterday(customer, "van-9")
    until(lambda: stored(customer, "van-9", day) == FIXES, timeout_s=60, says="the day is stored")
    page = open_map(new_page(), customer)
    page.locator("#fleet-list button").first.click()
    page.get_by_role("button", name="Play a day").click()
    page.locator("#playback-date").fill(day)
    bars = page.locator("#playback-lanes .bar-of-day")
    expect(bars).to_have_count(3)
    kinds = [bar.get_attribute("data-kind") for bar in bars.all()]
    assert kinds == ["moving", "stopped", "moving"]
    slide_to(page, "10:05")
    before = until(lambda: ghost(page), says="the played marker")
    slide_to(page, "10:38")
    after = until(lambda: ghost(page))
    assert before
    assert after
    assert after["longitude"] > before["longitude"] + 0.05
    slide_to(page, "10:20")
    expect(page.locator("#playback-says")).to_contain_text("Stopped")
    page.get_by_text("The day as a list").click()
    expect(page.locator("#playback-story li")).to_have_count(3)
    page.locator("#playback-story button").nth(2).click()
    expect(page.locator("#playback-says")).to_contain_text("Moving")
    page.get_by_role("button", name="Play", exact=True).click()
    moved = page.locator("#playback-time").inner_text()
    expect(page.locator("#playback-time")).not_to_have_text(moved)
    page.get_by_role("button", name="Pause").click()

    slide_to(page, "10:20")
    page.get_by_label("As known then").check()  # all of it was posted a day later
    expect(page.locator("#playback-says")).to_contain_text("had not arrived yet")
    until(lambda: ghost(page) is None, says="no marker of what was not known")
    assert f"day={day}" in page.url
    page.get_by_role("button", name="Back to live").click()
    expect(page.locator("#playback")).to_be_hidden()
    shows(page, "milepostMap.ghosts.length === 0")


def test_the_whole_fleet_is_shown_as_it_was_known(stack, new_page):
    customer = new_customer(stack, "history")
    put(customer, "van-1", 0.0)
    until(lambda: len(customer.devices()) == 1)
    page = open_map(new_page(), customer)
    page.get_by_role("button", name="History").click()
    until(lambda: ghost(page), says="the fleet as known now")
    page.locator("#playback-earlier").click()
    expect(page.locator("#playback-says")).to_contain_text("No device was known then")
    page.keyboard.press("Escape")
    expect(page.locator("#playback")).to_be_hidden()
