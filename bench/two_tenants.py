"""One tenant floods far over its limit; another one's answer times before, and during the flood.

The flooding tenant may report `LIMIT` a second and sends as fast as it is answered, over 64 connections. The other
posts 200 a second. Both loads share the machine with all they measure.
"""

import subprocess
import time
from typing import Any

from box.place import PROJECT

from bench.load import Flood, steady
from bench.registrations import _position
from bench.stage import Stage, wait_for

POSTS_A_SECOND = 200
LIMIT = 100
BODY = """
  return string.format('{"device_id":"flood-%%d","positions":[{"recorded_at":%d,"latitude":18.5,"longitude":73.8}]}',
    n %% 500)"""
BURST = """
  return '{"device_id":"burst","positions":[' ..
    string.rep('{"recorded_at":%d,"latitude":18.5,"longitude":73.8},', 199):sub(1, -2) .. ']}'"""
# a customer of its own with a small limit, made by the product's own services; prints its publishable key
MAKE = f"""
from tracker.tenants.models import Tenant, User
from tracker.tenants.services import create_tenant
from tracker.limits import feed
owner = User.objects.create_user("flood@example.com", "correct-horse-battery-9")
made = create_tenant("Flood", owner=owner)
Tenant.objects.filter(pk=made.tenant.pk).update(reports_per_second={LIMIT})
feed.publish()
print("KEY", made.test.publishable_key)
"""


def run(seconds: float, *, stage: Stage | None = None) -> dict[str, Any]:
    """Figures, with a `table` of rows; the quiet tenant for `seconds` alone, then as long beside the flood."""
    if stage is not None:
        return _run(stage, seconds)
    with Stage() as own:
        return _run(own, seconds)


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """The same as a part of `make bench`."""
    return dict(run(seconds, stage=stage)["table"])


def _run(stage: Stage, seconds: float) -> dict[str, Any]:
    url, key, environment = stage.stack.base_url, stage.stack.demo["publishable_key"], stage.environment_id()
    flooding = _tenant(stage)
    at_ms = int((time.time() - 3600) * 1000)
    body = BODY % at_ms
    with Flood(url, "/ingest/v1/positions", flooding, BURST % at_ms, seconds=3) as first:
        first.end()  # the burst is used up, and the limit has reached every door
    empty_at = time.monotonic()
    before = stage.counted(environment)
    steady(url, "/ingest/v1/positions", key, POSTS_A_SECOND, 2, _position)
    alone = steady(url, "/ingest/v1/positions", key, POSTS_A_SECOND, seconds, _position)
    with Flood(url, "/ingest/v1/positions", flooding, body, seconds=seconds + 1) as flood:
        beside = steady(url, "/ingest/v1/positions", key, POSTS_A_SECOND, seconds, _position)
        flooded = flood.end()
    allowed = LIMIT * (time.monotonic() - empty_at)  # what came back since the burst was used up
    wanted = alone.accepted + beside.accepted
    wait_for("every position has its outcome", lambda: stage.counted(environment) - before >= wanted)
    table = [
        ["quiet tenant, posts a second", POSTS_A_SECOND],
        ["quiet tenant alone, p50 ms", alone.p50_ms],
        ["quiet tenant alone, p99 ms", alone.p99_ms],
        ["flood, posts a second", round(flooded.per_second)],
        ["flood, its limit", LIMIT],
        ["flood, accepted in all", flooded.accepted],
        ["flood, accepted of what its limit allows", round(flooded.accepted / allowed, 2)],
        ["flood, answered neither 2xx nor 429", flooded.others + flooded.broken],
        ["quiet tenant beside the flood, p50 ms", beside.p50_ms],
        ["quiet tenant beside the flood, p99 ms", beside.p99_ms],
        ["quiet tenant, posts not answered 2xx", alone.sent + beside.sent - wanted],
        ["ratio of the two p50", round(beside.p50_ms / alone.p50_ms, 2)],
        ["ratio of the two p99", round(beside.p99_ms / alone.p99_ms, 2)],
    ]
    facts = {"alone": alone._asdict(), "beside": beside._asdict(), "flood": flooded._asdict()}
    return {**facts, "table": table}


def _tenant(stage: Stage) -> str:
    """The publishable key of a customer who may report LIMIT a second."""
    command = [str(stage.stack.place.venv_python), "manage.py", "shell", "-v", "0", "-c", MAKE]
    printed = subprocess.run(
        command, env=stage.stack.environment(), cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    return printed.rpartition("KEY ")[2].strip()
