"""500 open maps on 2,000 devices that report every 10 seconds: from the report to the frame, memory a socket, CPU.

A hundred maps see everything, four hundred belong to supervisors who are limited to two of forty geofences, and one
reader stops reading. The maps live in a process of their own (`live_reader`), and posts go through the front as phones'
do; both share the machine with what is measured. Each fix carries the moment it was made as its `recorded_at`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any, cast

import redis
from box.place import PROJECT

from bench.load import Answers, steady
from bench.stage import Stage, wait_for

DEVICES, SOCKETS, EVERY_S = 2_000, 500, 10
ZONES, PEOPLE = 40, 25  # a person may have twenty maps open in one process
# forty squares side by side, published; five people who see all, twenty who see two squares each
MAKE = f"""
import json
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.test import Client
from django.utils import timezone
from tracker.geofences.models import Geofence, GeofenceShape
from tracker.geofences.publishing import publish
from tracker.live.limits import limit_member
from tracker.tenants import scope
from tracker.tenants.models import Environment, Membership, Role, User
with scope.scope(unscoped="bench"):
    rows = Environment.objects.unscoped("bench").filter(kind="test", tenant__name__startswith="Demo")
    place = rows.order_by("pk").first()
owner = Membership.objects.unscoped("bench")
with scope.scope(tenant_id=place.tenant_id, environment_id=place.pk):
    owner = owner.filter(tenant=place.tenant_id, role="owner").first()
    zones = []
    for n in range({ZONES}):
        x, y = 73.0 + (n % 8) * 0.1, 18.0 + (n // 8) * 0.1
        box = MultiPolygon(Polygon.from_bbox((x, y, x + 0.08, y + 0.08)), srid=4326)
        zone = Geofence.objects.create(environment=place, external_id=f"bench-{{n}}")
        zone.draft = GeofenceShape.objects.create(environment=place, geofence=zone, name=f"Square {{n}}",
            kind="polygon", source={{}}, geometry=box, area_m2=7e7)
        zone.save()
        zones.append(zone)
    publish(place.pk, now=timezone.now())
    cookies = []
    for n in range({PEOPLE}):
        person = User.objects.create_user(f"bench-{{n}}@example.com", "correct-horse-battery-9")
        member = Membership.objects.create(tenant_id=place.tenant_id, user=person, role=Role.SUPERVISOR)
        if n >= {PEOPLE} // 5:
            limit_member(member, place, [zones[2 * n % {ZONES}], zones[(2 * n + 1) % {ZONES}]], by=owner)
        client = Client()
        client.force_login(person)
        cookies.append("; ".join(f"{{key}}={{value.value}}" for key, value in client.cookies.items()))
print("MADE", json.dumps({{"environment": place.public_id, "cookies": cookies}}))
"""


def run(seconds: float = 20, *, stage: Stage | None = None, deflate: bool = False) -> dict[str, Any]:
    """Figures, with a `table` of rows. The maps are open and warm before `seconds` begin."""
    if stage is not None:
        return _run(stage, seconds, deflate)
    with Stage() as own:
        return _run(own, seconds, deflate)


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """The same as a part of `make bench`."""
    return dict(run(seconds, stage=stage)["table"])


def _run(stage: Stage, seconds: float, deflate: bool) -> dict[str, Any]:
    made = _make(stage)
    _post(stage, EVERY_S)  # every device has reported once, from inside its square
    environment = stage.environment_id()
    inside = "SELECT count(*) FROM tracker_geofencevisit WHERE environment_id = %s AND exited_at IS NULL"
    wait_for("every device is in its square", lambda: stage.sql(inside, environment) >= DEVICES, every=0.5)
    live = _live_process(stage)
    idle = _resident(live)
    cookies = [made["cookies"][number % PEOPLE] for number in range(SOCKETS)]
    orders = (
        {"host": stage.stack.base_url.removeprefix("http://"), "deflate": deflate}
        | made
        | {"cookies": cookies}
    )
    with _readers(orders) as readers:
        _line(readers)
        opened = _resident(live)
        _post(stage, 3)
        _tell(readers)
        _line(readers)
        began, cpu = time.monotonic(), _cpu_s(live)
        sent = _post(stage, seconds)
        time.sleep(1)
        used, lasted = _cpu_s(live) - cpu, time.monotonic() - began
        after = _resident(live)
        _tell(readers)
        seen = _line(readers)
    memory = {"after its snapshot": opened - idle, "after the load": after - idle}
    table = _table(seen, sent, used / lasted, lasted, seconds, memory)
    return {"seen": seen, "posts": sent._asdict(), "table": table}


def _table(
    seen: dict[str, Any], sent: Answers, cpu: float, lasted: float, seconds: float, memory: dict[str, int]
) -> list[list[Any]]:
    limited = sum(number % PEOPLE >= PEOPLE // 5 for number in range(SOCKETS))
    return [
        ["maps open at the end", seen["open"]],
        ["of them limited to geofences", limited],
        ["devices", DEVICES],
        ["reports a second", round(sent.accepted / seconds)],
        ["frames a second, all maps", round(seen["frames"] / lasted)],
        ["devices shown a second, all maps", round(seen["seen"] / lasted)],
        ["MiB a second to all maps", round(seen["bytes"] / lasted / 2**20, 1)],
        ["report to frame p50, ms", seen["p50_ms"]],
        ["report to frame p99, ms", seen["p99_ms"]],
        ["report to frame worst, ms", seen["worst_ms"]],
        ["of it until the frame was made p50, ms", seen["made_p50_ms"]],
        ["of it until the frame was made p99, ms", seen["made_p99_ms"]],
        ["post answered p99, ms", sent.p99_ms],
        ["live process, share of a core", round(cpu, 2)],
        *[[f"memory a socket {when}, KiB", round(size / SOCKETS / 1024, 1)] for when, size in memory.items()],
        ["frames the stalled reader took once it read again", seen["stalled_frames_after"]],
    ]


def _make(stage: Stage) -> dict[str, Any]:
    command = [str(stage.stack.place.venv_python), "manage.py", "shell", "-v", "0", "-c", MAKE]
    printed = subprocess.run(
        command, env=stage.stack.environment(), cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    made: dict[str, Any] = json.loads(printed.rpartition("MADE ")[2])
    return made


def _post(stage: Stage, seconds: float) -> Answers:
    key = stage.stack.demo["publishable_key"]
    return steady(stage.stack.base_url, "/ingest/v1/positions", key, DEVICES / EVERY_S, seconds, _fix)


def _fix(number: int) -> bytes:
    device = number % DEVICES
    zone, row = device % ZONES, device // ZONES
    longitude = 73.0 + (zone % 8) * 0.1 + 0.02 + row / 2_500 + (number // DEVICES) % 2 / 10_000
    fix = {
        "recorded_at": time.time_ns() // 1_000_000, "longitude": longitude,
        "latitude": 18.0 + (zone // 8) * 0.1 + 0.04, "accuracy_m": 5,
    }  # fmt: skip
    return json.dumps({"device_id": f"bench-{device}", "positions": [fix]}).encode()


def _readers(orders: dict[str, Any]) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.live_reader"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(orders) + "\n")
    process.stdin.flush()
    return process


def _tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _line(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    text = process.stdout.readline()
    if not text:
        raise RuntimeError("the maps' process ended early")
    found: dict[str, Any] = json.loads(text)
    return found


def _live_process(stage: Stage) -> int:
    client = redis.Redis.from_url(stage.stack.settings.values["MILEPOST_REDIS_URL"])
    wait_for("the live process says that it is there", lambda: bool(client.keys("health:live:*")))
    [key] = cast(list[bytes], client.keys("health:live:*"))
    return int(key.rpartition(b":")[2])


def _resident(process: int) -> int:
    with open(f"/proc/{process}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _cpu_s(process: int) -> float:
    with open(f"/proc/{process}/stat") as file:
        parts = file.read().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.live_sockets", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--deflate", action="store_true", help="maps offer to take compressed frames")
    options = parser.parse_args()
    figures = run(options.seconds, deflate=options.deflate)
    for what, value in figures["table"]:
        print(f"  {what:<60} {value:>12,}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
