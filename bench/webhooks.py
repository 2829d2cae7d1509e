"""Webhooks to 1,000 endpoints: what the dead ones cost the others, and how many are delivered a second; in one run.

    python -m bench.webhooks [--seconds 15] [--rate 400]

Twenty environments with fifty endpoints each. Events are written at a steady rate, so that `rate` messages a second
are owed; the time is taken from an event's writing to its arrival at the endpoint. First all 1,000 endpoints answer;
then a tenth is dead (a third accepts and never answers, a third refuses, a third answers 500). Only the 900 that answer
in both are compared. Last, a burst: many events at once, with the dead still there.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Any, Self

import psycopg
from box.place import PROJECT
from box.throwaway import Throwaway

from bench.stage import share, wait_for

ENVIRONMENTS, EACH = 20, 50
DEAD = 10  # every tenth
BURST = 5  # events in each environment
LONGEST_S = 90.0

SET_UP = f"""
    INSERT INTO tracker_tenant (uid, name) VALUES (gen_random_uuid(), 'bench');
    INSERT INTO tracker_environment (uid, tenant_id, name, kind)
        SELECT gen_random_uuid(), (SELECT max(id) FROM tracker_tenant), 'e' || n, 'test'
        FROM generate_series(1, {ENVIRONMENTS}) n;
    INSERT INTO tracker_webhookendpoint (uid, environment_id, url, description, kinds, content_type, state,
            state_reason, verified_at)
        SELECT gen_random_uuid(), e.id, '', '', '[]', 'application/json', 'enabled', '', now()
        FROM tracker_environment e, generate_series(1, {EACH}) n WHERE e.name LIKE 'e%';
    INSERT INTO tracker_webhooksecret (environment_id, endpoint_id, secret)
        SELECT environment_id, id, decode(md5(id::text) || md5(id::text), 'hex') FROM tracker_webhookendpoint;
"""
POINT = (
    "UPDATE tracker_webhookendpoint SET url = 'http://127.0.0.1:' || %s::int || '/' || id WHERE id %% %s = %s"
)
EVENT = f"""
    INSERT INTO tracker_outboxevent (environment_id, kind, data, occurred_at)
    SELECT id, 'geofence.entered', %s::jsonb, clock_timestamp() FROM tracker_environment
    WHERE name LIKE 'e%%' AND (%s < 0 OR id %% {ENVIRONMENTS} = %s)"""
DATA = json.dumps(
    {"device": {"id": "dev_" + "0" * 32, "external_id": "van-1"}, "to": {"name": "Depot"}, "x": "y" * 300}
)
# of the endpoints that answer: what is owed and has not arrived
OWED = """
    SELECT (SELECT count(*) FROM tracker_outboxevent WHERE relayed_at IS NULL) + count(*)
    FROM tracker_webhookmessage WHERE state = 'pending' AND endpoint_id %% %s <> 0"""


class Bench:
    """A database of its own, a relay, and the endpoints."""

    def __enter__(self) -> Self:
        self.stack = Throwaway(services_only=(), durable=True)
        self.stack.up()
        owner = self.stack.database_url("owner")
        migrate = [sys.executable, str(PROJECT / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(migrate, env=self._environment(MILEPOST_DATABASE_URL=owner), check=True, cwd=PROJECT)
        self.sql = psycopg.connect(owner, autocommit=True, options="-c milepost.unscoped=bench")
        self.sql.execute(SET_UP)
        self._receivers = self._program(
            "-m", "bench.webhook_receivers", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.good, self.silent, self.broken = json.loads(self._line())
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.refusing = closed.getsockname()[1]
        self.point(self.good, 1, 0)
        self._relay = self._program(
            "manage.py", "relay", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in (self._relay, self._receivers):
            program.kill()
            program.wait()
        self.sql.close()
        self.stack.down()

    def _environment(self, **more: str) -> dict[str, str]:
        own = {"MILEPOST_WEBHOOKS_ALLOW_PRIVATE": "1", "PYTHONPATH": os.pathsep.join(["bin", "."])}
        return self.stack.environment(**{**own, **more})

    def _program(self, *command: str, **pipes: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *command], env=self._environment(), cwd=PROJECT, text=True, **pipes
        )

    def _line(self) -> str:
        return self._receivers.stdout.readline()  # type: ignore[union-attr]  # it is a pipe

    def point(self, port: int, modulus: int, remainder: int) -> None:
        """Let every so manieth endpoint stand at that port."""
        self.sql.execute(POINT, [port, modulus, remainder])

    def arrived(self) -> list[tuple[int, float]]:
        """(endpoint, milliseconds) of what came since the last call."""
        self._receivers.stdin.write("\n")  # type: ignore[union-attr]  # as above
        self._receivers.stdin.flush()  # type: ignore[union-attr]
        return [(number, ms) for number, ms in json.loads(self._line())]

    def write(self, environment: int) -> None:
        """An event in one environment, or in all (-1)."""
        self.sql.execute(EVENT, [DATA, environment, environment])

    def settled(self) -> bool:
        """Whether the endpoints that answer have all they are owed."""
        row = self.sql.execute(OWED, [DEAD]).fetchone()
        return row is not None and row[0] == 0

    def steady(self, seconds: float, rate: float) -> list[float]:
        """Times of deliveries to endpoints that answer, at that many messages a second."""
        self.arrived()
        begun, number, every = time.monotonic(), 0, EACH / rate
        while (now := time.monotonic()) < begun + seconds:
            if begun + number * every <= now:
                self.write(number % ENVIRONMENTS)
                number += 1
            else:
                time.sleep(min(0.01, begun + number * every - now))
        wait_for("what was written arrives", self.settled, seconds=LONGEST_S)
        return [ms for endpoint, ms in self.arrived() if endpoint % DEAD]


def run(seconds: float, *, rate: float = 400) -> dict[str, Any]:
    """Figures, with a `table` of rows; a little more than three times `seconds`."""
    with Bench() as bench:
        bench.write(-1)
        wait_for("the relay works", bench.settled, seconds=LONGEST_S)
        alone = bench.steady(seconds, rate)
        for index, port in enumerate((bench.silent, bench.refusing, bench.broken)):
            for remainder in range(index, DEAD, 3):
                bench.point(port, DEAD * DEAD, DEAD * remainder)
        beside = bench.steady(seconds, rate)
        bench.arrived()
        begun = time.monotonic()
        for _ in range(BURST):
            bench.write(-1)
        wait_for("the burst arrives", bench.settled, seconds=LONGEST_S)
        took = time.monotonic() - begun
        burst = len([1 for endpoint, _ in bench.arrived() if endpoint % DEAD])
    table = [
        [
            "endpoints, of which dead in the second half",
            f"{ENVIRONMENTS * EACH}, {ENVIRONMENTS * EACH // DEAD}",
        ],
        ["messages owed a second", rate],
        ["delivered to the 900, none dead", len(alone)],
        ["written to arrived, none dead, p50 ms", round(share(alone, 0.5), 1)],
        ["written to arrived, none dead, p99 ms", round(share(alone, 0.99), 1)],
        ["delivered to the 900, a tenth dead", len(beside)],
        ["written to arrived, a tenth dead, p50 ms", round(share(beside, 0.5), 1)],
        ["written to arrived, a tenth dead, p99 ms", round(share(beside, 0.99), 1)],
        ["ratio of the two p50", round(share(beside, 0.5) / share(alone, 0.5), 2)],
        ["ratio of the two p99", round(share(beside, 0.99) / share(alone, 0.99), 2)],
        ["burst, delivered to the 900", burst],
        ["burst, deliveries a second, a tenth dead", round(burst / took)],
    ]
    return {"table": table}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.webhooks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rate", type=float, default=400)
    options = parser.parse_args()
    figures = run(options.seconds, rate=options.rate)
    for what, value in figures["table"]:
        print(f"{what:<60} {value!s:>16}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
