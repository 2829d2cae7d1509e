"""Which lanes a worker reads: its own, and those whose own worker is away. Locks in the database decide."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import redis

from ingest_lambda.batch import Record, Unit
from ingest_lambda.consume import Place, Stretch, open_record
from ingest_lambda.steps.store import Store
from ingest_lambda.stream import StreamEntry, lane_name
from ingest_lambda.stream.redis_reader import BEGINNING, RedisStreamReader, Tail, order

logger = logging.getLogger(__name__)

# Workers start together; a lane is adopted only when its own worker had time to show up.
ORPHANED_AFTER_S = 5.0


@dataclass(slots=True, eq=False)
class Lane:
    """A lane this worker owns: how far it is stored, and what was read beyond that."""

    number: int
    stored: Place
    read_to: str  # the offset for the next read
    waiting: list[Unit] = field(default_factory=list)  # read and opened, not stored yet
    held_until: float = 0.0  # monotonic seconds: a retriable failure holds this lane alone
    failures: int = 0
    trouble: str = ""  # why it is held
    entries_done: int = 0
    entries_before: int | None = None  # entries ever written to the lane before the first this worker did

    @property
    def name(self) -> str:
        return lane_name(self.number)

    def stretch(self, most_fixes: int) -> Stretch:
        """The next units, as many as make up about `most_fixes` fixes, at least one. Ask only if some wait."""
        taken, count = 0, 0
        for unit in self.waiting:
            if taken and count + unit.fixes > most_fixes:
                break
            taken, count = taken + 1, count + unit.fixes
        units = self.waiting[:taken]
        last = units[-1].record
        return Stretch(self.name, self.stored, Place(last.entry_id, last.entry_index + 1), units)

    def advance(self, stretch: Stretch) -> None:
        """The stretch is committed."""
        self.entries_done += len({unit.record.entry_id for unit in stretch.units} - {self.stored.entry_id})
        self.stored = stretch.end
        del self.waiting[: len(stretch.units)]
        self.failures, self.trouble = 0, ""


class Lanes:
    """The lanes of one worker, `index` of `workers`. A lane's own worker is the one with its number modulo."""

    def __init__(self, count: int, index: int, workers: int) -> None:
        self._count = count
        self._index = index
        self._workers = workers
        self._orphaned: dict[int, float] = {}  # lane -> since when its worker shows no life
        self.owned: dict[str, Lane] = {}

    def refresh(self, store: Store, reader: RedisStreamReader, client: redis.Redis, now_s: float) -> None:
        """Take own lanes that are free, take others' whose worker shows no life, give those back that it does."""
        for number in range(self._count):
            name, owner = lane_name(number), number % self._workers
            away = owner != self._index and not is_alive(client, owner)
            if not away:
                self._orphaned.pop(number, None)
            if name in self.owned:
                if owner != self._index and not away:
                    self._give_back(self.owned[name], store)
                continue
            mine = owner == self._index
            adopt = away and now_s - self._orphaned.setdefault(number, now_s) >= ORPHANED_AFTER_S
            if (mine or adopt) and store.try_lock_lane(number):
                self.owned[name] = load(number, store, reader)
                logger.info("lane taken", extra={"lane": name, "own": mine})

    def release(self, store: Store) -> None:
        """Let go of every lane, on the way out."""
        for lane in list(self.owned.values()):
            self._give_back(lane, store)

    def _give_back(self, lane: Lane, store: Store) -> None:
        store.unlock_lane(lane.number)
        del self.owned[lane.name]
        logger.info("lane given back", extra={"lane": lane.name})


def load(number: int, store: Store, reader: RedisStreamReader) -> Lane:
    """A lane as the database knows it. Where the stream ends before that, Redis lost data: say so loudly."""
    name = lane_name(number)
    stored = Place(*store.progress(name))
    tail = reader.tail(name)
    if order(tail.last_id) < order(stored.entry_id):
        # Entries Redis had answered for are gone (a crash within its last second of log, or an emptied
        # folder). What we stored is safe. New entries could get ids below our offset if its clock went back
        # as well, so reading goes on from the end Redis knows now.
        logger.error(
            "the stream ends before what is already stored: Redis lost data",
            extra={
                "lane": name,
                "stored": stored.entry_id,
                "stream_end": tail.last_id,
                "entries_held": tail.held,
            },
        )
        with store.transaction():
            store.lock_progress(name)
            store.save_progress(name, tail.last_id, 0)
        return Lane(number, Place(tail.last_id, 0), tail.last_id)
    lane = Lane(number, stored, stored.entry_id)
    entry = reader.again(name, stored.entry_id) if stored.entry_id != BEGINNING else None
    if entry is not None:
        # the last worker may have ended in the middle of an entry
        lane.waiting = open_entry(entry)[stored.entry_index :]
    return lane


def open_entry(entry: StreamEntry) -> list[Unit]:
    """The envelopes of an entry, opened, in order."""
    lane, entry_id, envelopes = entry
    return [open_record(Record(lane, entry_id, index, data)) for index, data in enumerate(envelopes)]


def lag(lane: Lane, tail: Tail, oldest_waiting: str | None, now_s: float) -> tuple[int, float]:
    """Entries not stored yet, and for how many seconds the oldest of them has waited.

    Redis cannot count the entries behind an id; until this worker has once been at the end of the lane the
    number is an upper bound, the entries the lane holds.
    """
    if oldest_waiting is None:
        lane.entries_before = tail.added - lane.entries_done
        return 0, 0.0
    known = lane.entries_before is not None
    entries = tail.added - (lane.entries_before or 0) - lane.entries_done if known else tail.held
    return max(1, entries), round(max(0.0, now_s - order(oldest_waiting)[0] / 1000), 3)


def is_alive(client: redis.Redis, worker: int) -> bool:
    """Whether the consumer of that number has shown a sign of life lately."""
    return bool(client.exists(f"health:consumer:{worker}"))
