"""The fold of crossings over fixes: of one device, of many at once, and taken up again in the middle of a history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingest_lambda.presence import rule
from ingest_lambda.presence.batch import Batch, Folded, Item
from ingest_lambda.presence.rule import LOOK_BACK_FIXES, LOOK_BACK_US
from ingest_lambda.presence.state import Fix, Inside, Presence
from ingest_lambda.presence.walk import Walk
from ingest_lambda.presence.zones import Versions

__all__ = ["LOOK_BACK_FIXES", "LOOK_BACK_US", "fold", "fold_many", "resume"]


def fold(presence: Presence | None, fixes: Sequence[Fix], versions: Versions) -> Folded:
    """What is believed after `fixes`, in recorded order and newer than `presence.last`, and what is to be told.

    None is what is known of a device before its first fix under any version.
    """
    return fold_many([(presence, fixes)], versions)[0]


def fold_many(items: Sequence[Item], versions: Versions) -> list[Folded]:
    """`fold` of many devices of one environment: the same, at a fraction of the cost."""
    if not versions.all:
        return [(presence, []) for presence, _ in items]
    return Batch(items, versions).fold()


def resume(inside: Sequence[Inside], recent: Sequence[Fix], versions: Versions) -> Presence | None:
    """The state right after the last of `recent`, given what was believed then.

    `recent` are kept fixes in recorded order: all of the `LOOK_BACK_US` up to the last, and the `LOOK_BACK_FIXES`
    before those (or fewer where the history begins). More do no harm. None where no version was in force.
    """
    zones = versions.at(recent[-1].at_us) if recent else None
    if zones is None:
        return None
    known = [fix for fix in recent if versions.at(fix.at_us) is not None]
    first = next(index for index, fix in enumerate(known) if versions.at(fix.at_us) is zones)
    began = known[first - 1] if first else known[0]
    walk = Walk(zones, Presence(zones.number, began, tuple(inside)))
    if first > 1:
        walk.before = rule.place(known[first - 2])
    recalled = known[first:] if first else known[1:]
    places = np.array([rule.place(fix) for fix in recalled]).reshape(-1, 2)
    keys = zones.find(places[:, 0], places[:, 1]).keys.tolist() if recalled else []
    for fix, key in zip(recalled, keys, strict=True):
        walk.recall(fix, zones.covered_by(key), is_last=fix is recalled[-1])
    return walk.presence()
