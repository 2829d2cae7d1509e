"""Counts in one process what may be a storm: cheap for each registration, handed on about once a second."""

from __future__ import annotations

from collections import Counter
from heapq import nlargest
from typing import TYPE_CHECKING

from ingest_lambda.floods import MOST_FACTS, Facts, Kind, Marks, Tally, mark_of

if TYPE_CHECKING:
    from ingest_lambda.batch import Batch

MOST_TALLIES = 100  # a second that are handed on, the largest: a storm is among them
MOST_KEYS = 5_000  # counted at once; beyond, strangers wait for the next second
LEAST_RECEIVED, LEAST_REPEATS = 5, 3  # a second: fewer are nobody's storm
PROBES_A_SECOND = 5  # registrations of a storm that go their usual way, so that its end can be seen


class Said:
    """What a registration says, ready to be counted again: the device's mark and name, and the app's line."""

    __slots__ = ("device", "facts", "mark")

    def __init__(self, device: str, facts: Facts) -> None:
        self.device, self.facts, self.mark = device, facts, mark_of(device)


class _Count:
    __slots__ = ("coalesced", "facts", "marks", "received", "repeats")

    def __init__(self) -> None:
        self.received = self.repeats = self.coalesced = 0
        self.marks = Marks()
        self.facts: Counter[Facts] = Counter()


class Tallies:
    """The counts of one process. `in_force` is what the judge says of keys whose registrations are a storm."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, Kind, str], _Count] = {}
        self.in_force: frozenset[tuple[int, int]] = frozenset()
        self._probes: dict[tuple[int, int], int] = {}

    def registered(self, environment: int, said: Said, *, repeat: bool, coalesced: bool = False) -> None:
        """Count a registration."""
        count = self._count((environment, Kind.REGISTRATIONS, str(said.facts.key_id)))
        if count is None:
            return
        count.received += 1
        count.repeats += repeat
        count.coalesced += coalesced
        if said.mark < count.marks.bound:
            count.marks.add(said.mark, said.device)
        count.facts[said.facts] += 1

    def coalesces(self, environment: int, key_id: int) -> bool:
        """Whether a registration of this key goes nowhere now, for a storm is in force. A few go on."""
        place = (environment, key_id)
        if place not in self.in_force:
            return False
        left = self._probes.get(place, PROBES_A_SECOND)
        self._probes[place] = max(0, left - 1)
        return left <= 0

    def reported(self, batch: Batch) -> None:
        """Count the devices of a stored batch that repeated themselves. `recorded_at` tells fix from fix."""
        for place, repeats in batch.repeated.items():
            trail = batch.trails.get(place)
            count = None if trail is None else self._count((place[0], Kind.REPEATS, place[1]))
            if trail is None or count is None:
                continue
            count.received += len(trail.arrivals)
            count.repeats += repeats
            for recorded_us in {arrival[0] for arrival in trail.arrivals}:
                count.marks.add(mark_of(str(recorded_us)), str(recorded_us))
            info, key_id = trail.info, trail.arrivals[-1][3].key_id
            app = ("", "", "") if info is None else (info.app_version or "", info.model or "", info.os or "")
            count.facts[Facts(key_id, *app)] += repeats

    def take(self) -> list[Tally]:
        """What is worth handing on, and begin anew."""
        counts, self._counts = self._counts, {}
        self._probes.clear()
        worth = [
            (key, count)
            for key, count in counts.items()
            if (
                count.repeats >= LEAST_REPEATS if key[1] is Kind.REPEATS else count.received >= LEAST_RECEIVED
            )
        ]
        largest = nlargest(MOST_TALLIES, worth, key=lambda one: one[1].received)
        return [
            Tally(
                *key,
                count.received,
                count.repeats,
                count.coalesced,
                count.marks.kept,
                count.facts.most_common(MOST_FACTS),
            )
            for key, count in largest
        ]

    def _count(self, key: tuple[int, Kind, str]) -> _Count | None:
        count = self._counts.get(key)
        if count is None and len(self._counts) < MOST_KEYS:
            count = self._counts[key] = _Count()
        return count
