"""Every page that needs no more than its address, looked through by axe in Chromium: wide and light, phone and dark."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from box.place import PROJECT
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.paying_customer import make_paying
from tests.e2e.product import PASSWORD, manage, new_customer
from tests.e2e.test_browser import sign_in
from tracker.tenants.admin_site import site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
AXE = PROJECT / "var" / "vendor" / "axe-core" / "axe.min.js"
SHAPES: dict[str, Any] = {
    "wide": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
}
STRANGERS = ("landing", "account_login", "account_signup", "account_reset_password")
STAFF = "from tracker.tenants.models import User; User.objects.create_superuser({mail!r}, {password!r})"
SERIOUS = ("serious", "critical")


def _names(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, str]]:
    """The name and the address of every page that takes no argument."""
    for entry in patterns:
        path = before + str(entry.pattern)
        if "<" in path or "^" in path or "(" in path:
            continue
        if isinstance(entry, URLResolver):
            yield from _names(entry.url_patterns, path)
        elif entry.name:
            yield entry.name, "/" + path


ADDRESSES = dict(_names(get_resolver().url_patterns))
MEMBERS = sorted(path for name, path in ADDRESSES.items() if path.startswith(("/console", "/map")))


def findings(context: BrowserContext, page: Page) -> list[str]:
    """What axe holds to be serious or critical on the page as it stands: rule, place, what it says of it."""
    context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']} at {node['target']}: {node['failureSummary'][:200]}"
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"][:3]
    ]


def walk(context: BrowserContext, page: Page, addresses: list[str]) -> dict[str, list[str]]:
    """The findings of each address that answers with a page, or that fails; files and addresses for posts are none."""
    seen: dict[str, list[str]] = {}
    for address in addresses:
        answer = context.request.get(address, max_redirects=0)
        if answer.status >= 500:
            seen[address] = [f"answers {answer.status}"]
        if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        page.goto(address, wait_until="load")
        seen[address] = findings(context, page)
    return seen


def first_row(page: Page, address: str) -> list[str]:
    """The address of the first row of an admin's list, where it has one."""
    page.goto(address, wait_until="load")
    row = page.locator("#result_list tbody th a, #result_list tbody td a").first
    return [str(row.get_attribute("href"))] if row.count() else []


def complaints(seen: dict[str, list[str]]) -> dict[str, list[str]]:
    return {address: found for address, found in seen.items() if found}


@pytest.fixture(params=sorted(SHAPES))
def visitor(request, browser: Browser, stack) -> Iterator[tuple[BrowserContext, Page]]:
    context = browser.new_context(base_url=stack.base_url, **SHAPES[request.param])
    context.set_default_timeout(60_000)
    yield context, context.new_page()
    context.close()


def test_strangers_find_pages_without_barriers(visitor):
    context, page = visitor
    seen = walk(context, page, [ADDRESSES[name] for name in STRANGERS])
    assert set(seen) == {ADDRESSES[name] for name in STRANGERS}
    assert complaints(seen) == {}


def test_owners_find_pages_without_barriers(visitor, stack):
    context, page = visitor
    customer = new_customer(stack, f"axe-{uuid4().hex[:8]}")
    fix = {"latitude": 52.37, "longitude": 4.89, "accuracy_m": 8}
    customer.post("axe-1", [{"recorded_at": time.time(), **fix}, {"recorded_at": "never", **fix}])
    paying = make_paying(stack, customer)
    sign_in(page, customer)
    page.goto(
        f"/console/storms/{paying.storm}/"
    )  # leads to the environment the storm is in, and the browser stays there
    seen = walk(context, page, [*paying.pages, *MEMBERS])
    assert set(paying.pages) <= set(seen)
    assert len(seen) >= 20 + len(paying.pages)
    assert complaints(seen) == {}


def test_staff_find_pages_without_barriers(visitor, stack):
    context, page = visitor
    paying = make_paying(stack, new_customer(stack, f"axe-{uuid4().hex[:8]}"))
    mail = f"staff-{uuid4().hex[:8]}@example.com"
    manage(stack, "shell", "-c", STAFF.format(mail=mail, password=PASSWORD))
    page.goto("/admin/")  # leads to the one sign-in there is
    page.locator("[name=login]").fill(mail)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.wait_for_url("**/admin/")
    lists = [f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in site._registry]
    rows = [row for one in sorted(lists) for row in first_row(page, one)]
    assert len(rows) > 15
    seen = walk(context, page, ["/admin/", *sorted(lists), *rows, *paying.staff_pages])
    assert {"/admin/", *paying.staff_pages} <= set(seen)
    assert complaints(seen) == {}
