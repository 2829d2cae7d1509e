"""Posts a second through the whole path: nginx, edge, stream, with the consumers storing beside it.

`wrk` sends single-fix posts over 64 connections as fast as they are answered; it shares the machine with all that
it measures. The yardstick in the same run is the same post without a credential: nginx, the server and an answer,
but no body taken apart and no stream. What lies between the two is what accepting costs.
"""

import json
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import redis

from bench.stage import Stage, wait_for

CONNECTIONS = 64
SCRIPT = """
local thread_number = 0
function setup(thread) thread:set("tid", thread_number); thread_number = thread_number + 1 end
local n = 0
local headers = {["Content-Type"] = "application/json", %s}
function request()
  n = n + 1
  local device = n %% 500
  local body = string.format(
    '{"device_id":"bench-%%d-%%d","positions":[{"recorded_at":%%d,"latitude":%%.6f,"longitude":%%.6f,' ..
    '"accuracy_m":8,"speed_mps":5.5,"heading_deg":90,"battery":0.8}]}',
    tid, device, %d + n, 18.5 + device / 5000, 73.8 + n %% 50000 / 1000000)
  return wrk.format("POST", "/ingest/v1/positions", headers, body)
end
function done(summary, latency, requests)
  local e = summary.errors
  print(string.format('FIGURES {"requests":%%d,"us":%%d,"p50":%%.0f,"p99":%%.0f,"refused":%%d,"broken":%%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.status,
    e.connect + e.read + e.write + e.timeout))
end
"""


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """Accepted posts a second, answer times, how far the consumers were behind, and that nothing was lost."""
    key = stage.stack.demo["publishable_key"]
    environment = stage.environment_id()
    before = stage.counted(environment)
    _wrk(stage, f'["Authorization"] = "Bearer {key}"', 2)  # warm
    accepted = _wrk(stage, f'["Authorization"] = "Bearer {key}"', seconds)
    taken = accepted["requests"] - accepted["refused"]
    drained = wait_for("the stream drains", lambda: _lag(stage) == 0, seconds=180)
    refused = _wrk(stage, '["X-No-Credential"] = "1"', max(3, seconds // 3))
    rate, limit = (figures["requests"] / figures["us"] * 1e6 for figures in (accepted, refused))
    return {
        "single-fix posts accepted a second": round(rate),
        "answer time p50, ms": round(accepted["p50"] / 1000, 1),
        "answer time p99, ms": round(accepted["p99"] / 1000, 1),
        "connections": CONNECTIONS,
        "answers other than 202": accepted["refused"],
        "broken connections": accepted["broken"],
        "seconds until all was stored, after the last post": round(drained, 1),
        "outcomes counted, at least the posts accepted": stage.counted(environment) - before >= taken,
        "posts a second refused at the credential": round(limit),
        "ratio to that limit": round(rate / limit, 2),
    }


def _lag(stage: Stage) -> int:
    """Entries of the stream that no committed offset has passed yet."""
    client = redis.Redis.from_url(stage.stack.settings["MILEPOST_REDIS_URL"])
    behind = 0
    for lane in client.scan_iter("loc:*"):
        done = (
            stage.sql("SELECT entry_id FROM tracker_streamprogress WHERE lane = %s", lane.decode()) or "0-0"
        )
        behind += len(client.xrange(lane, min=f"({done}", count=1) or [])
    return behind


def _wrk(stage: Stage, header: str, seconds: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(SCRIPT % (header, int((time.time() - 3600) * 1000)))
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), stage.stack.base_url]
        printed = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=seconds + 60
        ).stdout
    found = re.search(r"FIGURES (\{.*\})", printed)
    if found is None:
        raise RuntimeError(f"wrk printed no figures:\n{printed}")
    figures: dict[str, int] = json.loads(found.group(1))
    return figures
