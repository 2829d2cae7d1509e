"""The whole story of a parcel in real browsers: from the file it comes in to the evidence that it arrived.

The office uploads, plans, overrides and releases; the driver's phone works through the loss of its network, fails at a
door and comes back; the customer looks on; the evidence is checked by the script that comes with it.
"""

import re
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.e2e.conftest import ARTIFACTS, FAILED, PATIENCE_MS
from tests.e2e.dispatch_city import HUB, RECORDED, api, made_up_orders, orders_file, recorded_orders, settle
from tests.e2e.product import Customer, new_customer
from tests.e2e.test_browser import sign_in
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
CITIES = {
    "made-up": made_up_orders,
    "recorded": pytest.param(
        recorded_orders,
        marks=pytest.mark.skipif(not RECORDED.is_file(), reason="the recorded orders are not here"),
    ),
}


@pytest.fixture
def phone(browser: Browser, stack, request) -> Iterator[BrowserContext]:
    """A phone with a place, on which pages can be kept."""
    context = browser.new_context(
        base_url=stack.base_url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
        geolocation={"longitude": HUB[0], "latitude": HUB[1]}, permissions=["geolocation"],
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    yield context
    if request.node.stash.get(FAILED, False):
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        for page in context.pages:
            page.screenshot(path=ARTIFACTS / "parcel-story-phone.png", full_page=True)
    context.close()


@pytest.mark.parametrize("doors_of", list(CITIES.values()), ids=list(CITIES))
def test_a_parcel_from_the_file_to_the_evidence(doors_of, stack, new_page, phone, tmp_path):
    customer = new_customer(stack, f"parcels-{secrets.token_hex(4)}")
    doors = doors_of()
    settle(customer, doors[0])
    office = sign_in(new_page(), customer)
    upload(office, orders_file(doors))
    plan(office)
    moved = override(office, customer)
    release(office)
    driver = next(one for one in api(customer, "GET", "drivers")["data"] if one["id"] == moved)
    page = driver_page(office, phone, driver["id"])
    names = drive(page, phone)
    failed = fail_first(page, names)
    follow(new_page(), customer, failed, ("Not delivered yet", "Being prepared"))
    second_attempt(office, customer, page, failed)
    follow(new_page(), customer, failed, ("Delivered",))
    evidence(office, customer, failed, tmp_path)


def upload(office: Page, content: bytes) -> None:
    """The file by hand: a row off the globe is kept for a person to look at, one without a number of parcels is not."""
    office.goto("/console/dispatch/uploads/")
    orders: FilePayload = {"name": "orders.csv", "mimeType": "text/csv", "buffer": content}
    office.locator("input[type=file]").set_input_files(files=orders)
    office.locator("[name=hub]").select_option(label="Pune East")
    office.get_by_role("button", name="Upload", exact=True).click()
    expect(office.locator(".upload-state")).to_have_attribute("data-state", "done", timeout=60_000)
    expect(office.locator('[data-of="created"] dd')).to_have_text("7")
    expect(office.locator('[data-of="doubtful"] dd')).to_have_text("1")
    expect(office.locator('[data-of="refused"] dd')).to_have_text("1")
    expect(office.locator(".faulty")).to_contain_text("D8")
    expect(office.locator(".faulty")).to_contain_text("F9")


def plan(office: Page) -> None:
    """Asked for by hand; the plan is there when the search is over."""
    office.goto("/console/dispatch/runs/")
    office.get_by_label("Seconds of search").fill("2")
    office.get_by_role("button", name="Plan now").click()
    expect(office.locator(".run-live")).to_have_attribute("data-state", "done", timeout=90_000)
    office.reload()
    expect(office.locator("#run-unserved")).to_have_text("1")
    expect(office.locator(".left-out")).to_contain_text("a person must look at its place")


def override(office: Page, customer: Customer) -> str:
    """One stop to the other driver, by the form; without a reason it is refused. Who has it then."""
    drafts = api(customer, "GET", "manifests?state=draft")["data"]
    stops = {one["id"]: api(customer, "GET", f"manifests/{one['id']}")["stops"] for one in drafts}
    giver = max(drafts, key=lambda one: one["stops"])
    drivers = api(customer, "GET", "drivers")["data"]
    taker = next(one for one in drivers if one["id"] != giver["driver"])
    shipment = stops[giver["id"]][-1]["shipment"]
    office.goto(f"/console/dispatch/board/?hub={giver['hub']}&date={giver['service_date']}")
    expect(office.locator("main")).to_contain_text("Ravi")
    path = f"/console/dispatch/board/move/{shipment}/?hub={giver['hub']}&date={giver['service_date']}&to={taker['id']}"
    office.goto(path)
    office.get_by_label("Kind of reason").select_option(index=1)
    office.get_by_role("button", name="Move it").click()
    assert (
        office.url.endswith(path.split("?")[1]) or "move" in office.url
    )  # the browser wants the reason first
    office.get_by_label("Why").fill("Knows the gate")
    office.get_by_role("button", name="Move it").click()
    made = until(lambda: api(customer, "GET", "overrides")["data"])
    assert (made[0]["reason"], made[0]["kind"]) == ("Knows the gate", "move")
    return str(taker["id"])


def release(office: Page) -> None:
    office.goto("/console/dispatch/runs/")
    office.locator("tbody th a").first.click()
    office.get_by_role("button", name=re.compile("Release")).click()
    expect(office.get_by_role("button", name=re.compile("Release"))).to_have_count(0)


def driver_page(office: Page, phone: BrowserContext, driver: str) -> Page:
    """The supervisor shows a code; the phone opens it and is signed in."""
    office.goto(f"/console/dispatch/drivers/{driver}/phone/")
    office.get_by_role("button", name=re.compile("Make a")).click()
    link = office.locator("#link").inner_text()
    page = phone.new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in on this phone").click()
    page.wait_for_url("**/d/")
    page.get_by_role("button", name="I have seen them").click()
    page.get_by_role("button", name="Set out").click()
    expect(page.locator(".next")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def drive(page: Page, phone: BrowserContext) -> list[str]:
    """Arrive without a network, open the page anew without it, and find it all there. Names of the stops left."""
    all_sent(page)
    phone.set_offline(True)
    page.get_by_role("button", name="I am there").click()
    expect(page.locator(".next")).to_contain_text("You are at")
    page.reload()
    expect(page.locator(".next")).to_contain_text("You are at")
    expect(page.locator("#sync")).to_contain_text("1 to send")
    phone.set_offline(False)
    all_sent(page)
    return page.locator(".stops .what > span:first-child").all_inner_texts()


def all_sent(page: Page) -> None:
    expect(page.locator("#sync")).to_have_text("All sent", timeout=60_000)


def fail_first(page: Page, names: list[str]) -> str:
    """Nobody is at the first door; the others are delivered, signed for. The shipment that failed, by its number."""
    number = re.search(r"ORD-\d+", page.locator(".next").inner_text())
    assert number is not None
    page.locator(".next").get_by_role("button", name="Could not deliver").click()
    page.get_by_label("Nobody there").check()
    page.get_by_role("button", name="Not delivered").click()
    for _ in names[1:]:
        deliver(page)
    expect(page.locator("h1")).to_have_text("All done")
    all_sent(page)
    return number.group()


def deliver(page: Page) -> None:
    page.locator(".next").get_by_role("button", name="Deliver", exact=True).click()
    box = page.locator("canvas.signature").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(box["x"] + 20 + 20 * step, box["y"] + 20 + 6 * (step % 3))
    page.mouse.up()
    page.get_by_role("button", name="Delivered").click()


def follow(page: Page, customer: Customer, number: str, headlines: tuple[str, ...]) -> None:
    """The customer's page says it, in their language too, and sets no cookie."""
    link = api(customer, "GET", f"shipments/external:{number}/tracking-link")["url"]

    def says() -> bool:
        page.goto(link)
        return page.locator("#headline").inner_text() in headlines

    until(says, timeout_s=60)
    page.goto(f"{link}?lang=mr")
    expect(page.locator("html")).to_have_attribute("lang", "mr")
    assert page.context.cookies() == []


def second_attempt(office: Page, customer: Customer, page: Page, number: str) -> None:
    """The saga lets it be tried again, a plan puts it on a manifest, the phone shows it and delivers it."""
    until(
        lambda: state_of(customer, number) in {"ready", "assigned"},
        timeout_s=90,
        says="it may be tried again",
    )
    drafts_out(customer, lambda: state_of(customer, number) == "assigned")
    link_of = {one["id"]: one for one in api(customer, "GET", "drivers")["data"]}
    holder = api(customer, "GET", f"shipments/external:{number}")["driver"]
    assert holder in link_of
    if "You" not in page.locator("#screen").inner_text() and not shows(page, number):
        page = driver_page(office, page.context, holder)
    else:
        until(lambda: shows(page, number), timeout_s=60)
    seen = page.get_by_role("button", name=re.compile("I have seen"))
    if seen.count():
        seen.click()
    if page.get_by_role("button", name="Set out").count():
        page.get_by_role("button", name="Set out").click()
    while not shows_next(page, number):
        deliver(page)
    deliver(page)
    until(lambda: state_of(customer, number) == "delivered", timeout_s=60)


def shows_next(page: Page, number: str) -> bool:
    """Whether that parcel's stop is the next."""
    expect(page.locator(".next")).to_be_visible()
    return number in page.locator(".next").inner_text()


def shows(page: Page, number: str) -> bool:
    return number in page.locator("#screen").inner_text()


def drafts_out(customer: Customer, done: Callable[[], bool]) -> None:
    """Release what plans put forward, until it is so."""

    def look() -> bool:
        drafts = [one["id"] for one in api(customer, "GET", "manifests?state=draft")["data"]]
        if drafts:
            api(customer, "POST", "manifest-releases", {"manifests": drafts, "reason": "second attempt"})
        return done()

    until(look, timeout_s=120, every_s=1.0, says="a plan has it again")


def state_of(customer: Customer, number: str) -> str:
    return str(api(customer, "GET", f"shipments/external:{number}")["state"])


def evidence(office: Page, customer: Customer, number: str, folder: Path) -> None:
    """The pack from the shipment's page; its own script finds it whole, and finds what was changed."""
    shipment = api(customer, "GET", f"shipments/external:{number}")["id"]
    office.goto(f"/console/dispatch/shipments/{shipment}/")
    with office.expect_download() as download:
        office.get_by_role("link", name="Evidence pack").click()
    pack = folder / "pack.zip"
    download.value.save_as(pack)
    with zipfile.ZipFile(pack) as whole:
        names = whole.namelist()
        script = next(name for name in names if name.endswith(".py"))
        (folder / "verify.py").write_bytes(whole.read(script))
    check = [
        sys.executable,
        "-I",
        folder / "verify.py",
        "--key",
        api(customer, "GET", "evidence-key")["public_key"],
    ]
    run = subprocess.run([*check, pack], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    changed = folder / "changed.zip"
    with zipfile.ZipFile(pack) as whole, zipfile.ZipFile(changed, "w") as other:
        for name in names:
            content = whole.read(name)
            other.writestr(
                name, content.replace(b"nobody_home", b"refused    ") if name.endswith("json") else content
            )
    assert subprocess.run([*check, changed], capture_output=True, check=False).returncode == 1
