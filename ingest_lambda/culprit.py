"""Finds the record that breaks a step, by halves down to the single fix, and parks it in the dead letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import psycopg

from ingest_lambda.batch import Batch, Dead, Unit
from ingest_lambda.failures import Final, Retriable, classify
from ingest_lambda.outcomes import Quarantine, quarantined
from ingest_lambda.pipeline import walk
from ingest_lambda.report import Envelope
from ingest_lambda.steps.count_outcomes import lane_suffix
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store
from ingest_lambda.storm import ending, sample


def probe(lane: str, units: Sequence[Unit], store: Store, known: Known, now_us: int) -> None:
    """Try some records of a large batch alone, keeping nothing: a storm need not be taken apart to be seen.

    Raises Storm, or Retriable.
    """
    seen = []
    for unit in sample(units):
        batch = Batch(lane, [unit], now_us, careful=True)
        failed = False
        try:
            with store.transaction() as trial:
                walk(batch, store, known)
                raise psycopg.Rollback(trial)
        except Exception as error:
            failure = classify(error)
            if isinstance(failure, Retriable):
                raise failure from error
            failed = True
        seen.append(ending(unit, failed=failed or any(dead.environment_id for dead in batch.dead)))
    if seen:
        known.storm.judge(seen)


def take_apart(lane: str, units: Sequence[Unit], store: Store, known: Known, now_us: int) -> Iterable[Batch]:
    """Walk halves under savepoints until the culprit stands alone, and park that; yields the batches in order.

    Raises Retriable where the surroundings are to blame.
    """
    batch = Batch(lane, list(units), now_us, careful=True)
    try:
        with store.transaction():
            walk(batch, store, known)
        yield batch
        return
    except Exception as error:
        failure = classify(error)
        if isinstance(failure, Retriable):
            raise failure from error
    halves = _split(units)
    if halves is None:
        yield _park(batch, units[0], failure, store, known)
        return
    for half in halves:
        yield from take_apart(lane, half, store, known, now_us)


def _split(units: Sequence[Unit]) -> tuple[Sequence[Unit], Sequence[Unit]] | None:
    """Two halves in order: of several records, or of one record's fixes; None for a single fix."""
    if len(units) > 1:
        middle = len(units) // 2
        return units[:middle], units[middle:]
    unit = units[0]
    envelope = unit.envelope
    if envelope is None or envelope.count <= 1:
        return None
    if envelope.positions and envelope.refused:
        first = msgspec.structs.replace(envelope, refused=[])
        second = msgspec.structs.replace(envelope, positions=[])
        return [_holding(unit, first)], [_holding(unit, second)]
    positions, refused = envelope.positions, envelope.refused
    middle = envelope.count // 2
    first = msgspec.structs.replace(envelope, positions=positions[:middle], refused=refused[:middle])
    second = msgspec.structs.replace(envelope, positions=positions[middle:], refused=refused[middle:])
    return [_holding(unit, first)], [_holding(unit, second)]


def _holding(unit: Unit, envelope: Envelope) -> Unit:
    return unit._replace(envelope=envelope, fixes=envelope.count)


def _park(failed: Batch, unit: Unit, failure: Final, store: Store, known: Known) -> Batch:
    """The culprit goes to the dead letters, and is counted there until somebody drives it again."""
    batch = Batch(failed.lane, [unit], failed.now_us)
    envelope = failed.envelopes[0] if failed.envelopes else unit.envelope
    environment_id = _counted_for(envelope, store, known)
    batch.dead.append(Dead(unit, environment_id, f"{failed.step}: {failure.kind}", str(failure)))
    if envelope is not None and environment_id:
        batch.end(envelope, quarantined(Quarantine.DEAD_LETTER, str(failure)), envelope.count)
        store.count_outcomes(lane_suffix(batch.lane), batch.counts)
        store.count_uses(lane_suffix(batch.lane), batch.uses)
    store.park(batch.dead)
    return batch


def _counted_for(envelope: Envelope | None, store: Store, known: Known) -> int:
    """The environment a parked record is counted for; 0 where none can be told, or it is gone."""
    number = envelope.environment_id if envelope is not None else 0
    if not 0 < number < 2**63:
        return 0
    # the first step may have broken before it asked
    return number if number in known.environments or store.environments([number]) else 0
