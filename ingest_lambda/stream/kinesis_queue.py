"""What waits for Kinesis and in which calls it goes: caps, order of a key, back-off. Pure; time is passed in.

PutRecords promises no order within a call, and one record of it may fail while a later one is stored. So a call
holds at most one record of each partition key, and a record that failed holds back all later ones of its key.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

MOST_RECORDS = 500
MOST_RECORD_BYTES = (
    1024 * 1024
)  # data and partition key; a stream may be set to take more, ours does not rest on it
MOST_CALL_BYTES = 5_000_000
FIRST_PAUSE_S, LAST_PAUSE_S = 0.05, 1.0


def _random() -> float:
    """From the system: the generator of functions restored from one snapshot would give all of them the same."""
    return int.from_bytes(os.urandom(4), "big") / 2**32


class Waiting(NamedTuple):
    """A record that waits. `deadline` is monotonic seconds; `owner` is whoever is to be told."""

    key: str
    data: bytes
    deadline: float
    owner: object

    @property
    def size(self) -> int:
        """Bytes, as Kinesis counts them."""
        return len(self.data) + len(self.key.encode())


class _Line:
    """The records of one partition key, in order, and since when and how long its head is held back."""

    __slots__ = ("failures", "held_until", "records")

    def __init__(self) -> None:
        self.records: deque[Waiting] = deque()
        self.held_until = 0.0
        self.failures = 0


class PutQueue:
    """Take a call with `next_call`, make it, tell `settle` how it went; meanwhile nothing else is taken."""

    def __init__(self, jitter: Callable[[], float] = _random) -> None:
        self._jitter = jitter  # 0 to 1
        self._lines: dict[str, _Line] = {}
        self.count = 0
        self.bytes = 0

    def add(self, record: Waiting) -> None:
        """Behind all that waits with the same key."""
        line = self._lines.get(record.key)
        if line is None:
            line = self._lines[record.key] = _Line()
        line.records.append(record)
        self.count += 1
        self.bytes += record.size

    def next_call(self, now: float) -> list[Waiting]:
        """The heads of the lines that are not held back, within the caps; they stay where they are until settled.

        Lines that had their turn go to the end, so that no key with many records keeps the others waiting.
        """
        call: list[Waiting] = []
        size = 0
        for line in self._lines.values():
            head = line.records[0]
            if line.held_until > now or size + head.size > MOST_CALL_BYTES:
                continue
            call.append(head)
            size += head.size
            if len(call) == MOST_RECORDS:
                break
        for head in call:
            self._lines[head.key] = self._lines.pop(head.key)
        return call

    def settle(self, call: Sequence[Waiting], failed: Sequence[bool], now: float) -> list[Waiting]:
        """How a call went, record by record; those that are stored, which no longer wait."""
        stored = []
        # at least half of it, so that a shard that is full is left alone; the same for all of a call, which
        # failed together and go out together again
        share = 0.5 + self._jitter() / 2
        for record, bad in zip(call, failed, strict=True):
            line = self._lines[record.key]
            if bad:
                pause = min(LAST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(line.failures, 10))
                line.failures += 1
                line.held_until = now + pause * share
            else:
                line.failures = 0
                self._drop_head(record.key)
                stored.append(record)
        return stored

    def give_up(self, now: float) -> list[Waiting]:
        """Those whose time is up, which no longer wait."""
        late = []
        for key in list(self._lines):
            line = self._lines[key]
            while line.records and line.records[0].deadline <= now:
                late.append(line.records[0])
                self._drop_head(key)
        return late

    def clear(self) -> list[Waiting]:
        """All that waits, which no longer does."""
        everything = [record for line in self._lines.values() for record in line.records]
        self._lines.clear()
        self.count = self.bytes = 0
        return everything

    def rest_s(self, now: float) -> float | None:
        """For how long nothing can be sent; 0 when something can, None when nothing waits."""
        if not self._lines:
            return None
        return max(
            0.0, min(min(line.held_until, line.records[0].deadline) for line in self._lines.values()) - now
        )

    def _drop_head(self, key: str) -> None:
        line = self._lines[key]
        record = line.records.popleft()
        self.count -= 1
        self.bytes -= record.size
        if not line.records:
            del self._lines[key]
