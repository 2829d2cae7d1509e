"""A stretch of one device's history judged again, with the fixes that came late. Pure: what is stored goes in, what
changes comes out.

The judge and the anchor are folds over the fixes in recorded order, and what they know after an accepted fix is that
fix and the anchor. So the fold may begin at any accepted fix, and may end as soon as one that was accepted before is
accepted again and stands at the same anchor: from there on everything would come out as it is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import groupby
from typing import Any, NamedTuple

from ingest_lambda.judgement import Believed, Bounds, four_bytes, judge
from ingest_lambda.outcomes import ACCEPTED, DUPLICATE, Verdict
from ingest_lambda.report import Envelope, PositionReport
from ingest_lambda.standing import Anchor, stand


class Where(Enum):
    """Where a fix is: on its way in, in the history, or set aside with a verdict that may still change."""

    ARRIVING = 0
    KEPT = 1
    ASIDE = 2


class Item(NamedTuple):
    """One copy of a fix, and how it has ended so far. `envelope` tells whose it is and when it was received."""

    fix: PositionReport
    envelope: Envelope
    where: Where = Where.ARRIVING
    moved_at_us: int | None = None  # of a kept one: the time of the anchor it stands at; None: not noted then
    aside_id: int = 0  # of one set aside: its row
    verdict: Verdict | None = None  # of one set aside


class Past(NamedTuple):
    """What is known after a fix: what the judge believes, the anchor, the last accepted fix. None before any."""

    believed: Believed | None = None
    anchor: Anchor | None = None
    newest: Item | None = None


class Ending(NamedTuple):
    """A copy that ends, or ends otherwise than it is stored; `moved_at_us` counts for an accepted one."""

    item: Item
    verdict: Verdict
    moved_at_us: int = 0


class Rejudged(NamedTuple):
    """What changed, what is known behind the last fix looked at, and whether all behind that stays as it is."""

    endings: list[Ending]
    past: Past
    settled: bool


def rejudge(past: Past, items: Sequence[Item], last_late_us: int, bounds: Bounds) -> Rejudged:
    """Judge `items` in recorded order, beginning from `past`; `last_late_us` is the time of the last arriving one."""
    believed, anchor, newest = past
    endings: list[Ending] = []
    rewritten: set[int] = set()  # instants whose position is another now
    for recorded_us, item in _one_an_instant(items, endings):
        believed, verdict = judge(believed, item.fix, bounds)
        if verdict is not ACCEPTED:
            if item.where is not Where.ASIDE or item.verdict != verdict:
                endings.append(Ending(item, verdict))
            continue
        anchor, newest = stand(anchor, item.fix), item
        if item.where is not Where.KEPT:
            rewritten.add(recorded_us)
        elif item.moved_at_us in (None, anchor.at_us):
            if recorded_us > last_late_us and anchor.at_us not in rewritten:
                return Rejudged(endings, Past(believed, anchor, newest), settled=True)
            continue
        endings.append(Ending(item, ACCEPTED, anchor.at_us))
    return Rejudged(endings, Past(believed, anchor, newest), settled=False)


def _one_an_instant(items: Sequence[Item], endings: list[Ending]) -> Iterator[tuple[int, Item]]:
    """The best copy of each instant, in order; the others end as duplicates."""
    # of equal copies the stored one stays, and of arriving ones the first
    ordered = sorted(items, key=_recorded_then_stored)
    for recorded_us, copies in groupby(ordered, key=_recorded):
        best, *others = copies
        for other in others:
            if rank(other.fix) < rank(best.fix):
                best, other = other, best
            endings.append(Ending(other, DUPLICATE))
        yield recorded_us, best


def _recorded(item: Item) -> int:
    return item.fix.recorded_at_us


def _recorded_then_stored(item: Item) -> tuple[int, bool]:
    return item.fix.recorded_at_us, item.where is Where.ARRIVING


Rank = tuple[tuple[bool, Any], ...]


def rank(fix: PositionReport) -> Rank:
    """Of different copies with one instant the smallest is the one: the most accurate, then any fixed order.

    It knows nothing of arrival, so whatever order copies come in, the same one stays; and it compares what the
    database keeps, so a stored copy and the same one coming in again are equal.
    """
    return (
        _known(four_bytes(fix.accuracy_m)),
        _known(fix.longitude),
        _known(fix.latitude),
        _known(four_bytes(fix.speed_mps)),
        _known(four_bytes(fix.altitude_m)),
        _known(four_bytes(fix.heading_deg)),
        _known(four_bytes(fix.battery)),
        _known(fix.charging),
        _known(fix.activity),
        _known(_canonical(fix.permissions)),
        _known(_canonical(fix.extra)),
    )


def _known(value: Any) -> tuple[bool, Any]:
    """Sorts what a device did not say behind whatever it can say."""
    return (True, 0) if value is None else (False, value)


def _canonical(text: str | None) -> str | None:
    """JSON with its keys in order and its numbers in one form: jsonb does not give back the text it was given."""
    if text is None:
        return None
    try:
        return json.dumps(json.loads(text, parse_int=float), sort_keys=True)
    except (ValueError, RecursionError):
        return text
