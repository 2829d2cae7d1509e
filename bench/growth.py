"""What stored positions cost those to come: 1, 10 and (asked for) 100 million rows, each in a database of its own.

    python -m bench.growth [--millions 1 10 100] [--seconds 60]

The databases stand side by side in one throw-away cluster and are measured in turn, a batch here, a batch there, so
that the ratios are of one run on one machine. Each figure is the time a fifth of the tries stayed under, for what else
the machine does only ever adds; the ratio is against the smallest database.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import psycopg
from box.place import PROJECT
from box.throwaway import Throwaway

from bench import growth_rows
from bench.stage import share

BYTES_A_ROW = 320  # with its indexes, and room for what a vacuum leaves
SPARE_BYTES = 4 << 30
READS_A_TURN = 30
QUIET = 0.2
WHAT = {
    "batch": "5,000 fixes through the consumer's steps",
    "history": "a page of a device's history",
    "track": "a device's day on the map",
    "snapshot": "the map's first picture, 1,000 devices",
    "outcomes": "a day's outcome counts",
    "lines": "a month of daily lines",
}


class Database:
    """A database of so many stored positions, and the process that measures it from inside."""

    def __init__(self, stack: Throwaway, millions: int) -> None:
        self.millions, self.stack = millions, stack
        self.name = f"growth_{millions}"
        self.times: dict[str, list[float]] = {what: [] for what in WHAT}
        self._process: subprocess.Popen[str] | None = None

    def url(self, role: str) -> str:
        """Its address for a role."""
        return urlsplit(self.stack.database_url(role))._replace(path=f"/{self.name}").geturl()

    def make(self) -> float:
        """Create it, fill it, tidy it; rows stored a second."""
        with psycopg.connect(self.stack.database_url("owner"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.name}")
        manage = [sys.executable, str(PROJECT / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(manage, env=self._environment(), check=True)
        options = "-c milepost.unscoped=bench -c synchronous_commit=off"
        with psycopg.connect(self.url("owner"), autocommit=True, options=options) as connection:
            connection.execute(growth_rows.SET_UP)
            rate = growth_rows.fill(connection, self.millions * 1_000_000, now=time.time())
            counts = {"lined": 100 * self.millions, "seconds": 20_000}
            for statement in growth_rows.AFTER.split(";\n"):
                if statement.strip():
                    connection.execute(statement, counts)
            connection.execute("VACUUM (FREEZE, ANALYZE)")
        return rate

    def open(self) -> None:
        """Start the process inside."""
        command = [sys.executable, "-m", "bench.growth_inside"]
        self._process = subprocess.Popen(
            command,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )
        self._line()

    def measure(self, what: str, times: int) -> None:
        """Do it so often and note how long each took."""
        process = self._running()
        for _ in range(times):
            process.stdin.write(what + "\n")  # type: ignore[union-attr]  # it is a pipe
            process.stdin.flush()  # type: ignore[union-attr]
            self.times[what].append(float(self._line()))

    def close(self) -> None:
        """End the process inside."""
        if self._process is not None:
            self._process.communicate(timeout=60)

    def _environment(self) -> dict[str, str]:
        more = {"MILEPOST_DATABASE_URL": self.url("owner"), "GROWTH_EDGE_URL": self.url("edge")}
        more["MILEPOST_REDIS_URL"] = self.stack.settings["MILEPOST_REDIS_URL"]
        path = os.pathsep.join([str(PROJECT), str(PROJECT / "bin")])
        return self.stack.environment(PYTHONPATH=path, **more)

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("the process inside was not started")
        return self._process

    def _line(self) -> str:
        line = self._running().stdout.readline().strip()  # type: ignore[union-attr]  # it is a pipe
        if not line:
            raise RuntimeError(f"the measurement inside {self.name} ended; its error stands above")
        return line


def run(seconds: float, millions: tuple[int, ...] = (1, 10)) -> dict[str, Any]:
    """Fill, measure in turn for so long, compare. Sizes for which the disk has no room are left out, and named."""
    room = shutil.disk_usage(tempfile.gettempdir()).free - SPARE_BYTES
    sizes: list[int] = []
    skipped: list[int] = []
    for size in sorted(millions):
        room -= size * 1_000_000 * BYTES_A_ROW
        (sizes if room > 0 else skipped).append(size)
    if len(sizes) < 2:
        return {"skipped": "no room on the disk for two sizes", "table": []}
    with Throwaway(services_only=(), durable=True) as stack:
        databases = [Database(stack, size) for size in sizes]
        filled = {}
        for database in databases:
            print(f"… storing {database.millions} million positions", flush=True)
            filled[f"{database.millions}M"] = round(database.make())
        try:
            _measure(databases, seconds)
        finally:
            for database in databases:
                database.close()
    table = [_compared(what, one, databases[0]) for what in WHAT for one in databases]
    return {"rows stored a second while filling": filled, "skipped_millions": skipped, "table": table}


def _compared(what: str, one: Database, smallest: Database) -> dict[str, Any]:
    quiet, least = share(one.times[what], QUIET), share(smallest.times[what], QUIET)
    figures = {"ms": round(quiet * 1000, 2), "median_ms": round(median(one.times[what]) * 1000, 2)}
    counted = {"ratio": round(quiet / least, 2), "times": len(one.times[what])}
    return {"what": WHAT[what], "millions": one.millions, **figures, **counted}


def _measure(databases: list[Database], seconds: float) -> None:
    for database in databases:
        database.open()
        for what in WHAT:
            database.measure(what, 3)
            database.times[what].clear()  # the first ones fill caches and plans
    ends, turn = time.monotonic() + seconds, 0
    while time.monotonic() < ends or turn < 4:
        # forwards, then backwards: neither is always the one that follows the other
        for database in databases if turn % 2 else databases[::-1]:
            for what in WHAT:
                database.measure(what, 1 if what == "batch" else READS_A_TURN)
        turn += 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    figures = run(options.seconds, tuple(options.millions))
    for row in figures["table"]:
        print(f"  {row['what']:<44} {row['millions']:>4} M {row['ms']:>10.2f} ms {row['ratio']:>6.2f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
