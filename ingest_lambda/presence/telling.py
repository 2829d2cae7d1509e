"""What was told of a device among geofences against what is true now: which rows stay, which are put right. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from ingest_lambda.presence.state import Cause, Inside, Transition

CROSSED, DWELLED, WITHDRAWN = "crossed", "dwelled", "withdrawn"  # GeofenceCrossing.Kind
TIME = "time"  # GeofenceCrossing.Cause, of a stay long enough to be told of
FOR_EVER_US = 2**62
# The first half of the advisory lock "the set of an environment's geofences": shared while crossings are written,
# alone while a version is published. Consumer and publish service must mean the same one.
SET_LOCKS = 0x4D504746


class Crossing(NamedTuple):
    """What a row of crossings says. Two that are equal are the same crossing, whoever noticed it."""

    kind: str
    cause: str
    from_id: int | None
    to_id: int | None
    occurred_us: int
    decided_us: int
    longitude: float | None  # None where nothing moved: time went by, or a geofence was retired
    latitude: float | None
    version: int


class Told(NamedTuple):
    """A crossing that was told and is believed until now: its row, and the names it was told under."""

    id: int
    uid: UUID
    crossing: Crossing
    from_name: str | None = None
    to_name: str | None = None


class Visit(NamedTuple):
    """A row of visits; see GeofenceVisit. `exited_*` are None while the stay goes on."""

    geofence_id: int
    entered_us: int
    entered_decided_us: int
    entered_version: int
    exited_us: int | None = None
    exited_decided_us: int | None = None
    exited_version: int | None = None
    dwell_due_us: int | None = None
    dwelled_us: int | None = None

    @property
    def key(self) -> tuple[int, int]:
        """What tells the visits of one device apart."""
        return self.geofence_id, self.entered_us

    def inside_at(self, at_us: int) -> bool:
        """Whether the device was believed inside right after a fix recorded at `at_us`."""
        exited_us = self.exited_decided_us
        return self.entered_decided_us <= at_us and (exited_us is None or exited_us > at_us)

    def as_inside(self) -> Inside:
        """The stay as the fold knows it."""
        return Inside(self.geofence_id, self.entered_us, self.entered_decided_us, self.entered_version)


class Amendments(NamedTuple):
    """What must be told: rows taken back, rows put right by another, crossings nobody was told of."""

    withdrawn: list[Told]
    replaced: list[tuple[Told, Crossing]]
    new: list[Crossing]


def lock_key(environment_id: int) -> int:
    """The advisory lock of an environment's set of geofences, as one bigint."""
    return (SET_LOCKS << 32) | (environment_id & 0xFFFFFFFF)


def crossing_of(transition: Transition, effective_us: int | None) -> Crossing:
    """The row a transition is told by; `effective_us`: since when its version is in force, where that is known."""
    left, entered = transition.left, transition.entered
    retired = (
        transition.cause is Cause.PUBLISHED and entered is None and transition.decided_us == effective_us
    )
    return Crossing(
        CROSSED,
        transition.cause.value,
        left.geofence_id if left is not None else None,
        entered.geofence_id if entered is not None else None,
        transition.occurred_us,
        transition.decided_us,
        None if retired else transition.longitude,
        None if retired else transition.latitude,
        transition.version,
    )


def retired_crossing(geofence_id: int, effective_us: int, version: int) -> Crossing:
    """A stay ended by a version without its geofence: told alike by the publish service and by the consumer."""
    return Crossing(
        CROSSED, Cause.PUBLISHED.value, geofence_id, None, effective_us, effective_us, None, None, version
    )


def dwell_crossing(visit: Visit, due_us: int) -> Crossing:
    """A stay that was long enough."""
    return Crossing(DWELLED, TIME, None, visit.geofence_id, due_us, due_us, None, None, visit.entered_version)


def visits_of(
    inside: Iterable[Inside],
    transitions: Iterable[Transition],
    due_us: Callable[[Inside], int | None],
) -> list[Visit]:
    """The stays of a device that was `inside` and then crossed; `due_us` says when a stay is to be told of."""
    going_on = {(one.geofence_id, one.entered_us): _visit(one, due_us(one)) for one in inside}
    over: list[Visit] = []
    for transition in transitions:
        left, entered = transition.left, transition.entered
        if left is not None:
            visit = going_on.pop((left.geofence_id, left.entered_us), None) or _visit(left, due_us(left))
            over.append(
                visit._replace(
                    exited_us=max(transition.occurred_us, visit.entered_us),
                    exited_decided_us=transition.decided_us,
                    exited_version=transition.version,
                )
            )
        if entered is not None:
            going_on[entered.geofence_id, entered.entered_us] = _visit(entered, due_us(entered))
    return [*over, *going_on.values()]


def _visit(inside: Inside, due_us: int | None) -> Visit:
    return Visit(
        inside.geofence_id, inside.entered_us, inside.decided_us, inside.version, dwell_due_us=due_us
    )


def with_dwells(true: Iterable[Visit], stored: Sequence[Visit], now_us: int) -> list[Visit]:
    """The true visits with `dwelled_us` set where the stay was long enough and somebody is, or must be, told.

    Of a stay that goes on the clock tells, so it counts here only where it was told already, perhaps of a stay
    that is now known to have begun at another time.
    """
    kept = {visit.key for visit in true}
    told = {visit.key for visit in stored if visit.dwelled_us is not None}
    moved = {geofence_id for geofence_id, entered_us in told if (geofence_id, entered_us) not in kept}
    out = []
    for visit in true:
        due_us = visit.dwell_due_us
        if due_us is None:
            is_told = False
        elif visit.exited_us is not None:
            is_told = due_us <= visit.exited_us
        else:
            is_told = due_us <= now_us and (visit.key in told or visit.geofence_id in moved)
        out.append(visit._replace(dwelled_us=due_us if is_told else None))
    return out


def amend(told: Sequence[Told], true: Collection[Crossing]) -> Amendments:
    """How to get from what was told to what is true.

    Equal ones stay. Of the rest, a told crossing is put right by the true one it was mistaken for: between the same
    geofences if there is one, else out of the same or into the same; the nearest in time. What was mistaken for
    nothing is withdrawn, and what nothing was mistaken for is new.
    """
    missing = set(true)
    wrong: list[Told] = []
    for one in sorted(told, key=lambda one: (one.crossing.occurred_us, one.id)):
        if one.crossing in missing:
            missing.discard(one.crossing)
        else:
            wrong.append(one)
    replaced: list[tuple[Told, Crossing]] = []
    for alike in (_both_sides, _one_side, _other_side):
        by_side: dict[tuple[object, ...], list[Crossing]] = {}
        for crossing in sorted(missing, key=_in_order):
            by_side.setdefault(alike(crossing), []).append(crossing)
        left = []
        for one in wrong:
            near = by_side.get(alike(one.crossing), [])
            if not near or alike(one.crossing)[0] is None:
                left.append(one)
                continue
            best = min(near, key=partial(_apart_us, one.crossing))
            near.remove(best)
            missing.discard(best)
            replaced.append((one, best))
        wrong = left
    return Amendments(wrong, replaced, sorted(missing, key=_in_order))


def _in_order(crossing: Crossing) -> tuple[int, int, int, int]:
    return crossing.occurred_us, crossing.decided_us, crossing.from_id or 0, crossing.to_id or 0


def _apart_us(one: Crossing, other: Crossing) -> int:
    return abs(one.occurred_us - other.occurred_us)


def _both_sides(crossing: Crossing) -> tuple[object, ...]:
    return crossing.kind, crossing.from_id, crossing.to_id


def _one_side(crossing: Crossing) -> tuple[object, ...]:
    return crossing.from_id, crossing.kind


def _other_side(crossing: Crossing) -> tuple[object, ...]:
    return crossing.to_id, crossing.kind
