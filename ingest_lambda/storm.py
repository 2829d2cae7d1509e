"""Tells poison from a storm: when nearly every record fails for good, it is our step that is broken, not they.

One poisoned record belongs in the dead letters. A release that breaks a step would send the whole stream there,
tenant by tenant, within minutes; so then the lane is held instead, loudly, until the step is mended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ingest_lambda.batch import Batch, Unit
from ingest_lambda.failures import Storm

LEAST_FAILED = 20  # fewer are parked one by one, whatever their share
LEAST_DEVICES = 3  # one device that sends nothing but poison is poison
SHARE = 0.9  # "nearly every": what passes through a broken step may be duplicates, or empty
WINDOW = 200  # records remembered, so that a storm that comes in small batches is one as well
NOBODYS = {"unknown_environment", "unknown_device"}  # parked by a step that works
PROBES = 24  # records of a failed batch that are tried alone before all of it is taken apart


class Ending(NamedTuple):
    """How a record ended: whose it was, of which device, and whether it failed for good."""

    environment_id: int  # 0: bytes that nobody can read
    device: str
    failed: bool


class StormGuard:
    """The memory of one worker: the last records it stored or parked.

    `parks` switches the guard off: an operator who knows the records to be bad lets all of them go to the dead
    letters.
    """

    def __init__(self, *, parks: bool = False) -> None:
        self._parks = parks
        self._last: deque[Ending] = deque(maxlen=WINDOW)

    def passed(self, units: Sequence[Unit]) -> None:
        """A batch was stored as a whole."""
        self._last.extend(ending(unit, failed=False) for unit in units[-WINDOW:])

    def note(self, endings: Sequence[Ending]) -> None:
        """A batch that was taken apart is committed."""
        self._last.extend(endings)

    def weigh(self, endings: Sequence[Ending]) -> None:
        """Raises Storm where the last records, these included, fail so broadly that a step must be broken."""
        seen = [*self._last, *endings][-max(WINDOW, len(endings)) :]
        self.judge(seen)

    def judge(self, seen: Sequence[Ending]) -> None:
        """The rule itself, for these records alone. Raises Storm."""
        failed = [one for one in seen if one.failed]
        if self._parks or len(failed) < LEAST_FAILED or len(failed) < SHARE * len(seen):
            return
        devices = {(one.environment_id, one.device) for one in failed}
        hit = {one.environment_id for one in failed}
        spared = {one.environment_id for one in seen} - hit
        # where somebody else's records all pass, it is that customer's records after all: nobody waits for them
        if len(devices) < LEAST_DEVICES or spared:
            return
        raise Storm(
            f"{len(failed)} of {len(seen)} records failed for good, of {len(devices)} devices in "
            f"{len(hit)} environments: a step is broken, not a record"
        )


def ending(unit: Unit, *, failed: bool) -> Ending:
    """A record's ending; unreadable bytes count as a device each, for only our own doors can have put them there."""
    envelope = unit.envelope
    if envelope is None:
        return Ending(0, f"{unit.record.entry_id}/{unit.record.entry_index}", failed)
    return Ending(envelope.environment_id, envelope.device, failed)


def endings(batches: Iterable[Batch]) -> list[Ending]:
    """How the records of some batches ended. Records of whom nobody knows any more say nothing either way."""
    found = []
    for batch in batches:
        why = {id(dead.unit): dead.reason for dead in batch.dead}
        for unit in batch.units:
            reason = why.get(id(unit))
            if reason not in NOBODYS:
                found.append(ending(unit, failed=reason is not None))
    return found


def sample(units: Sequence[Unit]) -> list[Unit]:
    """Some of the records of a large batch, evenly spread; none of a batch too small to tell a storm by."""
    if len(units) < PROBES:
        return []
    return [units[len(units) * n // PROBES] for n in range(PROBES)]
