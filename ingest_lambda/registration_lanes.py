"""The consumer's side of registrations: lanes of their own, read when no position waits, stored exactly once."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ingest_lambda.batch import Dead, Record, Unit
from ingest_lambda.failures import Final, LaneMoved, Retriable, classify
from ingest_lambda.report import BadEnvelope, Registration, decode_registration
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.register import Registered, register
from ingest_lambda.steps.store import Store
from ingest_lambda.stream import StreamEntry, registration_lane_name
from ingest_lambda.stream.redis_reader import RedisStreamReader, order

MOST_A_ROUND = 500  # some ten milliseconds: positions that come meanwhile wait no longer
MOST_ENTRIES_A_READ = 100
AT_LEAST_EVERY_S = 2.0  # under a flood of positions too: registrations are late then, and do not starve
PARKED = "bad_registration"

logger = logging.getLogger(__name__)


class _Opened(NamedTuple):
    record: Record
    registration: Registration | None
    error: str = ""


class RegistrationLanes:
    """The registrations of the lanes that a worker owns. A lane's registrations belong to who has its positions."""

    def __init__(self, reader: RedisStreamReader) -> None:
        self._reader = reader
        self._stored: dict[str, str] = {}  # lane -> the entry it is stored up to
        self._worked_at = 0.0
        self._held_until = 0.0
        self._failures = 0
        self.ended: Counter[str] = Counter()
        self.more = False  # the last round was full: go on as soon as no position waits

    def forget(self) -> None:
        """A new session: the offsets are read again."""
        self._stored.clear()

    def work(self, owned: Iterable[int], store: Store, known: Known, *, busy: bool) -> None:
        """Store what waits, a round of it, unless positions keep the worker `busy` and the last round is recent.

        Raises Retriable where the database connection is lost.
        """
        now = time.monotonic()
        if now < self._held_until or (busy and now - self._worked_at < AT_LEAST_EVERY_S):
            return
        self._worked_at, self.more = now, False
        try:
            lanes = {name: self._offset(name, store) for name in map(registration_lane_name, owned)}
            self._stored = lanes
            for entries in self._waiting(lanes):
                self._store(entries, store, known)
            self._failures = 0
        except LaneMoved as moved:
            logger.warning("another worker took the lane further", extra={"reason": str(moved)})
            self._stored.clear()
        except Exception as error:
            failure = classify(error)
            if store.connection.closed or store.connection.broken:
                raise
            self._failures += 1
            self._held_until = now + min(5.0, 0.1 * 2 ** min(self._failures, 10))
            logger.error(
                "registrations held, nothing is lost",
                extra={"failures": self._failures, "reason": str(failure)},
            )

    def trim(self, oldest_kept: str) -> None:
        """Forget entries that are stored and older than `oldest_kept`."""
        for name, stored in self._stored.items():
            self._reader.trim(name, min(oldest_kept, stored, key=order))

    def facts(self) -> dict[str, str | int | float]:
        """How many came to which end since the start, and for how many seconds the oldest waits."""
        waits = 0.0
        for name, stored in self._stored.items():
            oldest = self._reader.next_id(name, stored)
            if oldest is not None:
                waits = max(waits, time.time() - order(oldest)[0] / 1000)
        ended = {f"registrations_{end}": count for end, count in sorted(self.ended.items())}
        return {**ended, "registrations_lag_s": round(waits, 3)}

    def _offset(self, name: str, store: Store) -> str:
        """Where to go on. Where the stream ends before that Redis lost data; new entries could get lower ids."""
        known = self._stored.get(name)
        if known is not None:
            return known
        stored, _ = store.progress(name)
        end = self._reader.tail(name).last_id
        return min(stored, end, key=order) if stored != end else stored

    def _waiting(self, lanes: dict[str, str]) -> Iterable[list[StreamEntry]]:
        """What waits, by lane, about MOST_A_ROUND registrations in all and whole entries."""
        taken = 0
        found: dict[str, list[StreamEntry]] = {}
        for entry in self._reader.read(lanes, limit=MOST_ENTRIES_A_READ, wait_s=0.0):
            if taken >= MOST_A_ROUND:
                self.more = True
                break
            taken += len(entry.envelopes)
            found.setdefault(entry.lane, []).append(entry)
        return found.values()

    def _store(self, entries: Sequence[StreamEntry], store: Store, known: Known) -> None:
        """One lane's entries in one transaction, with the offset beside them."""
        lane, last = entries[-1].lane, entries[-1]
        opened = [
            _open(Record(lane, entry.entry_id, index, data))
            for entry in entries
            for index, data in enumerate(entry.envelopes)
        ]
        now_us = time.time_ns() // 1000
        with store.transaction():
            stands_at = store.lock_progress(lane)
            if order(stands_at[0]) > order(self._stored[lane]):
                raise LaneMoved(lane, *stands_at)
            ended = self._together(opened, store, known, now_us)
            store.save_progress(lane, last.entry_id, len(last.envelopes))
        self._stored[lane] = last.entry_id
        self.ended.update({end.value: count for end, count in ended.items() if count})

    def _together(
        self, opened: Sequence[_Opened], store: Store, known: Known, now_us: int
    ) -> Counter[Registered]:
        good = [one.registration for one in opened if one.registration is not None]
        for one in opened:
            if one.registration is None:
                self._park(one, one.error, store)
        try:
            with store.transaction():
                return register(good, store, known, now_us)
        except Exception as error:
            failure = classify(error)
            if isinstance(failure, Retriable):
                raise failure from error
        ended: Counter[Registered] = Counter()
        for one in opened:
            if one.registration is not None:
                ended += self._alone(one, one.registration, store, known, now_us)
        return ended

    def _alone(
        self, one: _Opened, registration: Registration, store: Store, known: Known, now_us: int
    ) -> Counter[Registered]:
        try:
            with store.transaction():
                return register([registration], store, known, now_us)
        except Exception as error:
            failure = classify(error)
            if not isinstance(failure, Final):
                raise failure from error
            self._park(one, str(failure), store)
            return Counter()

    def _park(self, one: _Opened, error: str, store: Store) -> None:
        """It goes to the dead letters. It stands for no report: none is counted, and the device will say it again."""
        store.park([Dead(Unit(one.record, None, 0, error), 0, PARKED, error)])
        self.ended["parked"] += 1
        logger.error(
            "a registration was parked in the dead letters",
            extra={"lane": one.record.lane, "entry": one.record.entry_id, "reason": error},
        )


def _open(record: Record) -> _Opened:
    try:
        return _Opened(record, decode_registration(record.data))
    except BadEnvelope as error:
        return _Opened(record, None, str(error))
