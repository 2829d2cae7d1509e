"""Webhooks as a developer meets them: in the browser from a new endpoint to a replay, and at the command line."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from box.place import PROJECT
from playwright.sync_api import Page, expect

from tests.e2e.product import Customer, call, new_customer
from tests.e2e.receiver import receiving
from tests.e2e.test_browser import fix, sign_in
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def reloaded(page: Page, words: str) -> None:
    """Until the page says so; a person would load it again."""

    def says() -> bool:
        page.reload()
        return words in page.locator("main").inner_text()

    until(says, timeout_s=60, every_s=0.5, says=words)


def make_endpoint(page: Page, url: str) -> str:
    """Through the form, as a person does; the secret that the next page shows."""
    page.goto("/console/webhooks/")
    page.get_by_role("link", name="New endpoint").first.click()
    page.get_by_label("URL", exact=True).fill(url)
    page.get_by_role("button", name="Make endpoint").click()
    secret = page.locator("[data-secret]").inner_text()
    page.get_by_role("link", name="I have copied it").click()
    return secret


def test_an_endpoint_is_made_verified_tested_and_told_again(stack, new_page):
    customer, page = new_customer(stack, "hooks"), new_page()
    sign_in(page, customer)
    with receiving() as receiver:
        secret = make_endpoint(page, receiver.url)
        assert secret.startswith("whsec_")
        reloaded(page, "Enabled")  # it repeated its challenge
        page.get_by_role("button", name="Send a test event").click()
        reloaded(page, "Delivered")
        [event] = receiver.events(secret)
        assert event["type"] == "webhook.test"
        expect(page.locator("#payload")).to_contain_text(event["id"])
        page.get_by_text("Headers as sent").first.click()
        sent = next(headers for headers, body in receiver.requests if event["id"].encode() in body)
        expect(page.locator(".hook-headers").first).to_contain_text(sent["webhook-signature"])
        page.get_by_role("button", name="Send it again").click()
        reloaded(page, "replay 1")
        until(lambda: len(receiver.events(secret)) == 2, says="the replay")
        assert receiver.events(secret)[1] == event
        page.goto("/console/webhooks/")
        expect(page.locator("main")).to_contain_text(receiver.url)
        page.get_by_role("link", name=receiver.url).click()
        expect(page.locator("tbody tr")).to_have_count(2)


def test_it_all_works_without_a_script(stack, browser):
    customer = new_customer(stack, "scriptless")
    context = browser.new_context(base_url=stack.base_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, customer)
    with receiving() as receiver:
        secret = make_endpoint(page, receiver.url)
        reloaded(page, "Enabled")
        page.get_by_role("button", name="Send a test event").click()
        expect(page.locator("main")).to_contain_text("Delivered", timeout=30_000)  # it looks again by itself
        assert len(receiver.events(secret)) == 1
    context.close()


@contextmanager
def listener(stack: Any, *words: str) -> Iterator[list[str]]:
    """`manage.py listen` for as long as the block lasts, and the lines it printed."""
    running = subprocess.Popen(
        [sys.executable, "manage.py", "listen", *words],
        cwd=PROJECT, env=stack.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    os.set_blocking(running.stdout.fileno(), False)
    lines: list[str] = []

    def heard() -> list[str]:
        assert running.stdout is not None
        lines.extend(line.rstrip() for line in running.stdout.readlines())
        return lines

    try:
        until(lambda: any("Ctrl-C ends it" in line for line in heard()), timeout_s=120, says="listening")
        yield _Lines(heard)
    finally:
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0, "\n".join(heard())


class _Lines(list[str]):
    """What was printed so far, read anew each time it is looked through."""

    def __init__(self, read: Any) -> None:
        super().__init__()
        self._read = read

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._read()))


def endpoints(customer: Customer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = customer.get("webhook-endpoints")["data"]
    return found


def test_listen_prints_what_happens_and_takes_its_endpoint_back(stack):
    customer = new_customer(stack, "listener")
    with listener(stack, "--environment", customer.environment_id, "--kind", "device.*") as lines:
        until(lambda: any("verified" in line for line in lines), timeout_s=60, says="verified")
        [endpoint] = endpoints(customer)
        assert (endpoint["state"], endpoint["kinds"]) == ("enabled", ["device.*"])
        fix(customer, "van-1", 52.37, 4.9)
        until(lambda: any("device.online" in line for line in lines), timeout_s=60, says="device.online")
        stranger = call("POST", endpoint["url"], "", {"type": "device.silent"})
        assert stranger.status == 401
        until(lambda: any("refused" in line for line in lines), says="the stranger refused")
    assert endpoints(customer) == []


def test_listen_asks_a_server_far_away_and_misses_nothing(stack):
    customer = new_customer(stack, "asker")
    with listener(stack, "--from", stack.base_url, "--key", customer.secret_key) as lines:
        for number in range(3):
            fix(customer, f"van-{number}", 52.37, 4.9)

        def devices() -> set[str]:
            return set(re.findall(r'"external_id": "(van-\d)"', "\n".join(lines)))

        until(lambda: len(devices()) == 3, timeout_s=60, says="three devices online")
