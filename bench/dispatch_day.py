"""A tenth of a whole day of dispatch, played in scale against a product of its own: `manage.py simulate_day`."""

import json
import os
import subprocess
from typing import Any

from box.place import PROJECT

from bench.stage import Stage

SHIPMENTS, DRIVERS, CITIES, SPEED = 8_000, 200, 5, 30
LIMIT_S = 7_200


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """The report's figures. `seconds` is of no concern: the day takes what it takes, an hour on two cores."""
    environment = stage.stack.demo["environment_id"]
    command = [
        str(stage.stack.place.venv_python), "manage.py", "simulate_day", "--json", "--environment", environment,
        "--shipments", str(SHIPMENTS), "--drivers", str(DRIVERS), "--cities", str(CITIES), "--speed", str(SPEED),
        "--base-url", stage.stack.base_url,
    ]  # fmt: skip
    run = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **stage.stack.settings.values}, capture_output=True, text=True,
        timeout=LIMIT_S, check=False,
    )  # fmt: skip
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"the day broke off: {run.stderr[-2000:]}")
    return flattened(json.loads(lines[-1]))


def flattened(report: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Figures by their whole names."""
    found: dict[str, Any] = {}
    for name, value in report.items():
        if isinstance(value, dict):
            found |= flattened(value, f"{prefix}{name}, ")
        elif isinstance(value, list):
            found[f"{prefix}{name}"] = "; ".join(map(str, value[:5])) or "none"
        else:
            found[f"{prefix}{name}"] = value
    return found
