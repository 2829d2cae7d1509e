"""`make bench`, `make bench-edge`: this machine measured part by part, in one run; a table and a JSON line.

Parts on a whole product of their own ports and data: `consumer` (fixes a second into PostGIS), `zones` (the same among
124 geofences and among none), `door` (posts a second through nginx, edge and stream), `browser` (from the device's
clock to a frame in a real page), `frames` (what each picture of 2,000 and of 10,000 moving markers costs the page's
script), `live` (500 open maps), `registrations` (positions beside a flood of registrations), `storms` (when they are
recognised, and what of them is metered; a launch is none), `tenants` (one beside another's flood), `customers`
(their page beside full ingest), `day` (a tenth of a whole day of dispatch), `console`
(50 people at once over ten million rows of usage). Parts of
their own: `growth` (what 1 and 10 million stored positions cost those to come; `--millions 1 10 100` where there is
time and disk), `cold` (start of the HTTP function), `package` (its size), `webhooks` (a tenth of 1,000 endpoints dead),
`crossings` (what zones cost a fix), `dispatch` (our optimiser beside the others; half an hour at 20 s). `edge` names
all of the edge. `--seconds` is how long each load lasts.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from box.place import PROJECT
from box.say import Progress

from bench import (
    browser,
    cold_start,
    console,
    consumer,
    crossings,
    customer_page,
    dispatch_day,
    dispatch_solvers,
    door,
    growth,
    live_sockets,
    map_frames,
    registrations,
    storms,
    two_tenants,
    webhooks,
)
from bench.stage import Stage
from infra.packages import package

STAGED: dict[str, Callable[[Stage, int], dict[str, Any]]] = {
    "consumer": consumer.measure,
    "zones": consumer.measure_zones,
    "door": door.measure,
    "browser": browser.measure,
    "frames": map_frames.measure,
    "live": live_sockets.measure,
    "registrations": registrations.measure,
    "storms": storms.measure,
    "tenants": two_tenants.measure,
    "customers": customer_page.measure,
    "day": dispatch_day.measure,
    "console": console.measure,
}
ALONE = ("growth", "cold", "package", "webhooks", "crossings", "dispatch")
USUAL = ("consumer", "door", "browser")
EDGE = ("consumer", "door", "registrations", "storms", "tenants", "growth", "cold", "package", "crossings")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    choices = [*STAGED, *ALONE, "edge"]
    parser.add_argument("parts", nargs="*", choices=[*choices, []], help="consumer, door, browser by default")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10], help="sizes for growth")
    options = parser.parse_args()
    parts = EDGE if "edge" in options.parts else tuple(options.parts) or USUAL
    figures: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "python": platform.python_version()}}
    # a product for each part: what one leaves behind is not what the next measures
    for name in [part for part in STAGED if part in parts]:
        print(f"… {name}", flush=True)
        with Stage() as stage:
            figures[name] = STAGED[name](stage, options.seconds)
    for name in [part for part in ALONE if part in parts]:
        print(f"… {name}", flush=True)
        figures[name] = _alone(name, options)
    for name, part in figures.items():
        print(f"\n{name}")
        for what, value in part.items():
            shown = f"{value:,}" if isinstance(value, int | float) else str(value)
            print(f"  {what:<60} {shown:>16}")
    print("\n" + json.dumps(figures))


def _alone(name: str, options: argparse.Namespace) -> dict[str, Any]:
    if name == "growth":
        return _growth(options.seconds, tuple(options.millions))
    if name == "webhooks":
        return dict(webhooks.run(options.seconds)["table"])
    if name == "crossings":
        return crossings.run(min(options.seconds, crossings.SECONDS))
    if name == "dispatch":
        return dispatch_solvers.run(options.seconds)
    if name == "cold":
        return dict(cold_start.run(options.seconds)["table"])
    made = [package(f"{function}_dev", PROJECT, _state(), Progress()) for function in ("ingest", "consume")]
    return {f"{one.stage}.zip, KiB": round(one.size / 1024, 1) for one in made}


def _growth(seconds: float, millions: tuple[int, ...]) -> dict[str, Any]:
    found = growth.run(seconds, millions)
    rows = {
        f"{row['what']}, {row['millions']}M: ms (ratio to the smallest)": f"{row['median_ms']} ({row['ratio']})"
        for row in found["table"]
    }
    beside = {name: value for name, value in found.items() if name != "table"}
    return {**rows, **{name: str(value) for name, value in beside.items()}}


def _state() -> Path:
    state = (PROJECT / "var").resolve()
    state.mkdir(parents=True, exist_ok=True)
    return state


if __name__ == "__main__":
    main()
