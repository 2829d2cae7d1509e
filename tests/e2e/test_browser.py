"""The main job in a real browser: sign up, run the line, see the dot; markers move, lines heal, rivals see nothing."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from box.place import PROJECT
from playwright.sync_api import Page, expect

from tests.e2e.product import PASSWORD, Customer, new_customer
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
DEVICE = "milepostMap.device({!r})"


def sign_in(page: Page, customer: Customer) -> Page:
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(customer.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit], main button.primary").first.click()
    page.wait_for_url("**/console/**")
    return page


def open_map(page: Page, customer: Customer) -> Page:
    sign_in(page, customer).goto("/map")
    shows(page, "window.milepostMap?.ready && milepostMap.connection === 'live'")
    return page


def shows(page: Page, script: str, *, timeout_s: float = 30.0) -> None:
    """Until the script is true in the page. Playwright's own wait evaluates text, which the page's policy forbids."""
    until(lambda: page.evaluate(script), timeout_s=timeout_s, every_s=0.1, says=script)


def here(latitude: float, longitude: float) -> list[dict]:
    return [{"recorded_at": datetime.now(UTC).isoformat(), "latitude": latitude, "longitude": longitude}]


def fix(customer: Customer, device: str, latitude: float, longitude: float) -> None:
    assert customer.post(device, here(latitude, longitude)).status == 202


def wait_at(page: Page, device: str, latitude: float) -> None:
    """Until the device's marker stands there; markers glide, so it may take a moment."""
    shows(page, f"Math.abs({DEVICE.format(device)}?.latitude - {latitude}) < 1e-4")


def stay(page: Page) -> None:
    """Mark the page, so that a reload would show."""
    page.evaluate("window.neverReloaded = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.neverReloaded === true"))


def test_from_sign_up_to_the_dot_without_a_reload(stack, new_page):
    page = new_page()
    page.goto("/accounts/signup/")
    page.locator("[name=email]").fill("newcomer@example.com")
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=organisation]").fill("Newcomers")
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/console/quickstart/")
    expect(page.locator("#watch-status")).to_contain_text("Waiting for your first position")
    stay(page)
    page.get_by_role("button", name="Copy").first.click()
    line = until(lambda: page.evaluate("navigator.clipboard.readText()"))
    assert line.startswith("curl")
    ran = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30, check=False)
    assert '"request_id":"req_' in ran.stdout.replace(" ", ""), ran.stdout + ran.stderr
    expect(page.locator("#watch")).to_have_attribute("data-state", "here", timeout=10_000)
    expect(page.locator("#watch-facts")).to_be_visible()
    assert stayed(page)
    page.get_by_role("link", name="Open the live map").click()
    shows(page, "window.milepostMap?.ready")
    assert page.evaluate("milepostMap.deviceCount") == 1
    expect(page.locator("#fleet-list")).to_contain_text("my-first-device")


def test_markers_move_while_a_simulated_fleet_drives(stack, new_page):
    customer = new_customer(stack, "driving")
    page = open_map(new_page(), customer)
    stay(page)
    words = [
        "simulate",
        "--devices",
        "15",
        "--interval",
        "1",
        "--seconds",
        "90",
        "--base-url",
        stack.base_url,
    ]
    fleet = subprocess.Popen(
        [sys.executable, "manage.py", *words, "--key", customer.publishable_key],
        cwd=PROJECT,
        env=stack.environment(),
        stdout=subprocess.DEVNULL,
    )
    try:
        shows(page, "milepostMap.deviceCount === 15")
        names = [device["external_id"] for device in customer.devices().values()]
        places = f"{names!r}.map((id) => milepostMap.device(id)).map((d) => [d.longitude, d.latitude])"
        before = page.evaluate(places)

        def moved() -> bool:
            now: list[list[float]] = page.evaluate(places)
            changed = [one for one, other in zip(before, now, strict=True) if one != other]
            return len(changed) >= 5

        until(moved, timeout_s=40, says="five of fifteen markers moved")
        assert page.evaluate("milepostMap.device('pune-van-1').name") == "Van 1"
        assert stayed(page)
    finally:
        fleet.terminate()
        fleet.wait(10)


def test_a_cut_line_says_so_and_heals_with_all_that_happened_meanwhile(stack, new_page):
    customer = new_customer(stack, "healing")
    fix(customer, "old", 52.0, 4.9)
    page = open_map(new_page(), customer)
    wait_at(page, "old", 52.0)
    stay(page)
    # steps of a hundred metres: a kilometre within these seconds would be judged a teleport
    stack.stop("live")
    try:
        expect(page.locator("#line")).to_have_attribute("data-state", "waiting")
        expect(page.locator("#line")).to_contain_text("Reconnecting")
        fix(customer, "old", 52.001, 4.9)
        fix(customer, "new", 52.5, 5.0)
        until(lambda: len(customer.devices()) == 2)
    finally:
        stack.start("live")
    shows(page, "milepostMap.connection === 'live'", timeout_s=60)
    expect(page.locator("#line")).to_contain_text("Live")
    wait_at(page, "new", 52.5)
    wait_at(page, "old", 52.001)
    fix(customer, "new", 52.501, 5.0)
    wait_at(page, "new", 52.501)
    assert stayed(page)


def test_a_second_tenant_sees_none_of_it(stack, new_page):
    ours, rival = new_customer(stack, "watched"), new_customer(stack, "rival")
    our_page, rival_page = open_map(new_page(), ours), open_map(new_page(), rival)
    fix(ours, "secret-van", 52.1, 4.9)
    wait_at(our_page, "secret-van", 52.1)
    device = our_page.evaluate(f"{DEVICE.format('secret-van')}.id")
    # what the rival's own page is told comes after what ours was told
    fix(rival, "own-van", 48.0, 2.0)
    wait_at(rival_page, "own-van", 48.0)
    assert rival_page.evaluate("milepostMap.deviceCount") == 1
    assert rival_page.evaluate(DEVICE.format(device)) is None
    assert (
        rival_page.evaluate("(id) => fetch(`/map/devices/${id}/track`).then((r) => r.status)", device) == 404
    )
    heard = rival_page.evaluate(LISTEN_TO, ours.environment_id)
    assert heard["frames"] == 0
    assert heard["closed"]
    mine = rival_page.evaluate(LISTEN_TO, rival.environment_id)
    assert mine["frames"] > 0, "the same question about one's own environment is answered"


# opens the live socket of an environment and tells how many frames came before it closed or spoke
LISTEN_TO = """(environment) => new Promise((resolve) => {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/live/?environment=${environment}`);
  const heard = { frames: 0, closed: false };
  socket.onmessage = (message) => {
    heard.frames += JSON.parse(message.data).type === "snapshot" ? 1 : 0;
    if (heard.frames) { socket.close(); resolve(heard); }
  };
  socket.onclose = () => { heard.closed = true; resolve(heard); };
})"""
