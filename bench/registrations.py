"""Positions at 500 a second, alone and then beside a flood of registrations: the answer times of the positions.

The flood is what an app does that registers its device at every start: `DEVICES` devices that say the same again and
again, each post another device than the one before. Nothing may be lost: every registration is answered, accepted or
coalesced, every device is in the register, and every position has its outcome.
"""

import json
import time
from typing import Any

from bench.load import Flood, steady
from bench.stage import Stage, wait_for

POSITIONS_A_SECOND = 500
REGISTRATIONS_A_SECOND = 10_000
DEVICES = 20_000
TARGET = 1.25
# 7919 is a prime: neighbours in time are no neighbours by name
BODY = """
  local device = (n * 7919) %% %d
  return string.format('{"device_id":"reg-%%d","name":"Phone %%d","model":"Pixel 9","os":"Android 16",' ..
    '"app_version":"2.4.1","metadata":{"depot":"north"}}', device, device)"""


def run(
    seconds: float, *, stage: Stage | None = None, per_second: float = REGISTRATIONS_A_SECOND
) -> dict[str, Any]:
    """Figures, with a `table` of rows; positions for `seconds` alone, then as long beside the flood."""
    if stage is not None:
        return _run(stage, seconds, per_second)
    with Stage() as own:
        return _run(own, seconds, per_second)


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """The same as a part of `make bench`."""
    return dict(run(seconds, stage=stage)["table"])


def _run(stage: Stage, seconds: float, per_second: float) -> dict[str, Any]:
    key, environment = stage.stack.demo["publishable_key"], stage.environment_id()
    url, before = stage.stack.base_url, stage.counted(environment)
    warm = steady(url, "/ingest/v1/positions", key, POSITIONS_A_SECOND, 3, _position)
    alone = steady(url, "/ingest/v1/positions", key, POSITIONS_A_SECOND, seconds, _position)
    flood = Flood(
        url,
        "/ingest/v1/devices",
        key,
        BODY % DEVICES,
        seconds=seconds + 1,
        per_second=per_second,
        connections=100,
    )
    with flood:
        beside = steady(url, "/ingest/v1/positions", key, POSITIONS_A_SECOND, seconds, _position)
        flooded = flood.end()
    sent = warm.sent + alone.sent + beside.sent
    accepted = warm.accepted + alone.accepted + beside.accepted
    wait_for("every position has its outcome", lambda: stage.counted(environment) - before >= accepted)
    wanted = min(DEVICES, flooded.accepted)
    late_s = wait_for("every device is registered", lambda: _registered(stage, environment) >= wanted)
    ratio = round(beside.p99_ms / alone.p99_ms, 2)
    table = [
        ["positions a second offered", POSITIONS_A_SECOND],
        ["positions alone, p50 ms", alone.p50_ms],
        ["positions alone, p99 ms", alone.p99_ms],
        ["registrations a second offered", round(per_second)],
        ["registrations a second answered", round(flooded.per_second)],
        ["registrations not answered 2xx", flooded.requests - flooded.accepted],
        ["devices registered", _registered(stage, environment)],
        ["seconds until all were, after the last post", round(late_s, 1)],
        ["positions beside them, p50 ms", beside.p50_ms],
        ["positions beside them, p99 ms", beside.p99_ms],
        ["positions not answered 2xx", sent - accepted],
        ["ratio of the two p99", ratio],
        ["aim", TARGET],
    ]
    facts = {"alone": alone._asdict(), "beside": beside._asdict(), "flood": flooded._asdict()}
    return {**facts, "p99_ratio": ratio, "table": table}


def _registered(stage: Stage, environment: int) -> int:
    return int(
        stage.sql(
            "SELECT count(*) FROM tracker_device WHERE environment_id = %s AND external_id LIKE 'reg-%%'",
            environment,
        )
    )


def _position(number: int) -> bytes:
    device = number % 200
    fix = {
        "recorded_at": time.time_ns() // 1_000_000,
        "latitude": 18.5 + device / 5000,
        "longitude": 73.8 + number % 50_000 / 1_000_000,
        "accuracy_m": 8,
    }
    return json.dumps({"device_id": f"pos-{device}", "positions": [fix]}).encode()
