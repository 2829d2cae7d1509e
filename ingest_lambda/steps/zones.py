"""The published versions of environments' geofences, as far as this worker has needed them.

A version never changes, and every batch asks in its own transaction which one is the newest: so a warm worker is as
exact as a cold one, and nobody has to tell it of a publish.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest_lambda.presence.event import Named
from ingest_lambda.presence.telling import lock_key
from ingest_lambda.steps import crossing_statements as statements

if TYPE_CHECKING:
    from ingest_lambda.presence.zone import Zone
    from ingest_lambda.presence.zones import Versions, Zones
    from ingest_lambda.steps.store import Store

MOST_ZONES = 200_000  # of all environments together, some hundred megabytes
MOST_VERSIONS = 12  # of one environment that stay loaded behind a batch


@dataclass(slots=True, eq=False)
class Sets:
    """The versions of one environment: all their numbers and times, and those loaded that fixes asked for."""

    environment_id: int
    numbers: list[int] = field(default_factory=list)
    effective_us: list[int] = field(default_factory=list)
    loaded: dict[int, Zones] = field(default_factory=dict)
    shapes: dict[int, Zone] = field(default_factory=dict)
    joined: tuple[int, int, Versions] | None = None  # from index, to index, and what they make together

    @property
    def newest(self) -> int:
        """The number of the newest version known."""
        return self.numbers[-1] if self.numbers else 0

    @property
    def newest_effective_us(self) -> int:
        """Since when that one is, or will be, in force."""
        return self.effective_us[-1] if self.effective_us else -(2**62)

    def number_at(self, at_us: int) -> int:
        """The version in force at an instant; 0 before the first."""
        place = bisect_right(self.effective_us, at_us)
        return self.numbers[place - 1] if place else 0

    def effective(self, number: int) -> int | None:
        """Since when a version is in force."""
        place = bisect_right(self.numbers, number) - 1
        return self.effective_us[place] if place >= 0 and self.numbers[place] == number else None

    def first_behind(self, number: int) -> int | None:
        """Since when the version after `number` is in force."""
        place = bisect_right(self.numbers, number)
        return self.effective_us[place] if place < len(self.numbers) else None

    def named(self, geofence_id: int, number: int) -> Named | None:
        """What a version calls a geofence, or the last one before that had it. None where none of them is loaded."""
        for one in sorted((n for n in self.loaded if n <= number), reverse=True):
            if (zone := self.loaded[one].by_id.get(geofence_id)) is not None:
                return Named(zone.uid, zone.external_id, zone.name)
        return None

    def dwell_s(self, geofence_id: int, number: int) -> int | None:
        """After how many seconds a stay is told of, by the version that let it begin. Raises KeyError: not loaded."""
        zone = self.loaded[number].by_id.get(geofence_id)
        return zone.dwell_s if zone is not None else None

    def has(self, number: int) -> bool:
        """Whether a version is loaded."""
        return number in self.loaded

    def closings(self, number: int, geofence_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Which of the geofences a version behind `number` retired: geofence -> version, and since when."""
        found: dict[int, tuple[int, int]] = {}
        for later, effective_us in zip(self.numbers, self.effective_us, strict=True):
            if later <= number:
                continue
            for geofence_id in geofence_ids:
                if geofence_id not in self.loaded[later].by_id:
                    found.setdefault(geofence_id, (later, effective_us))
        return found

    def trim(self) -> None:
        """Let go of old versions that a late fix asked for; the newest stay."""
        if len(self.loaded) <= MOST_VERSIONS:
            return
        for number in sorted(self.loaded)[: -MOST_VERSIONS // 2]:
            del self.loaded[number]
        kept = {id(zone) for zones in self.loaded.values() for zone in zones.zones}
        self.shapes = {shape: zone for shape, zone in self.shapes.items() if id(zone) in kept}
        self.joined = None


@dataclass(slots=True, eq=False)
class ZoneMemory:
    """The sets of the environments a worker meets; the ones not met for longest go first."""

    sets: OrderedDict[int, Sets] = field(default_factory=OrderedDict)

    def look(self, store: Store, environments: Sequence[int]) -> dict[int, Sets]:
        """Those of the environments that have published geofences, their versions known up to the newest.

        To be asked in the transaction of the batch: one round trip, and one more when something was published.
        """
        cursor = store.connection.cursor(binary=True)
        newest = dict(cursor.execute(statements.NEWEST_VERSIONS, (list(environments),)).fetchall())
        found = {one: self.sets.setdefault(one, Sets(one)) for one in newest}
        stale = [one for one, sets in found.items() if sets.newest < newest[one]]
        if stale:
            known = [found[one].newest for one in stale]
            for one, number, effective_us in cursor.execute(
                statements.VERSIONS_BEYOND, (stale, known)
            ).fetchall():
                found[one].numbers.append(number)
                found[one].effective_us.append(effective_us)
        for one in found:
            self.sets.move_to_end(one)
        return found

    def hold(self, store: Store, environments: Sequence[int]) -> None:
        """Keep anybody from publishing in the environments until the transaction ends, and wait for who does."""
        keys = [lock_key(one) for one in sorted(environments)]
        store.connection.cursor(binary=True).execute(statements.HOLD_SETS, (keys,))

    def trim(self) -> None:
        """Behind a batch: stay within the memory allowed."""
        for sets in self.sets.values():
            sets.trim()
        zones = sum(len(sets.shapes) for sets in self.sets.values())
        while zones > MOST_ZONES and len(self.sets) > 1:
            _, gone = self.sets.popitem(last=False)
            zones -= len(gone.shapes)
