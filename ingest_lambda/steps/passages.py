"""Devices of a batch that move among geofences: what is new of each, and the stretches whose crossings are decided."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan

from ingest_lambda.batch import Accepted, Batch, Trail
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
    accepted: Sequence[Accepted] = batch.accepted
    if any(trail.environment.id not in found for trail in batch.trails.values()):
        accepted = [one for one in accepted if one[0].environment.id in found]
    passage: Passage | None = None
    for (trail, _, _, _), fix in zip(accepted, _fixes(accepted), strict=True):
        if passage is None or passage.trail is not trail:
            passage = passages.get(trail)
            if passage is None:
                passage = passages[trail] = _begun(trail, found[trail.environment.id])
        passage.fixes.append(fix)
    changes = batch.rewritten
    for trail, at_us in changes.withdrawn:  # another anchor changes nothing: the rule does not look at it
        if (sets := found.get(trail.environment.id)) is not None:
            if trail not in passages:
                passages[trail] = _begun(trail, sets)
            passages[trail].changed(at_us)
    for passage in passages.values():
        _part(passage)
    return list(passages.values())


def _fixes(accepted: Sequence[Accepted]) -> list[Fix]:
    """Accepted fixes as the fold sees them, column by column: it is done for every fix there is."""
    fixes = [fix for _, fix, _, _ in accepted]
    columns = (
        [fix.recorded_at_us for fix in fixes],
        [fix.longitude for fix in fixes],
        [fix.latitude for fix in fixes],
        _as_stored([fix.accuracy_m for fix in fixes]),
        _as_stored([fix.speed_mps for fix in fixes]),
        [moved_at_us for _, _, _, moved_at_us in accepted],
    )
    return list(map(Fix._make, zip(*columns, strict=True)))


def _as_stored(numbers: list[float | None]) -> list[float | None]:
    """`four_bytes` of each."""
    rounded = array("f", [nan if number is None else number for number in numbers]).tolist()
    return [number if isfinite(number) else None for number in rounded]


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
