"""The customer's page alone, and while ingest runs at full load beside it; times from when each look was due.

Shipments are announced and put on the road through the API; looks are spread over them at random, so that what the
process keeps for a moment helps as little as it would among many customers.
"""

import json
import random
import urllib.request
from typing import Any

from bench.load import Flood, steady_reads
from bench.stage import Stage

SHIPMENTS = 400
LOOKS_A_SECOND = 40
BODY = """
  return string.format('{"device_id":"flood-%%d","positions":[{"recorded_at":%d,"latitude":18.5,"longitude":73.8}]}',
    n %% 500)"""


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """Figures by what they are."""
    url = stage.stack.base_url
    paths = _links(stage)
    dice = random.Random(5)
    order = [dice.choice(paths) for _ in range(LOOKS_A_SECOND * (seconds + 2) * 2)]

    def look(number: int) -> str:
        return order[number % len(order)]

    steady_reads(url, look, LOOKS_A_SECOND, 2)
    alone = steady_reads(url, look, LOOKS_A_SECOND, seconds)
    key = stage.stack.demo["publishable_key"]
    at_ms = int(stage.sql("SELECT extract(epoch FROM now()) * 1000 - 3600000"))
    with Flood(url, "/ingest/v1/positions", key, BODY % at_ms, seconds=seconds + 2) as flood:
        beside = steady_reads(url, look, LOOKS_A_SECOND, seconds)
        flooded = flood.end()
    return {
        "customer's page, looks a second": LOOKS_A_SECOND,
        "alone, p50 ms": alone.p50_ms,
        "alone, p99 ms": alone.p99_ms,
        "ingest beside it, posts a second": round(flooded.per_second),
        "beside full ingest, p50 ms": beside.p50_ms,
        "beside full ingest, p99 ms (aim 50)": beside.p99_ms,
        "looks not answered 2xx": alone.sent + beside.sent - alone.accepted - beside.accepted,
    }


def _links(stage: Stage) -> list[str]:
    """Paths of pages of shipments that are under way."""
    key, base = stage.stack.demo["secret_key"], stage.stack.base_url

    def api(method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{base}/api/v1/{path}", json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}, method=method,
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    hub = api("POST", "hubs", {"name": "Bench", "kind": "zone", "timezone": "Asia/Kolkata"})["id"]
    rows = [
        {"external_id": f"bench-{n}", "hub": hub, "longitude": 73.8 + n / 1e4, "latitude": 18.5}
        for n in range(SHIPMENTS)
    ]
    made = api("POST", "shipments/batch", {"shipments": rows})["data"]
    return [api("GET", f"shipments/{one['id']}/tracking-link")["url"].removeprefix(base) for one in made]
