"""Counts in one process what may be a storm: cheap for each registration, handed on about once a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from heapq import nlargest

from ingest_lambda.floods import MOST_FACTS, Facts, Kind, Marks, Tally, mark_of

MOST_TALLIES = 100  # a second that are handed on, the largest: a storm is among them
MOST_KEYS = 5_000  # counted at once; beyond, strangers wait for the next second
LEAST_RECEIVED, LEAST_REPEATS = 5, 3  # a second: fewer are nobody's storm
PROBES_A_SECOND = 5  # devices of a storm whose registrations go their usual way, so that its end can be seen


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

    def admits(self, environment: int, key_id: int, devices: int) -> int:
        """How many of so many new devices of this key may go on: all of them, but few a second in a storm."""
        place = (environment, key_id)
        if place not in self.in_force:
            return devices
        left = self._probes.get(place, PROBES_A_SECOND)
        admitted = min(left, devices)
        self._probes[place] = left - admitted
        return admitted

    def repeated(
        self, place: tuple[int, str], received: int, repeats: int, fixes: Iterable[str], facts: Facts
    ) -> None:
        """Count what a device sent: so many reports, so many of them known already, of these fixes."""
        count = self._count((place[0], Kind.REPEATS, place[1]))
        if count is None:
            return
        count.received += received
        count.repeats += repeats
        for fix in fixes:
            count.marks.add(mark_of(fix), fix)
        count.facts[facts] += repeats

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
