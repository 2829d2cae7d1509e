"""Recorded days for the end-to-end tests, moved to end a minute ago, and what must become of each row."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

TRACES = Path(__file__).resolve().parents[3] / "shared" / "data" / "traces"
MADE_UP = Path(__file__).resolve().parents[1] / "data" / "fleet_day.csv.gz"


@dataclass(frozen=True)
class Seen:
    """One row: when (as sent) and where. `expect` is known for made-up days only."""

    at: datetime
    latitude: float
    longitude: float
    expect: str = ""

    @property
    def plausible(self) -> bool:
        """A place that is not the zero island."""
        return (self.latitude, self.longitude) != (0.0, 0.0)

    @property
    def place(self) -> tuple[float, float]:
        """Longitude and latitude."""
        return self.longitude, self.latitude


@dataclass
class Day:
    """Rows by vehicle, in the order of the file; `path` is the file to replay with --own-times."""

    path: Path
    rows: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))

    @property
    def count(self) -> int:
        """All rows."""
        return sum(map(len, self.rows.values()))

    def plausible(self, vehicle: str) -> dict[datetime, Seen]:
        """The distinct plausible fixes of a vehicle by their time.

        Of several at one moment, whatever their order, the one with the smallest longitude, then latitude, is kept:
        the recordings state no accuracy, which would come first.
        """
        found: dict[datetime, Seen] = {}
        for seen in self.rows[vehicle]:
            if seen.plausible and (seen.at not in found or seen.place < found[seen.at].place):
                found[seen.at] = seen
        return found

    @property
    def span(self) -> tuple[datetime, datetime]:
        """A period that surely holds every row that can be stored."""
        return datetime.now(UTC) - timedelta(days=89), datetime.now(UTC) + timedelta(minutes=10)


def moved_day(source: Path, to: Path, *, only: dict[str, str] | None = None) -> Day:
    """The rows of `source` with their times moved so that the last true one was a minute ago.

    Written with explicit times, so that replaying the file twice sends the very same fixes. `only` keeps rows
    whose columns begin with the given texts.
    """
    table = [row for row in _table(source) if all(row[c].startswith(t) for c, t in (only or {}).items())]
    device = "vehicle" if "vehicle" in table[0] else "device"
    times = [datetime.fromisoformat(row["ts"]) for row in table]
    true = [at for at, row in zip(times, table, strict=True) if row.get("expect", "accepted") == "accepted"]
    move = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1) - max(true)
    day = Day(to)
    with gzip.open(to, "wt", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(table[0]))
        out.writeheader()
        for at, row in zip(times, table, strict=True):
            moved = (at + move).astimezone(UTC)
            out.writerow({**row, "ts": moved.isoformat()})
            seen = Seen(moved, float(row["lat"]), float(row["lon"]), row.get("expect", ""))
            day.rows[row[device]].append(seen)
    return day


def _table(path: Path) -> list[dict[str, str]]:
    def rows() -> Iterator[dict[str, str]]:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    return list(rows())
