"""Decides the crossings of passages. Imported only where an environment has geofences: it is shapely and numpy."""

from __future__ import annotations

from collections.abc import Sequence

from ingest_lambda.presence.fold import fold_many
from ingest_lambda.presence.telling import FOR_EVER_US
from ingest_lambda.steps.load_zones import versions_from
from ingest_lambda.steps.passages import Passage, Stretch
from ingest_lambda.steps.recross import recross
from ingest_lambda.steps.store import Store


def decide(store: Store, passages: Sequence[Passage]) -> None:
    """Changed ways first, then on with the new fixes; into each passage's stretches and `after`."""
    if late := [passage for passage in passages if passage.late]:
        recross(store, late)
    by_set: dict[int, list[Passage]] = {}
    for passage in passages:
        if passage.fixes:
            by_set.setdefault(passage.sets.environment_id, []).append(passage)
        elif not passage.late or passage.stretches[-1].to_us < FOR_EVER_US:
            passage.after = passage.before
    for group in by_set.values():
        _go_on(store, group)


def _go_on(store: Store, group: Sequence[Passage]) -> None:
    """Fold new fixes of one environment's devices, each from what its state keeps."""
    sets = group[0].sets
    versions = versions_from(sets, store, min(passage.first_needed_us for passage in group))
    folded = fold_many([(passage.before, passage.fixes) for passage in group], versions)
    newest, newest_us = sets.newest, sets.newest_effective_us
    for passage, (after, transitions) in zip(group, folded, strict=True):
        passage.after = after
        closings = {}
        if after is not None and after.inside and after.version < newest:
            closings = sets.closings(after.version, [one.geofence_id for one in after.inside])
        if transitions or closings:
            inside = passage.before.inside if passage.before is not None else ()
            passage.stretches.append(
                Stretch(
                    *(passage, _from_us(passage), FOR_EVER_US, inside, transitions, closings),
                    # a publish since its last fix may have ended a stay by itself
                    again=passage.before is not None and passage.last_us < newest_us,
                )
            )


def _from_us(passage: Passage) -> int:
    return passage.last_us if passage.before is not None else passage.fixes[0].at_us - 1
