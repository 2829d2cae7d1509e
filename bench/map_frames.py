"""What a frame costs the live map's script: the real page in headless Chromium, fed by a socket that is made up.

Every marker gets a fix each two seconds, which is as long as a glide lasts: all of them move all the time. Frames of
news are made in a worker and handed over four times a second, as the live process does, so that making them costs the
page nothing. Counted, from the browser's own trace, is the main thread's processor time in each animation frame that
draws: not the waiting for a graphics card, of which this machine may have none. The frames a second are those of
Chromium's software renderer then, and say more about the processor than about the page.
"""

import json
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.stage import Stage, share, wait_for

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage", "--no-first-run"]
COUNTS = (2_000, 10_000)
SETTLE_MS = 6_000
SAME_FRAME_US = 500  # callbacks of one animation frame follow each other at once
DRAWN_MS = 0.25  # less than that only looked whether it was time to draw
STREAM = """
const count = COUNT, everyMs = 2000, frameMs = 250;
const place = (n) => [73.7 + (n % 100) * 0.003, 18.4 + Math.floor(n / 100) * (0.3 / Math.ceil(count / 100))];
const device = (n, turn) => {
  const [x, y] = place(n), now = Date.now();
  return {
    id: "dev_" + n.toString(16).padStart(32, "0"), external_id: "bench-" + n, recorded_at: now, moved_at: now,
    longitude: x + 0.001 * Math.sin(turn + n), latitude: y + 0.001 * Math.cos(turn + n),
    heading_deg: (n * 7 + turn * 20) % 360, speed_mps: 9, received_at: now, battery: 0.8, accuracy_m: 8, zones: [],
  };
};
let seq = 0, at = 0, turn = 0;
const send = (frame) => postMessage(JSON.stringify({ server_time: Date.now(), ...frame }));
for (let from = 0; from < count; from += 2000) {
  const devices = [];
  for (let n = from; n < Math.min(count, from + 2000); n += 1) {
    const standing = { name: "Van " + n, hub: "Hub " + n % 5, risk: n % 40 ? "" : "late", offline_after_s: 900 };
    devices.push({ ...device(n, 0), ...standing });
  }
  send({ type: "snapshot", seq: 0, complete: from + 2000 >= count, devices });
}
setInterval(() => {
  const devices = [];
  for (let i = 0; i < (count * frameMs) / everyMs; i += 1) {
    devices.push(device(at, turn));
    at += 1;
    if (at === count) { at = 0; turn += 1; }
  }
  seq += 1;
  send({ type: "changes", seq, removed: [], devices });
}, frameMs);
"""
# a socket whose other end is a worker
TAP = """
window.WebSocket = class extends EventTarget {
  constructor() {
    super();
    const worker = new Worker(URL.createObjectURL(new Blob([STREAM], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => this.dispatchEvent(new MessageEvent("message", { data }));
    this.close = () => worker.terminate();
  }
};
"""


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """Script milliseconds a frame at 2,000 and at 10,000 markers that all glide; targets: under 8 at 2,000."""
    found: dict[str, Any] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for count in COUNTS:
            context = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
            page = context.new_page()
            demo = stage.stack.demo
            page.goto(f"{demo['base_url']}/accounts/login/")
            page.fill("input[name=login]", demo["email"])
            page.fill("input[name=password]", demo["password"])
            page.click("main button.primary")
            page.wait_for_url("**/console/**")
            figures = frames_of(page, f"{demo['base_url']}/map", count, seconds)
            found |= {f"{count:,} markers: {what}": value for what, value in figures.items()}
            context.close()
        browser.close()
    return found


def frames_of(page: Page, address: str, count: int, seconds: int) -> dict[str, Any]:
    """The figures of one page with that many moving markers, over that many seconds."""
    stream = STREAM.replace("COUNT", str(count))
    page.add_init_script(f"const STREAM = {json.dumps(stream)};{TAP}")
    page.goto(address)
    ready = f"window.milepostMap?.ready && milepostMap.deviceCount === {count}"
    wait_for(f"{count} markers", lambda: bool(page.evaluate(ready)), every=0.2)
    page.wait_for_timeout(SETTLE_MS)
    browser = page.context.browser
    if browser is None:
        raise RuntimeError("the page has no browser of its own")
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    page.wait_for_timeout(seconds * 1000)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    frames = _frames(events)
    if not frames:
        raise RuntimeError("no frame was drawn")
    news = [
        event["tdur"] / 1000 for event in events if event["name"] == "HandlePostMessage" and "tdur" in event
    ]
    return {
        "script a frame p50, ms": round(share(frames, 0.5), 2),
        "script a frame p95, ms": round(share(frames, 0.95), 2),
        "taking in a frame of news p50, ms": round(share(news, 0.5), 2),
        "frames a second (software GL)": round(len(frames) / seconds, 1),
    }


def _frames(events: list[dict[str, Any]]) -> list[float]:
    """Processor milliseconds of the callbacks of each animation frame in which something was drawn."""
    calls = sorted(
        (event["ts"], event["ts"] + event["dur"], event["tdur"] / 1000)
        for event in events
        if event["name"] == "FireAnimationFrame" and "tdur" in event
    )
    frames: list[float] = []
    ended = float("-inf")
    for began, until, spent in calls:
        if began - ended < SAME_FRAME_US:
            frames[-1] += spent
        else:
            frames.append(spent)
        ended = until
    return [spent for spent in frames if spent >= DRAWN_MS]
