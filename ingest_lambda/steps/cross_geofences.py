"""After the history, before the marker: which geofences devices entered, left and passed through, by event time.

New fixes are gone on with from what each device's state keeps. A late fix changes a stored way: that is read and
decided again (`recross`), and whatever was told of it and is not true any more is put right, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest_lambda.batch import EVALUATED, Batch
from ingest_lambda.presence.state import Presence, encode
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.passages import Passage, passages_of
from ingest_lambda.steps.store import Store
from ingest_lambda.steps.tell_crossings import tell_stretches
from ingest_lambda.steps.zones import Sets, ZoneMemory


def cross_geofences(batch: Batch, store: Store, known: Known) -> None:
    """Tell of crossings, and keep where each device is. An environment without geofences costs one number asked for."""
    if not batch.accepted and not batch.rewritten.withdrawn:
        return
    zones = known.zones
    environments = sorted({trail.environment.id for trail in batch.trails.values()})
    found = zones.look(store, environments)
    if not found:
        return
    passages = _decided(batch, store, zones, found)
    stretches = [stretch for passage in passages for stretch in passage.stretches]
    if stretches:
        tell_stretches(store, stretches, batch.now_us)
    _keep(store, passages)
    _count(batch, found)
    zones.trim()


def _decided(batch: Batch, store: Store, zones: ZoneMemory, found: dict[int, Sets]) -> list[Passage]:
    """The devices' ways, decided by sets that nobody can change until the commit where anything is to be told."""
    from ingest_lambda.steps.decide import decide  # noqa: PLC0415 shapely, for those who have geofences

    held: set[int] = set()
    while True:
        passages = passages_of(batch, found)
        # what is stored is compared only by who knows of every publish before
        if _hold(store, zones, found, held, {one.sets.environment_id for one in passages if one.late}):
            continue
        decide(store, passages)
        if not _hold(
            store, zones, found, held, {one.sets.environment_id for one in passages if one.stretches}
        ):
            return passages


def _hold(store: Store, zones: ZoneMemory, found: dict[int, Sets], held: set[int], wanted: set[int]) -> bool:
    """Hold these sets too, and say whether anything was published before they were: then all is decided anew."""
    if wanted <= held:
        return False
    zones.hold(store, sorted(wanted - held))
    held |= wanted
    newest = {environment: sets.newest for environment, sets in found.items()}
    found.update(zones.look(store, list(found)))
    return any(sets.newest != newest[environment] for environment, sets in found.items())


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


def _count(batch: Batch, found: dict[int, Sets]) -> None:
    """An evaluation is an accepted fix whose time had geofences in force. It is counted when the fix is accepted;
    deciding its way again because of a late neighbour is no second one."""
    for trail, fix, envelope, _ in batch.accepted:
        sets = found.get(trail.environment.id)
        if sets is None:
            continue
        zones = sets.loaded.get(sets.number_at(fix.recorded_at_us))
        if zones is not None and zones.zones:
            hour = envelope.received_at_us // 3_600_000_000
            batch.uses[trail.environment.id, hour, EVALUATED, envelope.key_id] += 1


def _public(passage: Passage, after: Presence | None) -> tuple[str, ...]:
    if after is None or not after.inside:
        return ()
    names = (passage.sets.named(one.geofence_id, after.version) for one in after.inside)
    return tuple("gf_" + named.uid for named in names if named is not None)
