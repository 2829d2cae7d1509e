"""Makes `fleet_day.csv.gz`: a made-up working day of 25 vehicles with the faults real ones have.

Run it as `python -m tests.data.make_fleet_day`.
Column `expect` says how each row must end when the rows of a vehicle are sent in the order of their times.
"""

import csv
import gzip
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker.simulation.city import CITIES, build
from tracker.simulation.phone import phones
from tracker.simulation.vehicles import fleet

FILE = Path(__file__).with_name("fleet_day.csv.gz")
SEED, VEHICLES = 20260301, 25
BEGINS = datetime(2026, 3, 1, 6, tzinfo=UTC)
ENDS = datetime(2026, 3, 1, 16, tzinfo=UTC)
COLUMNS = ("vehicle", "ts", "speed", "lat", "lon", "accuracy", "expect")

Row = tuple[str, datetime, float, float, float, float, str]


def rows() -> list[Row]:
    """The day, ordered by time like a fleet's log."""
    rng = random.Random(SEED)
    network = build(CITIES["amsterdam"], seed=SEED)
    made: list[Row] = []
    for number, phone in enumerate(phones(fleet(VEHICLES, city="amsterdam", seed=SEED), network, seed=SEED)):
        own = [*_drive(f"{4001 + number}", phone, rng)]
        made += own
        made += _faults(own, rng, number)
    made.sort(key=lambda row: (row[1], row[0], row[6] == "duplicate"))
    return made


def _drive(name, phone, rng) -> Iterator[Row]:
    at = BEGINS + timedelta(seconds=rng.randrange(0, 1800))
    while at < ENDS:
        step = rng.randrange(90, 260)
        phone.advance(step)
        at += timedelta(seconds=step)
        fix = phone.fix(at)
        # a phone's worst reading here would be a fault of its own; those are sown below, where they are counted
        yield (
            name,
            at,
            fix["speed_mps"],
            fix["latitude"],
            fix["longitude"],
            min(fix["accuracy_m"], 49.0),
            "accepted",
        )


def _faults(own: list[Row], rng: random.Random, number: int) -> Iterator[Row]:
    """Rows that lie between the true ones and are none themselves."""
    name = own[0][0]
    for row in rng.sample(own, 4):
        yield (*row[:6], "duplicate")
    middle = rng.sample(range(10, len(own) - 10), 3)

    def between(index: int) -> datetime:
        return own[index][1] + timedelta(seconds=40)

    if number % 4 == 0:
        yield name, between(middle[0]), 0.0, 0.0, 0.0, 5.0, "zero_island"
    if number % 5 == 1:
        _, _, speed, latitude, longitude, accuracy, _ = own[middle[1]]
        yield name, between(middle[1]), speed, latitude + 1.5, longitude, accuracy, "teleport"
    if number % 3 == 2:
        _, _, speed, latitude, longitude, _, _ = own[middle[2]]
        yield name, between(middle[2]), speed, latitude, longitude, 180.0, "poor_accuracy"
    if number % 6 == 3:
        yield name, BEGINS - timedelta(days=200, seconds=number), 0.0, *own[0][3:5], 8.0, "too_old"
    if number % 6 == 4:
        # stale, but real: what a phone that was off had still to tell
        yield name, BEGINS - timedelta(days=3, seconds=number), 0.0, *own[0][3:5], 8.0, "accepted"
    if number % 8 == 5:
        yield name, ENDS + timedelta(days=1, seconds=number), 3.0, *own[-1][3:5], 8.0, "clock_ahead"


def write(path: Path) -> None:
    """The same bytes on every machine."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for name, at, speed, latitude, longitude, accuracy, expect in rows():
        table.writerow([name, at.isoformat(), speed, latitude, longitude, accuracy, expect])
    path.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


if __name__ == "__main__":
    write(FILE)
