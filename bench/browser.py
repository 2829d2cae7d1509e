"""From a device's report to a frame in a real page: headless Chromium on the live map, 200 posts a second.

Each fix carries the moment it was sent as its `recorded_at`. A listener that is put into the page before the page's
own code notes when each WebSocket frame arrives. Both clocks are this machine's. The page is small and asks for less
motion: without a graphics card the drawing of thirty frames a second would take both cores from what is measured.
"""

import http.client
import json
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from bench.stage import Stage, share, wait_for

DEVICES, POSTS_A_SECOND, SENDERS = 400, 200, 4
CHROMIUM = "/usr/bin/chromium"
TAP = """
window.arrivals = [];
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', (message) => {
      const now = Date.now(), frame = JSON.parse(message.data);
      if (frame.type === 'changes') for (const d of frame.devices) window.arrivals.push([d.recorded_at, now]);
    });
  }
};
"""


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """Delays in milliseconds, and how many reports were shown by a later one of the same device."""
    demo = stage.stack.demo
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        page = browser.new_page(viewport={"width": 640, "height": 480}, reduced_motion="reduce")
        page.add_init_script(TAP)
        page.goto(f"{demo['base_url']}/accounts/login/")
        page.fill("input[name=login]", demo["email"])
        page.fill("input[name=password]", demo["password"])
        page.click("main button.primary")
        page.wait_for_url("**/console/**")
        page.goto(f"{demo['base_url']}/map")
        # by asking again: the page's policy forbids what Playwright's own waiting evaluates
        wait_for(
            "the map is live", lambda: page.evaluate("window.milepostMap?.connection") == "live", every=0.2
        )
        _load(stage, 4)  # at the first sight of the fleet the page goes there and draws the coast, once
        page.wait_for_timeout(8_000)
        page.evaluate("window.arrivals.length = 0")
        sent = _load(stage, seconds)
        page.wait_for_timeout(1_000)
        arrivals = page.evaluate("window.arrivals")
        browser.close()
    delays = [float(seen - at) for at, seen in arrivals if at in sent]
    if not delays:
        raise RuntimeError("no report reached the page")
    return {
        "posts a second offered": POSTS_A_SECOND,
        "reports seen in the page": len(delays),
        "report to browser p50, ms": round(share(delays, 0.5)),
        "report to browser p99, ms": round(share(delays, 0.99)),
        "report to browser worst, ms": round(max(delays)),
    }


def _load(stage: Stage, seconds: int) -> set[int]:
    """Post for that long at the rate; returns the moments sent, in epoch milliseconds."""
    sent: set[int] = set()
    threads = [
        threading.Thread(target=_send, args=(stage, number, seconds, sent)) for number in range(SENDERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def _send(stage: Stage, number: int, seconds: int, sent: set[int]) -> None:
    address = urlsplit(stage.stack.base_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    headers = {
        "Authorization": f"Bearer {stage.stack.demo['publishable_key']}",
        "Content-Type": "application/json",
    }
    period = SENDERS / POSTS_A_SECOND
    began = time.monotonic()
    for turn in range(int(seconds / period)):
        wait = began + turn * period - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        device = (turn * SENDERS + number) % DEVICES
        now_ms = time.time_ns() // 1_000_000
        fix = {
            "recorded_at": now_ms,
            "latitude": 18.5 + device / 4000,
            "longitude": 73.8 + turn / 100_000,
            "accuracy_m": 8,
        }
        body = json.dumps({"device_id": f"browser-{device}", "positions": [fix]})
        connection.request("POST", "/ingest/v1/positions", body, headers)
        if connection.getresponse().read() and connection.sock is not None:
            sent.add(now_ms)
    connection.close()
