"""The core of the consumer: one lane's records in, everything they mean stored in one transaction.

Worker and Lambda function call the same `consume`. Its promises:

1. Exactly once. The lane's progress is locked first and moved last, in the transaction of the data; whoever
   comes second finds it moved and gets `LaneMoved`.
2. A record that breaks a step is found by bisection and parked in the dead letters, alone, down to the single
   fix; what stood before and behind it is stored, in order.
3. A failure that is not the records' fault is raised as `Retriable` and nothing of the batch is stored.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import redis

from ingest_lambda.batch import Batch, Dead, Record, Unit
from ingest_lambda.failures import LaneMoved, Retriable, classify, is_lost_parent, is_taken_key
from ingest_lambda.outcomes import Quarantine, quarantined
from ingest_lambda.pipeline import walk
from ingest_lambda.report import BadEnvelope, Envelope, decode, request_id_text
from ingest_lambda.steps.announce import announce
from ingest_lambda.steps.count_outcomes import lane_suffix
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.recognise import DeviceVanished, remember
from ingest_lambda.steps.store import Store

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """A point on a lane: an entry, and how many of its envelopes lie before the point."""

    entry_id: str
    entry_index: int


class Stretch(NamedTuple):
    """A lane's units from `start` to `end`: what one transaction takes on."""

    lane: str
    start: Place
    end: Place
    units: list[Unit]


class Consumed(NamedTuple):
    """What became of a stretch: fixes by (outcome, reason), and how many records were parked."""

    fixes: int
    ended: dict[tuple[str, str], int]
    parked: int


def open_record(record: Record) -> Unit:
    """The record with its envelope decoded, or with the reason why it cannot be."""
    try:
        envelope = decode(record.data)
    except BadEnvelope as error:
        return Unit(record, None, 1, str(error))
    return Unit(record, envelope, envelope.count)


def consume(stretch: Stretch, store: Store, known: Known, client: redis.Redis, *, now_us: int) -> Consumed:
    """Store a stretch. Raises LaneMoved, or Retriable; in both cases nothing was stored."""
    try:
        batches = _together(stretch, store, known, now_us)
    except LaneMoved:
        raise
    except Exception as error:
        failure = classify(error)
        if isinstance(failure, Retriable):
            raise failure from error
        logger.warning(
            "a batch failed, looking for the record to blame",
            extra={"lane": stretch.lane, "entry": stretch.start.entry_id, "reason": str(failure)},
        )
        batches = _apart(stretch, store, known, now_us)
    for batch in batches:
        remember(batch, known)
        announce(batch, client)
    _note_keys(batches, store, known, now_us)
    return _summary(batches)


def _together(stretch: Stretch, store: Store, known: Known, now_us: int) -> list[Batch]:
    """The usual way: all of it at once. Twice where another writer or a deletion crossed it the first time."""
    careful = False
    for again in (True, False):
        try:
            with store.transaction():
                _claim(stretch, store)
                batch = Batch(stretch.lane, stretch.units, now_us, careful=careful)
                walk(batch, store, known)
                store.save_progress(stretch.lane, *stretch.end)
            return [batch]
        except Exception as error:
            crossed = is_taken_key(error) or is_lost_parent(error) or isinstance(error, DeviceVanished)
            if not crossed:
                raise
            if not again:
                raise Retriable(f"crossed by another writer twice: {error}") from error
            known.forget()
            careful = True
    raise AssertionError("unreachable")


def _apart(stretch: Stretch, store: Store, known: Known, now_us: int) -> list[Batch]:
    """The slow way: halves under savepoints until the culprit stands alone; still one transaction."""
    try:
        with store.transaction():
            _claim(stretch, store)
            batches = list(_halve(stretch.lane, stretch.units, store, known, now_us))
            store.save_progress(stretch.lane, *stretch.end)
    except LaneMoved:
        raise
    except Exception as error:
        # whatever could be blamed on a record was: this is the surroundings, or a fault in parking
        raise Retriable(f"could not be taken apart: {classify(error)}") from error
    return batches


def _halve(lane: str, units: Sequence[Unit], store: Store, known: Known, now_us: int) -> Iterable[Batch]:
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
        yield _park(batch, units[0], str(failure), store)
        return
    for half in halves:
        yield from _halve(lane, half, store, known, now_us)


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


def _park(failed: Batch, unit: Unit, error: str, store: Store) -> Batch:
    """The culprit goes to the dead letters, and is counted there until somebody drives it again."""
    batch = Batch(failed.lane, [unit], failed.now_us)
    envelope = unit.envelope
    environment_id = envelope.environment_id if envelope is not None and envelope in failed.envelopes else 0
    batch.dead.append(Dead(unit, environment_id, Quarantine.DEAD_LETTER, error))
    if envelope is not None and environment_id:
        batch.end(envelope, quarantined(Quarantine.DEAD_LETTER, error), envelope.count)
        store.count_outcomes(lane_suffix(batch.lane), batch.counts)
    store.park(batch.dead)
    logger.error(
        "a record was parked in the dead letters",
        extra={
            "lane": unit.record.lane,
            "entry": unit.record.entry_id,
            "entry_index": unit.record.entry_index,
            "request_id": request_id_text(envelope.request_id) if envelope is not None else "",
            "reason": error,
        },
    )
    return batch


def _claim(stretch: Stretch, store: Store) -> None:
    """Lock the lane's progress; nobody else may have moved it."""
    place = store.lock_progress(stretch.lane)
    if place != stretch.start:
        raise LaneMoved(stretch.lane, *place)


def _note_keys(batches: Sequence[Batch], store: Store, known: Known, now_us: int) -> None:
    """When keys were last used: outside the transaction, for workers would queue on one key's row."""
    used = {envelope.key_id for batch in batches for envelope in batch.envelopes}
    fresh = known.unnoted_keys(used, now_us)
    if not fresh:
        return
    try:
        store.keys_used(fresh, now_us)
    except Exception as error:
        # the batch is stored; a lost "last used" is put right by the next report
        logger.warning("the use of keys was not noted", extra={"reason": str(classify(error))})
        return
    known.keys_noted.update(dict.fromkeys(fresh, now_us))


def _summary(batches: Sequence[Batch]) -> Consumed:
    ended: dict[tuple[str, str], int] = {}
    for batch in batches:
        for (_, _, outcome, reason), count in batch.counts.items():
            ended[outcome, reason] = ended.get((outcome, reason), 0) + count
    return Consumed(
        sum(batch.received for batch in batches), ended, sum(len(batch.dead) for batch in batches)
    )
