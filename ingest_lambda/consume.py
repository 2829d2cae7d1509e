"""The core of the consumer: one lane's records in, everything they mean stored in one transaction.

Worker and Lambda function call the same `consume`. Its promises:

1. Exactly once. The lane's progress is locked first and moved last, in the transaction of the data; whoever
   comes second finds it moved and gets `LaneMoved`. Where a stream delivers batches of its own making, and some
   of them again, each record is noted instead and taken once (`redelivery`).
2. A record that breaks a step is found by bisection and parked in the dead letters, alone, down to the single
   fix; what stood before and behind it is stored, in order.
3. A failure that is not the records' fault is raised as `Retriable` and nothing of the batch is stored. Nor is
   it when nearly every record fails for good: that is a `Storm`, and filling the dead letters would not help.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import redis

from ingest_lambda.batch import Batch, Record, Unit
from ingest_lambda.culprit import probe, take_apart
from ingest_lambda.failures import LaneMoved, Retriable, Storm, classify, is_lost_parent, is_taken_key
from ingest_lambda.log import traced
from ingest_lambda.pipeline import walk
from ingest_lambda.redelivery import take_once
from ingest_lambda.report import BadEnvelope, decode, request_id_text
from ingest_lambda.steps.announce import announce
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.recognise import DeviceVanished, remember
from ingest_lambda.steps.store import Store
from ingest_lambda.storm import endings

logger = logging.getLogger(__name__)
TOLD_IDS = 20  # request ids a line names at most
TOLD_LETTERS = 50  # lines about letters of one batch


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
    redelivered: bool = False  # the stream keeps the place, and may deliver any of this again


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
        batches = _apart(stretch, store, known, now_us, str(failure))
    for batch in batches:
        remember(batch, known)
        tell(batch, client)
        known.repeats.reported(batch)
    known.repeats.hand_on(client)
    _tell_parked(batches)
    _note_keys(batches, store, known, now_us)
    return _summary(batches)


def tell(batch: Batch, client: redis.Redis) -> None:
    """Announce. The batch is committed: whatever breaks here parks nothing and holds nothing."""
    try:
        announce(batch, client)
    except Exception:
        ids = sorted({request_id_text(envelope.request_id) for envelope in batch.envelopes})
        logger.exception(
            "stored, but not announced", extra={"lane": batch.lane, "request_ids": ids[:TOLD_IDS]}
        )


def _tell_parked(batches: Sequence[Batch]) -> None:
    """A line for each letter. Behind the commit: what was taken apart in vain is parked by nobody."""
    letters = [dead for batch in batches for dead in batch.dead]
    for dead in letters[:TOLD_LETTERS]:
        facts = {
            "lane": dead.unit.record.lane,
            "entry": dead.unit.record.entry_id,
            "entry_index": dead.unit.record.entry_index,
            "environment": dead.environment_id or None,
            "kind": dead.reason,
            "reason": dead.error,
            **traced(dead.unit.envelope),
        }
        logger.error("a record was parked in the dead letters", extra=facts)
    if len(letters) > TOLD_LETTERS:
        logger.error("more records were parked", extra={"parked": len(letters), "told": TOLD_LETTERS})


def _together(stretch: Stretch, store: Store, known: Known, now_us: int) -> list[Batch]:
    """The usual way: all of it at once. Twice where another writer or a deletion crossed it the first time."""
    careful = False
    for again in (True, False):
        try:
            with store.transaction():
                units = _claim(stretch, store)
                batch = Batch(stretch.lane, units, now_us, careful=careful)
                walk(batch, store, known)
                if batch.dead:
                    known.storm.weigh(endings([batch]))
                _move_on(stretch, store)
            if batch.dead:
                known.storm.note(endings([batch]))
            else:
                known.storm.passed(batch.units)
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


def _apart(stretch: Stretch, store: Store, known: Known, now_us: int, blame: str) -> list[Batch]:
    """The slow way: halves under savepoints until the culprit stands alone; still one transaction.

    `blame` is what the batch failed with. Raises LaneMoved, or Retriable; with Storm among it.
    """
    try:
        with store.transaction():
            units = _claim(stretch, store)
            probe(stretch.lane, units, store, known, now_us)
            batches = list(take_apart(stretch.lane, units, store, known, now_us))
            ended = endings(batches)
            known.storm.weigh(ended)
            _move_on(stretch, store)
    except LaneMoved:
        raise
    except Storm as storm:
        raise Storm(f"{storm}: {blame}") from storm
    except Exception as error:
        # whatever could be blamed on a record was: this is the surroundings, or a fault in parking
        raise Retriable(f"could not be taken apart: {classify(error)}") from error
    known.storm.note(ended)
    return batches


def _claim(stretch: Stretch, store: Store) -> list[Unit]:
    """The units to take. Locks the lane's progress, which nobody else may have moved, or notes each unit."""
    if stretch.redelivered:
        return take_once(stretch.units, store)
    place = store.lock_progress(stretch.lane)
    if place != stretch.start:
        raise LaneMoved(stretch.lane, *place)
    return stretch.units


def _move_on(stretch: Stretch, store: Store) -> None:
    if not stretch.redelivered:
        store.save_progress(stretch.lane, *stretch.end)


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
