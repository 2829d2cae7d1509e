"""Dead letters driven again: through the same steps, one letter a transaction, as if it had never failed.

Somebody asks in the database (console, API, admin, `manage.py redrive`); whichever worker looks first takes the
letter. The lane it stood on is locked meanwhile, so nobody else writes for its device.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import redis

from ingest_lambda.batch import Batch, Unit
from ingest_lambda.consume import open_record, tell
from ingest_lambda.failures import Final, Retriable, classify, is_lost_parent, is_taken_key
from ingest_lambda.log import traced
from ingest_lambda.outcomes import Outcome, Quarantine
from ingest_lambda.pipeline import walk
from ingest_lambda.report import MICROSECONDS, BadEnvelope, decode_registration
from ingest_lambda.steps.certify import certified_devices, is_certified
from ingest_lambda.steps.count_outcomes import lane_suffix
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.letters import (
    Letter,
    certified_at,
    failed_again,
    is_redriven,
    keys_at,
    next_asked,
)
from ingest_lambda.steps.register import register
from ingest_lambda.steps.store import Store
from ingest_lambda.steps.zones import ZoneMemory
from ingest_lambda.stream import LANE_PREFIX, REGISTRATION_PREFIX

logger = logging.getLogger(__name__)
LETTERS_A_TURN = 50  # some tenths of a second; the lanes wait meanwhile


class Redriven(NamedTuple):
    """What a turn did: letters stored, letters that failed again, and whether more may be waiting."""

    stored: int
    failed: int
    more: bool


class Waits(NamedTuple):
    """A letter that cannot be driven now for a reason that passes, as a missing partition."""

    letter: Letter
    why: Retriable


def redrive(store: Store, client: redis.Redis, *, now_us: int, most: int = LETTERS_A_TURN) -> Redriven:
    """Drive letters that are asked for, `most` at a time. Raises Retriable when the database is away.

    A letter that fails again keeps its error and waits until it is asked for anew. One that meets a passing
    failure stays asked for and is tried at the next turn; the others go before it.
    """
    stored, failed, waiting = 0, 0, set[int]()
    zones = ZoneMemory()  # versions never change: one memory of them serves all letters
    while stored + failed + len(waiting) < most:
        try:
            done = _one(store, zones, waiting, now_us)
        except Exception as error:
            # nothing of the letter is known outside its transaction: the connection, or the statement itself
            raise Retriable(f"a redrive could not be begun or ended: {classify(error)}") from error
        if done is None:
            return Redriven(stored, failed, more=False)
        if isinstance(done, Waits):
            waiting.add(done.letter.id)
            logger.warning(
                "a dead letter waits to be redriven",
                extra={"letter": done.letter.id, "reason": str(done.why)},
            )
        elif isinstance(done, Batch):
            stored += 1
            tell(done, client)
        else:
            failed += 1
    return Redriven(stored, failed, more=stored + failed > 0)  # those that wait are for another turn


def _one(store: Store, zones: ZoneMemory, waiting: set[int], now_us: int) -> Batch | Final | Waits | None:
    """The next letter, to its end; None where nobody asks for one."""
    with store.transaction():
        letter = next_asked(store, waiting)
        if letter is None:
            return None
        unit = open_record(letter.record)
        said = {"letter": letter.id, "lane": letter.record.lane, **traced(unit.envelope)}
        try:
            with store.transaction():
                batch = _drive(letter, unit, store, zones, now_us)
        except Exception as error:
            failure = classify(error)
            if is_taken_key(error) or is_lost_parent(error):
                failure = Retriable(f"crossed by another writer: {error}")
            if isinstance(failure, Retriable):
                if store.connection.closed or store.connection.broken:
                    raise
                return Waits(letter, failure)
            failed_again(store, letter, str(failure))
            logger.error("a dead letter failed again", extra={**said, "reason": str(failure)})
            return failure
    ended = {f"{outcome} {reason}".strip(): n for (_, _, outcome, reason), n in batch.counts.items()}
    logger.info("a dead letter was redriven", extra={**said, "ended": ended})
    return batch


def _drive(letter: Letter, unit: Unit, store: Store, zones: ZoneMemory, now_us: int) -> Batch:
    """Through the steps. Raises whatever a step raises; Final where nobody can end it even now."""
    if letter.record.lane.startswith(REGISTRATION_PREFIX):
        return _register(letter, store, now_us)
    if letter.record.lane.startswith(LANE_PREFIX):
        # the lane's own worker writes for the device too: it waits until we are done, or we until it is
        store.lock_progress(letter.record.lane)
    batch = Batch(letter.record.lane, [unit], now_us, careful=True)
    known = _as_it_was_known(letter, unit, store, now_us)
    known.zones = zones
    walk(batch, store, known)
    if batch.dead:
        dead = batch.dead[0]
        raise Final(f"{dead.reason}: {dead.error}", dead.reason)
    if letter.environment_id and letter.received_at_us is not None:
        key = (
            letter.environment_id,
            letter.received_at_us // MICROSECONDS,
            Outcome.QUARANTINED.value,
            Quarantine.DEAD_LETTER.value,
        )
        # a negative row beside the one that was added then: what is read are sums
        store.count_outcomes(lane_suffix(batch.lane), {key: -letter.fixes})
        hour = letter.received_at_us // MICROSECONDS // 3600
        key_id = unit.envelope.key_id if unit.envelope is not None else 0
        use = (letter.environment_id, hour, Outcome.QUARANTINED.value, key_id)
        store.count_uses(lane_suffix(batch.lane), {use: -letter.fixes})
    is_redriven(store, letter, now_us)
    return batch


def _register(letter: Letter, store: Store, now_us: int) -> Batch:
    """A registration: it stands for no report, so nothing is counted and nothing announced."""
    try:
        registration = decode_registration(letter.record.data)
    except BadEnvelope as error:
        raise Final(f"unreadable: {error}", "unreadable") from error
    register([registration], store, _knowing(registration.key_id, letter, store, now_us), now_us)
    is_redriven(store, letter, now_us)
    return Batch(letter.record.lane, [], now_us)


def _as_it_was_known(letter: Letter, unit: Unit, store: Store, now_us: int) -> Known:
    """A fresh memory in which the letter's credential counts as it did when the letter was parked."""
    envelope = unit.envelope
    if envelope is None or not is_certified(envelope):
        return _knowing(envelope.key_id if envelope is not None else 0, letter, store, now_us)
    known = Known()
    certified_devices([envelope], store, known, now_us)
    for uid, device in list(known.certified.items()):
        then = certified_at(store, device.environment_id, uid, letter.created_at_us)
        known.learn_certified(uid, device._replace(in_force=then, asked_us=now_us))
    return known


def _knowing(key_id: int, letter: Letter, store: Store, now_us: int) -> Known:
    known = Known()
    if key_id:
        known.learn_keys([key_id], keys_at(store, key_id, letter.created_at_us), now_us)
    return known
