"""The dispatch board in a real browser: a stop dragged with mouse and keyboard, two supervisors, undo, no script."""

from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.board_day import make_day
from tests.e2e.product import Customer, new_customer
from tests.e2e.test_browser import shows, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
ORDER = "milepostBoard.plan.open('{}').map((stop) => stop.name)"


def open_board(page: Page) -> Page:
    page.goto("/console/dispatch/board/")
    shows(page, "window.milepostBoard?.ready === true", timeout_s=60.0)
    return page


def order(page: Page, driver: str) -> list[str]:
    return list(page.evaluate(ORDER.format(driver)))


def over_row(page: Page, driver: str) -> tuple[float, float]:
    """A place late on what is seen of that driver's row."""
    box = page.locator(f'.row[data-driver="{driver}"]').bounding_box()
    seen = page.locator("#gantt").bounding_box()
    assert box is not None
    assert seen is not None
    right = min(box["x"] + box["width"], seen["x"] + seen["width"])
    return right - 20, box["y"] + box["height"] / 2


def drag(page: Page, name: str, driver: str) -> None:
    """Hold the stop over the end of the driver's row until it is weighed."""
    bar = page.locator(f'.stop-bar[aria-label^="{name},"], .tray-stop:has-text("{name}")').first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(*over_row(page, driver), steps=8)
    expect(page.locator("#weighed .cost-sum")).to_be_visible()


def say_why(page: Page, words: str) -> None:
    page.locator("#reason-code").select_option("load")
    page.locator("#reason-text").fill(words)
    page.locator("#reason [data-part=apply]").click()


@pytest.fixture
def day(stack) -> tuple[Customer, dict[str, Any]]:
    customer = new_customer(stack, f"board-{uuid4().hex[:8]}")
    return customer, make_day(stack, customer)


def test_a_dragged_stop_asks_why_is_moved_and_another_open_board_shows_it(day, new_page):
    customer, made = day
    first, second = (open_board(sign_in(new_page(), customer)) for _ in range(2))
    asha, ravi = made["drivers"][:2]
    drag(first, "D01-1001", ravi)
    expect(first.locator("#weighed")).to_contain_text("before")
    first.mouse.up()
    expect(first.locator("#reason")).to_be_visible()
    first.locator("#reason [data-part=apply]").click()
    expect(first.locator("#reason [data-part=error]")).to_contain_text("Say why")
    say_why(first, "To share the work out")
    expect(first.locator("#reason")).to_be_hidden()
    assert "D01-1001" in order(first, ravi)
    shows(second, f"{ORDER.format(ravi)}.includes('D01-1001')", timeout_s=20.0)
    [kept] = customer.get("overrides")["data"]
    assert (kept["reason"], kept["kind"]) == ("To share the work out", "move")
    second.locator("[data-undo]").first.click()
    say_why(second, "It was right before")
    shows(first, f"{ORDER.format(asha)}.includes('D01-1001')", timeout_s=20.0)


def test_who_lets_go_second_is_told_what_the_first_did(day, new_page):
    customer, made = day
    first, second = (open_board(sign_in(new_page(), customer)) for _ in range(2))
    ravi = made["drivers"][1]
    second.evaluate("milepostBoard.read = async () => {}")  # a board that has not heard yet
    drag(second, "D01-1002", ravi)
    second.mouse.up()
    drag(first, "D01-1001", ravi)
    first.mouse.up()
    say_why(first, "The first was quicker")
    expect(first.locator("#reason")).to_be_hidden()
    say_why(second, "The second is told")
    moved = second.locator("#reason [data-part=moved]")
    expect(moved).to_contain_text("The first was quicker")
    expect(moved).to_contain_text(customer.email)
    assert len(customer.get("overrides")["data"]) == 1


def test_the_keyboard_alone_gives_a_parcel_from_the_tray_to_the_idle_driver(day, new_page):
    customer, made = day
    page = open_board(sign_in(new_page(), customer))
    idle = made["drivers"][-1]
    page.locator(".tray-stop").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#spoken")).to_contain_text("breaks nothing")
    page.keyboard.press("Enter")
    expect(page.locator("#reason-code")).to_be_focused()
    say_why(page, "She is free")
    shows(page, f"{ORDER.format(idle)}.length === 1")


def test_without_a_script_a_form_moves_a_stop(day, browser, stack):
    customer, made = day
    context = browser.new_context(base_url=stack.base_url, java_script_enabled=False)
    page = sign_in(context.new_page(), customer)
    page.goto("/console/dispatch/board/")
    page.get_by_role("link", name="Stops of Driver 01").click()
    page.locator(".plain-stops a", has_text="Move").first.click()
    page.locator("#to").select_option(made["drivers"][-1])
    page.get_by_role("button", name="Weigh it").click()
    expect(page.get_by_role("main")).to_contain_text("Distance")
    page.locator("#reason_code").select_option("load")
    page.locator("#reason").fill("By hand")
    page.get_by_role("button", name="Move it").click()
    assert [one["reason"] for one in customer.get("overrides")["data"]] == ["By hand"]
    context.close()
