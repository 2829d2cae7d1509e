"""A CSV table into a recording: one row at a time, the bad ones left out with their line and column. Pure."""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import chain, islice
from typing import Any

from tracker.replay.columns import UNIT_IN_NAME, Columns, choose
from tracker.replay.moments import SAMPLE, Clock, NoTime, clock_for
from tracker.replay.recording import Fault, Fix, Recording, Unreadable

MPS_OF = {"mps": 1.0, "kmh": 1 / 3.6, "mph": 0.44704, "knots": 1852 / 3600}
OPTIONAL_NUMBERS = {
    "accuracy": "accuracy_m",
    "altitude": "altitude_m",
    "speed": "speed_mps",
    "heading": "heading_deg",
    "battery": "battery",
}
MAX_ACTIVITY_CHARS = 64
MANY_ROWS = 20

Row = tuple[int, dict[str, str]]


@dataclass(frozen=True)
class Reading:
    """What the caller says about a file; what is None is guessed."""

    columns: Mapping[str, str | None] = field(default_factory=dict)
    zone: tzinfo | None = None
    relative: bool = False
    speed_unit: str | None = None
    device: str | None = None
    limit: int | None = None


def read_table(lines: Iterable[str], reading: Reading, *, device: str) -> Recording:
    """The recording in the lines of a CSV file. `device` names the one of a table without a device column.

    Raises Unreadable where the table as a whole cannot be understood.
    """
    rows = _rows(lines)
    header = next(rows, None)
    if header is None:
        raise Unreadable("the file is empty.")
    columns = choose(list(header[1]), reading.columns)
    if reading.device is not None:
        columns = Columns(**{**vars(columns), "device": None})
    first = list(islice(rows, SAMPLE))
    if not reading.columns.get("device") and _counts_rows(first, columns.device):
        columns = Columns(**{**vars(columns), "device": None})
    times = [cells.get(columns.time, "") for _, cells in first]
    clock = clock_for(times, column=columns.time, zone=reading.zone, relative=reading.relative)
    unit = reading.speed_unit or UNIT_IN_NAME.get((columns.speed or "").lower(), "mps")
    recording = Recording(notes=_notes(columns, clock, unit, reading, device))
    reader = _RowReader(columns, clock, MPS_OF[unit], reading.device or device)
    for line, cells in chain(first, rows):
        try:
            recording.fixes.append(reader.fix(cells))
        except _BadCell as bad:
            recording.leave_out(Fault(line, bad.column, bad.problem))
        if reading.limit is not None and len(recording.fixes) >= reading.limit:
            break
    return recording


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    """The header and then each row, with the line it ends on. The delimiter is what the header uses most."""
    source = iter(lines)
    head = next((line for line in source if line.strip()), "").removeprefix("\ufeff")
    if not head:
        return
    delimiter = max(",;\t|", key=head.count)
    reader = csv.reader(chain([head], source), delimiter=delimiter)
    header = [name.strip() for name in next(reader)]
    yield 1, dict.fromkeys(header, "")
    for cells in reader:
        if cells:
            yield reader.line_num, dict(zip(header, cells, strict=False))


def _counts_rows(rows: list[Row], column: str | None) -> bool:
    """Whether a guessed device column holds another value in every row: then it numbers rows, not devices."""
    values = [cells.get(column, "") for _, cells in rows] if column else []
    return len(values) >= MANY_ROWS and len(set(values)) == len(values)


def _notes(columns: Columns, clock: Clock, unit: str, reading: Reading, device: str) -> list[str]:
    notes = [f"columns: {columns.told()}"]
    if columns.device is None:
        notes.append(f"one device, {reading.device or device}")
    if columns.speed:
        said = "as said" if reading.speed_unit else "taken; say --speed-unit if they are not"
        notes.append(f"speeds in {unit}, {said}")
    if clock.note:
        notes.append(clock.note)
    return notes


class _BadCell(Exception):
    def __init__(self, column: str, problem: str) -> None:
        super().__init__(problem)
        self.column, self.problem = column, problem


@dataclass(frozen=True)
class _RowReader:
    columns: Columns
    clock: Clock
    mps: float
    device: str

    def fix(self, cells: dict[str, str]) -> Fix:
        columns = self.columns
        device = cells.get(columns.device, "").strip() if columns.device else self.device
        if not device:
            raise _BadCell(columns.device or "device", "is empty")
        try:
            at_us = self.clock.read(cells.get(columns.time, "").strip())
        except (NoTime, OverflowError) as bad:
            raise _BadCell(columns.time, str(bad)) from None
        latitude = self._degrees(cells, columns.latitude, 90)
        longitude = self._degrees(cells, columns.longitude, 180)
        return Fix(device, at_us, latitude, longitude, self._facts(cells))

    def _degrees(self, cells: dict[str, str], column: str, bound: int) -> float:
        text = cells.get(column, "").strip()
        value = _number(text)
        if value is None:
            raise _BadCell(column, f"{text[:40]!r} is no number of degrees")
        if abs(value) > bound:
            raise _BadCell(column, f"{text[:40]} lies outside ±{bound}")
        return value

    def _facts(self, cells: dict[str, str]) -> dict[str, Any]:
        """What else the row says. A cell that makes no sense costs the fact and not the fix, as at the door."""
        facts: dict[str, Any] = {}
        for fact, name in OPTIONAL_NUMBERS.items():
            column = getattr(self.columns, fact)
            value = _number(cells.get(column, "").strip()) if column else None
            if value is None or (value < 0 and fact != "altitude"):
                continue
            if fact == "speed":
                value = round(value * self.mps, 3)
            if fact == "battery" and value > 1:
                value = value / 100
            facts[name] = value
        activity = cells.get(self.columns.activity, "").strip() if self.columns.activity else ""
        if activity:
            facts["activity"] = activity[:MAX_ACTIVITY_CHARS]
        return facts


def _number(text: str) -> float | None:
    """A finite number, also with a decimal comma; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        try:
            value = float(text.replace(",", ".", 1))
        except ValueError:
            return None
    return value if math.isfinite(value) else None
