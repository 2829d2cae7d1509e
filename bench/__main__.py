"""`make bench`: the whole product on its own ports and data, measured part by part; a table and a JSON line.

Parts: `door` (posts a second through nginx, edge and stream), `consumer` (fixes a second into PostGIS), `browser`
(from the device's clock to a frame in a real page), `registrations` (positions beside a flood of them),
`two_tenants` (one beside another that floods). `--seconds` is how long each load lasts.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from typing import Any

from bench import browser, consumer, door, registrations, two_tenants
from bench.stage import Stage

PARTS: dict[str, Callable[[Stage, int], dict[str, Any]]] = {
    "consumer": consumer.measure,
    "door": door.measure,
    "browser": browser.measure,
    "registrations": registrations.measure,
    "two_tenants": two_tenants.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them where none is named")
    parser.add_argument("--seconds", type=int, default=15)
    options = parser.parse_args()
    figures: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "python": platform.python_version()}}
    with Stage() as stage:
        for name in options.parts or PARTS:
            print(f"… {name}", flush=True)
            figures[name] = PARTS[name](stage, options.seconds)
    for name, part in figures.items():
        print(f"\n{name}")
        for what, value in part.items():
            print(
                f"  {what:<52} {value:>14,}"
                if isinstance(value, int | float)
                else f"  {what:<52} {value!s:>14}"
            )
    print("\n" + json.dumps(figures))


if __name__ == "__main__":
    main()
