"""Many devices' fixes at once: where nothing can have happened is found for all of them together, with arrays."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np

from ingest_lambda.presence.publishing import take_up
from ingest_lambda.presence.screening import screen
from ingest_lambda.presence.state import Fix, Presence, Transition
from ingest_lambda.presence.walk import Walk
from ingest_lambda.presence.zones import Versions, Zones

Item = tuple[Presence | None, Sequence[Fix]]
Folded = tuple[Presence | None, list[Transition]]


class Batch:
    """The fixes of all devices in a row, each device's after the last one known of it."""

    def __init__(self, items: Sequence[Item], versions: Versions) -> None:
        self._items = items
        self._versions = versions
        self._rows: list[Any] = []
        self._starts: list[int] = []
        known: list[int] = []  # rows that are the last fix known, not one of the batch
        for presence, fixes in items:
            self._starts.append(len(self._rows))
            if presence is not None and fixes:
                known.append(len(self._rows))
                self._rows.append(presence.last)
            self._rows.extend(fixes)
        if self._rows:
            self._screen(np.array(self._starts), np.array(known, dtype=np.intp))

    def fold(self) -> list[Folded]:
        """The devices' states and transitions."""
        if not self._rows:
            return [(presence, []) for presence, _ in self._items]
        folded: list[Folded] = []
        rows, all_zones = self._rows, self._versions.all
        ends = [*self._starts[1:], len(rows)]
        for item, start, end, quiet, index in zip(
            self._items, self._starts, ends, self._quiet, self._first_index, strict=True
        ):
            presence = item[0]
            if start == end:
                folded.append((presence, []))
            elif (
                quiet
                and presence is not None
                and presence.version == all_zones[index].number
                and not presence.pending
                and not presence.passing
            ):
                before = rows[end - 2]
                moved = Presence(presence.version, rows[end - 1], presence.inside, (), (before[1], before[2]))
                folded.append((moved, []))
            else:
                folded.append(self._walk(presence, start, end))
        return folded

    def _screen(self, starts: Any, known: Any) -> None:
        """For each row its version, its zones, and whether it must be looked at."""
        at_us, longitudes, latitudes = (np.array(one) for one in list(zip(*self._rows, strict=True))[:3])
        count = len(at_us)
        linked = np.ones(count, dtype=bool)
        linked[starts[starts < count]] = False
        index = np.searchsorted(np.array(self._versions.effective_us), at_us, side="right") - 1
        index[known] = index[known + 1]  # what was known is looked at as the set is now
        keys, through = np.zeros(count, dtype=np.uint64), np.zeros(count, dtype=bool)
        for number in np.unique(index).tolist():
            if number >= 0:
                rows = np.flatnonzero(index == number)
                near = linked[rows]
                near[1:] &= np.diff(rows) == 1
                zones = self._versions.all[number]
                keys[rows], through[rows] = screen(
                    zones, at_us[rows], longitudes[rows], latitudes[rows], near
                )
        anew = linked[1:] & (index[1:] != index[:-1])
        through[1:] |= anew
        noted = ~linked | through
        noted[1:] |= keys[1:] != keys[:-1]
        self._keys, self._through = keys, through
        self._index = index.tolist()
        self._noted = np.flatnonzero(noted).tolist()
        inner = np.concatenate(([0, 0], np.cumsum(noted)))  # noted rows before row - 1
        ends = np.append(starts[1:], count)
        self._quiet = (inner[ends + 1] <= inner[np.minimum(starts + 2, count + 1)]).tolist()
        self._first_index = index[np.minimum(starts, count - 1)].tolist()

    def _walk(self, presence: Presence | None, start: int, end: int) -> Folded:
        """One device's fixes one after the other, but for those where nothing is under way and nothing happens."""
        told: list[Transition] = []
        walk: Walk | None = None
        row = start if presence is None else start + 1
        while row < end:
            fix, zones = Fix._make(self._rows[row]), self._zones(row)
            if zones is None:
                pass
            elif walk is None and presence is None:
                walk = Walk.begin(zones, fix, zones.covered_by(int(self._keys[row])))
            else:
                covering = zones.covered_by(int(self._keys[row]))
                if walk is None or walk.zones is not zones:
                    walk, before = self._under(walk, presence, zones, fix, covering)
                    told += before
                elif walk.settled and (noted := min(self._next(row), end)) > row:
                    walk.follow(self._rows[noted - 2], self._rows[noted - 1])
                    row = noted
                    continue
                walk.step(fix, covering, bool(self._through[row]))
            row += 1
        if walk is None:
            return presence, told
        return walk.presence(), told + walk.told

    def _under(
        self, walk: Walk | None, presence: Presence | None, zones: Zones, fix: Fix, covering: frozenset[int]
    ) -> tuple[Walk, list[Transition]]:
        """The walk under the version in force, and what was told up to it."""
        told = [] if walk is None else walk.told
        known = presence if walk is None else walk.presence()
        if known is None:
            raise ValueError(f"a walk that has not begun cannot go on at {fix}")
        if known.version == zones.number:
            return Walk(zones, known), told
        anew, before = take_up(known, self._versions, zones, fix, covering)
        return anew, told + before

    def _zones(self, row: int) -> Zones | None:
        index = self._index[row]
        return self._versions.all[index] if index >= 0 else None

    def _next(self, row: int) -> int:
        """The first row from `row` on that must be looked at."""
        at = bisect_left(self._noted, row)
        return self._noted[at] if at < len(self._noted) else len(self._rows)
