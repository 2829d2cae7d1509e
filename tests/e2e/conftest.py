"""One whole product for all end-to-end tests of a run, and a headless browser that leaves pictures of failures."""

import re
from collections.abc import Callable, Generator, Iterator

import pytest
from box.place import PROJECT
from box.throwaway import Throwaway
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

expect.set_options(timeout=30_000)  # the machine is shared: a slow answer is no failure

ARTIFACTS = PROJECT / "var" / "test-artifacts"
CHROMIUM = "/usr/bin/chromium"
FAILED = pytest.StashKey[bool]()
# the machine that runs tests has no graphics card, and as root Chromium's own sandbox refuses to start
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"]
PATIENCE_MS = 30_000


@pytest.fixture(scope="session")
def stack() -> Iterator[Throwaway]:
    """Everything `make run` starts, without the demo's fleet, its databases as durable as in production."""
    settings = {"MILEPOST_WEBHOOKS_ALLOW_PRIVATE": "1"}  # receivers of tests listen on this machine
    with Throwaway(durable=True, with_fleet=False, settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: Playwright holds the thread's event loop, which asynchronous tests need."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def new_page(
    browser: Browser, stack: Throwaway, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Page]]:
    """Pages, each of a visitor of its own. A script error fails the test; a failed test leaves a picture of each."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page() -> Page:
        context = browser.new_context(base_url=stack.base_url, viewport={"width": 1280, "height": 800})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    if request.node.stash.get(FAILED, False) or errors:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        _keep_logs(request.node.name, stack)
        _take_pictures(request.node.name, contexts)
    for context in contexts:
        context.close()
    assert errors == [], "scripts failed in the page"


def _file_name(test: str) -> str:
    return re.sub(r"\W+", "-", test)


def _take_pictures(test: str, contexts: list[BrowserContext]) -> None:
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages):
        page.screenshot(path=ARTIFACTS / f"{_file_name(test)}-{number}.png", timeout=20_000)


def _keep_logs(test: str, stack: Throwaway) -> None:
    """The stack's folder goes with it, so the ends of its logs are kept beside the pictures."""
    parts = [f"== {state.name}\n" + "\n".join(stack.tail(state.name)) for state in stack.states()]
    (ARTIFACTS / f"{_file_name(test)}.log").write_text("\n".join(parts), encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember a failure, so that the page's fixture can take a picture before it closes."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report
