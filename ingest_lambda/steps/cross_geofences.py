"""After the history, before the marker: which geofences devices entered, left and passed through, by event time.

New fixes are gone on with from what each device's state keeps. A late fix changes a stored way: that is read and
decided again (`recross`), and whatever was told of it and is not true any more is put right, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest_lambda.batch import Batch
from ingest_lambda.presence.state import Presence, encode
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.passages import Passage, passages_of
from ingest_lambda.steps.store import Store
from ingest_lambda.steps.tell_crossings import tell_stretches


def cross_geofences(batch: Batch, store: Store, known: Known) -> None:
    """Tell of crossings, and keep where each device is. An environment without geofences costs one number asked for."""
    if not batch.accepted and not batch.rewritten.withdrawn:
        return
    zones = known.zones
    environments = sorted({trail.environment.id for trail in batch.trails.values()})
    held: set[int] = set()
    while True:
        found = zones.look(store, environments)
        if not found:
            return
        passages = passages_of(batch, found)
        wanted = {passage.sets.environment_id for passage in passages if passage.late}
        if wanted <= held:
            from ingest_lambda.steps.decide import decide  # noqa: PLC0415 shapely, for those who have geofences

            decide(store, passages)
            wanted = {passage.sets.environment_id for passage in passages if passage.stretches}
        if wanted <= held:
            break
        # whoever writes crossings must know of every publish before, and keep the next one out until the commit
        zones.hold(store, sorted(wanted - held))
        held |= wanted
    stretches = [stretch for passage in passages for stretch in passage.stretches]
    if stretches:
        tell_stretches(store, stretches, batch.now_us)
    _keep(store, passages)
    zones.trim()


def _keep(store: Store, passages: Sequence[Passage]) -> None:
    """Where each device is now: with the state where that moves, else by itself."""
    alone: list[tuple[int, bytes | None]] = []
    for passage in passages:
        trail, after = passage.trail, passage.after
        presence = None if after is None else encode(after)
        trail.zones = _public(passage, after)
        if presence == trail.presence:
            continue
        trail.presence = presence
        if not (trail.touched and trail.newest is not None and trail.state is not None):
            alone.append((trail.device_id, presence))
    if alone:
        store.move_presences(sorted(alone, key=lambda one: one[0]))


def _public(passage: Passage, after: Presence | None) -> tuple[str, ...]:
    if after is None or not after.inside:
        return ()
    names = (passage.sets.named(one.geofence_id, after.version) for one in after.inside)
    return tuple("gf_" + named.uid for named in names if named is not None)
