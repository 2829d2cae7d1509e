"""Late fixes among geofences: a device's stored way is read from before the first change and decided again.

The rule remembers boundedly: behind a fix it is the geofences the device is in and what the last few fixes say. So the
fold may begin at any kept fix, and may end as soon as it is past the last change by what the rule remembers and the
device is in the very stays that are stored: from there on everything comes out as it was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ingest_lambda.presence.fold import LOOK_BACK_FIXES, LOOK_BACK_US, fold_many, resume
from ingest_lambda.presence.state import Fix, Inside, Presence, Transition
from ingest_lambda.presence.telling import FOR_EVER_US, Visit
from ingest_lambda.steps import crossing_statements as statements
from ingest_lambda.steps.load_zones import versions_from
from ingest_lambda.steps.passages import Passage, Stretch
from ingest_lambda.steps.store import at
from ingest_lambda.steps.stored_crossings import Span, load_visits

if TYPE_CHECKING:
    from ingest_lambda.steps.store import Store

# as in `recall`: nearly always the fix before is found within the first
USUAL_REACH = timedelta(hours=56)
LONGEST_REACH = timedelta(days=92)
_FIRST_PAGE, _LAST_PAGE = 256, 8192
_NOTHING_LATER = timedelta(days=1)


@dataclass(slots=True, eq=False)
class _Walk:
    """A passage being decided again, as far as it has come."""

    passage: Passage
    recent: list[Fix]
    visits: list[Visit]
    presence: Presence | None = None
    inside: tuple[Inside, ...] = ()
    transitions: list[Transition] = field(default_factory=list)
    come_to_us: int = 0
    beyond: int = 0  # fixes folded behind the last change
    root_us: int | None = None  # the last of those the rule reaches back to beyond its look-back
    over: bool = False

    @property
    def from_us(self) -> int:
        if self.recent:
            return self.recent[-1].at_us
        change_us = self.passage.change_us
        return (change_us if change_us is not None else 0) - 1


def recross(store: Store, passages: Sequence[Passage]) -> None:
    """Decide the changed ways again, each into a stretch. Where it went through to the end, `after` is where the
    device is now and no new fixes are left; otherwise those are still to be gone on with from `before`."""
    walks = [_Walk(passage, [], []) for passage in passages]
    _load_before(store, walks)
    loaded = load_visits(store, [_span(walk) for walk in walks])
    for walk, visits in zip(walks, loaded, strict=True):
        walk.visits = [visit for _, visit in visits]
        _begin(store, walk)
    page = _FIRST_PAGE
    while under_way := [walk for walk in walks if not walk.over]:
        _go_on(store, under_way, page)
        page = min(_LAST_PAGE, page * 4)


def _span(walk: _Walk) -> Span:
    trail = walk.passage.trail
    return Span(trail.environment.id, trail.device_id, walk.from_us, FOR_EVER_US)


def _load_before(store: Store, walks: Sequence[_Walk]) -> None:
    searched = list(walks)
    for reach in (USUAL_REACH, LONGEST_REACH):
        if not searched:
            return
        times = [walk.passage.change_us or 0 for walk in searched]
        first = at(min(times)) - reach
        found = _fixes(store, statements.FIXES_BEFORE, searched, times, first, LOOK_BACK_FIXES + 1)
        for walk, fixes in zip(searched, found, strict=True):
            walk.recent = sorted(fixes)
        searched = [walk for walk in searched if not walk.recent]


def _begin(store: Store, walk: _Walk) -> None:
    """Where it was right before the first change."""
    passage, from_us = walk.passage, walk.from_us
    walk.come_to_us = from_us
    if not walk.recent:
        return
    walk.inside = tuple(visit.as_inside() for visit in walk.visits if visit.inside_at(from_us))
    versions = versions_from(passage.sets, store, walk.recent[0].at_us)
    walk.presence = resume(walk.inside, walk.recent, versions)


def _go_on(store: Store, walks: Sequence[_Walk], page: int) -> None:
    """Fold a page of each further."""
    times = [walk.come_to_us + 1 for walk in walks]
    found = _fixes(store, statements.FIXES_FROM, walks, times, at(min(times)), page)
    for _, group in _by_set(walks, found).items():
        _fold_page(store, group, page)


def _by_set(walks: Sequence[_Walk], found: Sequence[list[Fix]]) -> dict[int, list[tuple[_Walk, list[Fix]]]]:
    groups: dict[int, list[tuple[_Walk, list[Fix]]]] = {}
    for walk, fixes in zip(walks, found, strict=True):
        groups.setdefault(walk.passage.sets.environment_id, []).append((walk, fixes))
    return groups


def _fold_page(store: Store, group: Sequence[tuple[_Walk, list[Fix]]], page: int) -> None:
    first = min(_needed(walk, fixes) for walk, fixes in group)
    versions = versions_from(group[0][0].passage.sets, store, first)
    folded = fold_many([(walk.presence, fixes) for walk, fixes in group], versions)
    for (walk, fixes), (presence, transitions) in zip(group, folded, strict=True):
        walk.presence = presence
        walk.transitions += transitions
        if fixes:
            walk.come_to_us = fixes[-1].at_us
            _root(walk, fixes)
        if len(fixes) < page:
            _end(walk)
        elif _is_settled(walk):
            _rest(walk)


def _root(walk: _Walk, fixes: Sequence[Fix]) -> None:
    """Find the fix so far behind the last change that a look-back from farther on does not reach the change."""
    if walk.root_us is not None:
        return
    for fix in fixes:
        if fix.at_us > walk.passage.changed_to_us:
            walk.beyond += 1
            if walk.beyond > LOOK_BACK_FIXES:
                walk.root_us = fix.at_us
                return


def _needed(walk: _Walk, fixes: Sequence[Fix]) -> int:
    if walk.presence is not None:
        return walk.presence.last[0]
    return fixes[0].at_us if fixes else FOR_EVER_US


def _end(walk: _Walk) -> None:
    """It went through to its last fix."""
    passage = walk.passage
    walk.over = True
    passage.fixes = []
    passage.after = walk.presence
    closings = (
        passage.sets.closings(walk.presence.version, [one.geofence_id for one in walk.presence.inside])
        if walk.presence is not None and passage.sets.newest > walk.presence.version
        else {}
    )
    passage.stretches.append(
        Stretch(
            *(passage, walk.from_us, FOR_EVER_US, walk.inside, walk.transitions, closings),
            again=True,
            rootless=not walk.recent,
        )
    )


def _is_settled(walk: _Walk) -> bool:
    """Whether all behind comes out as it is stored."""
    passage, come_to_us, presence = walk.passage, walk.come_to_us, walk.presence
    if presence is None or come_to_us > passage.last_us:
        return False
    if walk.root_us is None or come_to_us - walk.root_us <= LOOK_BACK_US:
        return False
    stored = {visit.as_inside() for visit in walk.visits if visit.inside_at(come_to_us)}
    return stored == set(presence.inside)


def _rest(walk: _Walk) -> None:
    """It came to rest on what is stored."""
    passage = walk.passage
    walk.over = True
    passage.stretches.append(
        Stretch(
            *(passage, walk.from_us, walk.come_to_us, walk.inside, walk.transitions),
            again=True,
            rootless=not walk.recent,
        )
    )


def _fixes(
    store: Store, statement: str, walks: Sequence[_Walk], times: Sequence[int], first: Any, most: int
) -> list[list[Fix]]:
    """Of each walk its stored fixes, before or from a time, `most` of them."""
    wanted = {
        "environments": [walk.passage.trail.environment.id for walk in walks],
        "devices": [walk.passage.trail.device_id for walk in walks],
        "times_us": list(times),
        "first": first,
        "last": at(max(max(times), *_newest_us(walks))) + _NOTHING_LATER,
        "most": most,
        "look_back": LOOK_BACK_US,
    }
    fixes: list[list[Fix]] = [[] for _ in walks]
    for row in store.connection.cursor(binary=True).execute(statement, wanted).fetchall():
        fixes[row[0] - 1].append(Fix(*row[1:]))
    return fixes


def _newest_us(walks: Iterable[_Walk]) -> list[int]:
    return [
        max(walk.passage.last_us, walk.passage.changed_to_us, *(fix.at_us for fix in walk.passage.fixes[-1:]))
        for walk in walks
    ]
