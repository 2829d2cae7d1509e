"""One database of the growth measurement, from inside: reads a name on each line, does that once, answers seconds.

A process a database, so that the databases can be asked in turn: what else the machine does then meets all alike.
Everything goes through the product's own code: the consumer's steps, the selectors of console, API and map.
"""

import os
import random
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import django
import redis

django.setup()

from bench.growth_rows import place  # noqa: E402
from ingest_lambda.batch import Record  # noqa: E402  Django has to be set up before its models are imported
from ingest_lambda.consume import Place, Stretch, consume, open_record  # noqa: E402
from ingest_lambda.report import Channel, Envelope, PositionReport, encode  # noqa: E402
from ingest_lambda.steps.known import Known  # noqa: E402
from ingest_lambda.steps.store import Store, connect  # noqa: E402
from tracker.devices.models import Device, DeviceState  # noqa: E402
from tracker.ingestion.selectors import outcomes_between  # noqa: E402
from tracker.keys.models import Key  # noqa: E402
from tracker.live.selectors import devices_now, track_of  # noqa: E402
from tracker.positions.selectors import daily_lines_between, positions_between  # noqa: E402
from tracker.tenants import scope  # noqa: E402
from tracker.tenants.models import Environment  # noqa: E402

LANE = "loc:0"
FIXES_A_DEVICE = 5


class Inside:
    """The measured customer of one database."""

    def __init__(self) -> None:
        self.store = Store(connect(os.environ["GROWTH_EDGE_URL"]))
        self.known = Known()
        self.redis = redis.Redis.from_url(os.environ["MILEPOST_REDIS_URL"])
        with scope.scope(unscoped="a measurement on a throw-away database"):
            self.environment = Environment.objects.unscoped("the measured one").get(name="e0")
            self.key = Key.objects.unscoped("the measured one").get().pk
        self.devices = list(Device.objects.for_environment(self.environment).order_by("pk"))
        states = DeviceState.objects.for_environment(self.environment)
        self.at = int(max(states.values_list("recorded_at", flat=True)).timestamp() * 1e6)
        self.entries = 0
        self.random = random.Random(7)

    def do(self, name: str) -> float:
        """Seconds that one of it takes."""
        act: Callable[[], object] = getattr(self, name)
        if name == "batch":
            return self.batch()
        began = time.perf_counter()
        act()
        return time.perf_counter() - began

    def batch(self) -> float:
        """5,000 new fixes of 1,000 devices through the consumer's steps, one request each."""
        units = [encode(self._envelope(device)) for device in self.devices]
        self.at += FIXES_A_DEVICE * 100_000
        self.entries += 1
        entry = f"{self.entries}-0"
        records = [open_record(Record(LANE, entry, number, data)) for number, data in enumerate(units)]
        now_us = time.time_ns() // 1000
        began = time.perf_counter()
        start = Place(*self.store.progress(LANE))
        done = consume(
            Stretch(LANE, start, Place(entry, len(records)), records),
            self.store,
            self.known,
            self.redis,
            now_us=now_us,
        )
        took = time.perf_counter() - began
        if done.ended != {("accepted", ""): len(units) * FIXES_A_DEVICE}:
            raise RuntimeError(f"not all was accepted: {done.ended}")
        return took

    def _envelope(self, device: Device) -> Envelope:
        fixes = [self._fix(device, self.at + turn * 100_000) for turn in range(1, FIXES_A_DEVICE + 1)]
        received = time.time_ns() // 1000
        return Envelope(
            1, self.environment.pk, self.key, device.external_id, None, received, uuid.uuid4().bytes, None,
            Channel.HTTP, fixes,
        )  # fmt: skip

    def _fix(self, device: Device, at_us: int) -> PositionReport:
        longitude, latitude = place(device.pk, at_us)
        return PositionReport(at_us, float(longitude), float(latitude))

    def history(self) -> None:
        """The first page of a device's last day and a half, before this run."""
        until = datetime.fromtimestamp(self.at / 1e6, UTC) - timedelta(hours=6)
        device = self.random.choice(self.devices)
        rows = positions_between(device, until - timedelta(hours=30), until, limit=101)
        if len(rows) != 101:
            raise RuntimeError(f"a page of {len(rows)}")

    def track(self) -> None:
        """A device's day on the map."""
        until = datetime.fromtimestamp(self.at / 1e6, UTC) - timedelta(hours=6)
        device = self.random.choice(self.devices)
        if track_of(self.environment.pk, device.uid, until - timedelta(hours=24), until) is None:
            raise RuntimeError("no track")

    def snapshot(self) -> None:
        """What a map gets when it opens."""
        if len(devices_now(self.environment.pk)) != len(self.devices):
            raise RuntimeError("devices are missing")

    def outcomes(self) -> None:
        """The counts of a day."""
        now = datetime.now(UTC)
        outcomes_between(self.environment, now - timedelta(days=1), now, now=now)

    def lines(self) -> None:
        """A month of a device's daily lines."""
        today = datetime.now(UTC).date()
        device = self.devices[self.random.randrange(100)]
        if len(daily_lines_between(device, today - timedelta(days=30), today, limit=101)) != 30:
            raise RuntimeError("lines are missing")


def main() -> None:
    inside = Inside()
    print("ready", flush=True)
    for line in sys.stdin:
        print(f"{inside.do(line.strip()):.6f}", flush=True)


if __name__ == "__main__":
    main()
