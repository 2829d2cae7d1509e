"""What a file holds once read: fixes in the order of the file, and the rows that could not be read. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

MAX_FAULTS_KEPT = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(Exception):
    """A file, or an option about it, that cannot be used; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One recorded place. `at_us` is epoch microseconds; `facts` are optional fields of the ingest body."""

    device: str
    at_us: int
    latitude: float
    longitude: float
    facts: dict[str, Any]

    def body(self, shift_us: int = 0) -> dict[str, Any]:
        """The fix as the ingest endpoint takes it, its time moved by `shift_us` microseconds."""
        moment = EPOCH + timedelta(microseconds=self.at_us + shift_us)
        return {
            "recorded_at": moment.isoformat().replace("+00:00", "Z"),
            "latitude": self.latitude,
            "longitude": self.longitude,
            **self.facts,
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that was left out: where it stands and what is wrong with it."""

    line: int
    column: str
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.problem}"


@dataclass(slots=True)
class Recording:
    """A file's fixes. `notes` say how its columns were understood; only the first faults are kept in full."""

    fixes: list[Fix] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    notes: list[str] = field(default_factory=list)

    def leave_out(self, fault: Fault) -> None:
        """Count a row that could not be read."""
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS_KEPT:
            self.faults.append(fault)


def by_device(fixes: Iterable[Fix]) -> dict[str, list[Fix]]:
    """Each device's fixes in recorded order; what was recorded at one moment keeps the order of the file."""
    grouped: dict[str, list[Fix]] = {}
    for fix in fixes:
        grouped.setdefault(fix.device, []).append(fix)
    for own in grouped.values():
        own.sort(key=lambda fix: fix.at_us)
    return grouped
