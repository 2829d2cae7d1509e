"""A million positions of one day into the archive: rows a second, and the memory it takes.

    python -m bench.archive [--devices 1000]

The day lies in a throw-away database; archiving runs in a process of its own, so that its peak memory is its own. The
yardstick of the same run is the bare `COPY … TO STDOUT` of the same rows, read and thrown away.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import psycopg
from box.place import PROJECT
from box.throwaway import Throwaway

from bench import growth_rows

ROWS = 1_000_000
INSIDE = "inside"


def run(seconds: float, devices: int = 1_000) -> dict[str, Any]:
    """The figures; `seconds` is not used, for the day is what it is."""
    with Throwaway(services_only=(), durable=True) as stack, tempfile.TemporaryDirectory() as folder:
        more = {
            "MILEPOST_DATABASE_URL": stack.database_url("owner"),
            "MILEPOST_REDIS_URL": stack.settings["MILEPOST_REDIS_URL"],
            "MILEPOST_ARCHIVE_DIR": folder,
            "PYTHONPATH": os.pathsep.join([str(PROJECT), str(PROJECT / "bin")]),
        }
        environment = stack.environment(**more)
        migrate = [sys.executable, str(PROJECT / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(migrate, env=environment, check=True)
        _fill(stack.database_url("owner"), devices)
        inside = [sys.executable, "-m", "bench.archive", INSIDE]
        told = subprocess.run(
            inside, env=environment, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True
        )
        figures = json.loads(told.stdout)
        figures["ratio to bare COPY"] = round(
            figures["rows a second"] / figures["rows a second, bare COPY"], 2
        )
    table = [{"what": what, "value": value} for what, value in figures.items()]
    return {"devices": devices, **figures, "table": table}


def _fill(url: str, devices: int) -> None:
    day_us = int(_yesterday().timestamp() * 1e6)
    with psycopg.connect(url, autocommit=True, options="-c milepost.unscoped=bench") as connection:
        connection.execute(growth_rows.SET_UP.replace(str(growth_rows.FLEET), str(devices)))
        fleet = connection.execute(
            "SELECT id, environment_id FROM tracker_device WHERE external_id LIKE 'fleet-%'"
        ).fetchall()
        for device, environment, times in growth_rows.spread(
            fleet, day_us, day_us + growth_rows.DAY_US, ROWS
        ):
            growth_rows.copy(connection, growth_rows.packed(environment, device, times))
        connection.execute("VACUUM (ANALYZE)")


def _yesterday() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=2)


def _inside() -> dict[str, Any]:
    """What the process of its own does: Django is set up here, on the throw-away database."""
    import django  # noqa: PLC0415  the process around this one must not be bound to that database

    django.setup()
    from django.db import connection  # noqa: PLC0415

    from tracker.archive.columns import ROWS as STATEMENT  # noqa: PLC0415
    from tracker.archive.services import archive_day  # noqa: PLC0415
    from tracker.archive.snapshot import Span  # noqa: PLC0415
    from tracker.positions.models import ArchivedDay, DailyLine  # noqa: PLC0415
    from tracker.tenants.models import Environment  # noqa: PLC0415

    environment = Environment.objects.unscoped("the measured one").get(name="e0")
    day = _yesterday().date()
    began = time.perf_counter()
    with connection.cursor() as cursor:
        plain = cast("psycopg.Cursor[Any]", cursor.cursor)
        with plain.copy(cast("Any", STATEMENT), Span.of(environment.pk, day)._asdict()) as copy:
            bare = sum(1 for _ in copy) / (time.perf_counter() - began)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    archive_day(environment, day, now=datetime.now(UTC))
    took = time.perf_counter() - began
    row = ArchivedDay.objects.for_environment(environment).get(day=day)
    return {
        "rows": row.rows,
        "rows a second": round(row.rows / took),
        "rows a second, bare COPY": round(bare),
        "bytes a row": round(row.bytes / row.rows, 1),
        "lines made": DailyLine.objects.for_environment(environment).count(),
        "peak memory, MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "of it before the day, MiB": round(before / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.archive", description=__doc__)
    parser.add_argument("part", nargs="?", choices=[INSIDE])
    parser.add_argument("--devices", type=int, default=1_000)
    options = parser.parse_args()
    print(
        json.dumps(_inside() if options.part else run(0, options.devices), indent=None if options.part else 1)
    )


if __name__ == "__main__":
    main()
