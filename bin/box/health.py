"""Whether the product answers: what `GET /healthz` says, component by component."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from box.say import Progress, Refusal


@dataclass(frozen=True)
class Health:
    """One answer of `/healthz`; `components` maps a name to whether it is up."""

    answered: bool
    ok: bool
    components: Mapping[str, bool]
    attention: Sequence[str] = ()  # what a person must look at although all is up


def ask(base_url: str, timeout_s: float = 5.0) -> Health:
    """Ask once; never raises for a server that is away."""
    try:
        with urllib.request.urlopen(f"{base_url}/healthz", timeout=timeout_s) as answer:
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    except OSError:
        return Health(False, False, {})
    try:
        document = json.loads(body)
    except ValueError:
        return Health(False, False, {})
    parts = document.get("components", {}) if isinstance(document, dict) else {}
    up = {name: _is_up(part) for name, part in parts.items()} if isinstance(parts, dict) else {}
    attention = document.get("attention", []) if isinstance(document, dict) else []
    told = [str(line) for line in attention] if isinstance(attention, list) else []
    return Health(bool(up) or status == 200, status == 200, up, told)


def _is_up(part: object) -> bool:
    if isinstance(part, dict):
        return part.get("ok", part.get("status")) in {True, "ok", "up"}
    return part in {True, "ok", "up"}


def wait_healthy(
    base_url: str,
    progress: Progress,
    *,
    timeout_s: float,
    absent: Callable[[], list[str]],
    meanwhile: Callable[[], None],
) -> None:
    """Wait until all is up, naming each component as it comes; `meanwhile` may raise when a process has died.

    `absent` names processes that do not run: an orphan may answer in the place of one.
    """
    ends = time.monotonic() + timeout_s
    told: set[str] = set()
    while True:
        health = ask(base_url)
        for name in sorted(n for n, up in health.components.items() if up and n not in told):
            progress.line(f"health: {name} is up")
            told.add(name)
        if health.ok and not absent():
            return
        meanwhile()
        if time.monotonic() > ends:
            down = ", ".join(sorted({*absent(), *(n for n, up in health.components.items() if not up)}))
            raise Refusal(
                f"not healthy after {timeout_s:.0f} s: {down or 'nothing answers at ' + base_url + '/healthz'}",
                next_step="make status, then make logs p=NAME for the process in question",
            )
        time.sleep(0.3)
