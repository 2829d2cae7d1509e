"""Devices of a batch that move among geofences: what is new of each, and the stretches whose crossings are decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ingest_lambda.batch import Batch, Trail
from ingest_lambda.judgement import four_bytes
from ingest_lambda.presence.state import Fix, Inside, Presence, Transition, decode
from ingest_lambda.presence.telling import FOR_EVER_US
from ingest_lambda.report import Envelope
from ingest_lambda.steps.zones import Sets


@dataclass(slots=True, eq=False)
class Stretch:
    """A piece of a device's way that was decided, anew perhaps: crossings decided later than `from_us` and up to
    `to_us` are `transitions`, and the device was `inside` these at its beginning."""

    passage: Passage
    from_us: int
    to_us: int
    inside: tuple[Inside, ...]
    transitions: list[Transition]
    closings: dict[int, tuple[int, int]] = field(
        default_factory=dict
    )  # retired behind the last fix: see Sets
    again: bool = False  # it was decided before: what is stored of it is to be compared
    rootless: bool = False  # no fix before it is kept


@dataclass(slots=True, eq=False)
class Passage:
    """One device of the batch. `fixes` are the new ones beyond all stored before; what changed among those, a late
    fix, one that was withdrawn, a version it should have been decided by, lies from `change_us` to `changed_to_us`."""

    trail: Trail
    sets: Sets
    before: Presence | None
    fixes: list[Fix] = field(default_factory=list)
    change_us: int | None = None
    changed_to_us: int = -FOR_EVER_US
    after: Presence | None = None
    stretches: list[Stretch] = field(default_factory=list)

    @property
    def late(self) -> bool:
        """Whether its stored way changed, or must be read to know where it is."""
        return self.change_us is not None

    @property
    def last_us(self) -> int:
        """The last fix of the way as it was before this batch."""
        return self.before.last[0] if self.before is not None else -FOR_EVER_US

    @property
    def first_needed_us(self) -> int:
        """The earliest fix the fold of new ones looks at."""
        if self.before is not None:
            return self.before.last[0]
        return self.fixes[0].at_us if self.fixes else FOR_EVER_US

    def changed(self, at_us: int) -> None:
        """Note that its stored way is another at an instant."""
        self.change_us = at_us if self.change_us is None else min(self.change_us, at_us)
        self.changed_to_us = max(self.changed_to_us, at_us)

    def envelope_of(self, decided_us: int) -> Envelope | None:
        """The report that made a crossing known: of the fix that decided, or of the change nearest to it."""
        arrivals = self.trail.arrivals
        if not arrivals:
            return None
        return min(arrivals, key=lambda arrival: (abs(arrival[0] - decided_us), arrival[1]))[3]


def passages_of(batch: Batch, found: Mapping[int, Sets]) -> list[Passage]:
    """The devices whose way among geofences this batch goes on with, or changes."""
    passages: dict[Trail, Passage] = {}
    for trail, fix, _, moved_at_us in batch.accepted:
        passage = passages.get(trail)
        if passage is None:
            sets = found.get(trail.environment.id)
            if sets is None:
                continue
            passage = passages[trail] = _begun(trail, sets)
        at_us = fix.recorded_at_us
        accuracy_m, speed_mps = four_bytes(fix.accuracy_m), four_bytes(fix.speed_mps)
        passage.fixes.append(Fix(at_us, fix.longitude, fix.latitude, accuracy_m, speed_mps, moved_at_us))
    changes = batch.rewritten
    for trail, at_us in changes.withdrawn:  # another anchor changes nothing: the rule does not look at it
        if (sets := found.get(trail.environment.id)) is not None:
            if trail not in passages:
                passages[trail] = _begun(trail, sets)
            passages[trail].changed(at_us)
    for passage in passages.values():
        _part(passage)
    return list(passages.values())


def _begun(trail: Trail, sets: Sets) -> Passage:
    return Passage(trail, sets, None if trail.presence is None else decode(trail.presence))


def _part(passage: Passage) -> None:
    """Tell late fixes from new ones, and see whether what is known of the device can be gone on from."""
    before, sets = passage.before, passage.sets
    fixes, last_us = passage.fixes, passage.last_us
    if fixes and before is not None and fixes[0].at_us <= last_us:
        for fix in fixes:
            if fix.at_us <= last_us:
                passage.changed(fix.at_us)
        passage.fixes = fixes = [fix for fix in fixes if fix.at_us > last_us]
    if any(one.at_us > other.at_us for one, other in pairwise(fixes)):
        fixes.sort()
    if before is not None:
        behind_us = sets.first_behind(before.version)
        if behind_us is not None and behind_us <= last_us:
            # published before its last fix was recorded, by a clock that runs ahead: that one must be decided again
            passage.changed(behind_us)
            passage.changed(last_us)
    elif passage.trail.had_state and fixes:
        # it came in before there were geofences: where it was then is read, once
        passage.changed(fixes[0].at_us)
        passage.changed(fixes[-1].at_us)
        passage.fixes = []
