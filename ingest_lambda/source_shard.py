"""One shard of an event source mapping: read by one thread, spread over sub-shards by key, done with in order."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from zlib import crc32

import msgspec

from ingest_lambda.kinesis_event import make_event
from ingest_lambda.source_delivery import Delivery, GivenUp, MappingSettings, cut
from ingest_lambda.stream.shards import ShardRecord, ShardSource, StreamAway

SHARD_END = "SHARD_END"  # the checkpoint of a shard that is read to its end and done with

logger = logging.getLogger(__name__)


class Function(Protocol):
    """An instance of the function: one invocation at a time."""

    def handle(self, event: Any, remaining_s: Callable[[], float]) -> Any:
        """Answer an event."""
        ...

    def close(self) -> None:
        """The instance is of no more use."""
        ...


class Checkpoints(Protocol):
    """How far each shard is done with; a shard nobody knows stands at ""."""

    def load(self, lane: str) -> str:
        """The sequence number, SHARD_END, or "" for the beginning."""
        ...

    def save(self, lane: str, sequence: str) -> None:
        """Move it. May fail: it is saved again with the next."""
        ...


class Surroundings(msgspec.Struct, frozen=True):
    """What every shard of a mapping shares. `give_up` keeps records that are dropped, with their shard."""

    source: Callable[[], ShardSource]
    function: Callable[[], Function]
    checkpoints: Checkpoints
    give_up: Callable[[str, GivenUp], None]
    settings: MappingSettings
    source_arn: str
    poll_s: float
    timeout_s: float
    stopping: threading.Event

    def rest(self, seconds: float) -> bool:
        """Wait; whether to go on."""
        return not self.stopping.wait(seconds) if seconds > 0 else not self.stopping.is_set()


class ShardRun:
    """One shard being read: its reading thread, its sub-shards, and how far it is done."""

    def __init__(self, around: Surroundings, shard: str, lane: str, behind: str) -> None:
        self._around = around
        self.shard = shard
        self.lane = lane
        self._read_to = behind
        self._changed = threading.Condition()
        self._outstanding: deque[str] = (
            deque()
        )  # sequences read and not done with up to the first that is not
        self._undone: set[str] = set()
        self._done_to = self._saved = behind
        self._at_end = False
        self.broken = False
        self.behind_s = 0.0
        self._parts = [SubShard(around, self, number) for number in range(around.settings.parallel)]
        self._reader = threading.Thread(target=self._run, name=f"read {shard}", daemon=True)
        for part in self._parts:  # all of them are there before the first may fail
            part.start()
        self._reader.start()

    @property
    def over(self) -> bool:
        """Whether nothing of it runs any more."""
        return not self._reader.is_alive() and not any(part.alive for part in self._parts)

    @property
    def waiting(self) -> int:
        """How many records are read and not done with."""
        return len(self._undone)

    @property
    def trouble(self) -> str:
        """Why something of it comes again and again; empty where nothing does."""
        return next((part.trouble for part in self._parts if part.trouble), "")

    def wake(self) -> None:
        """Let everybody who waits look again."""
        with self._changed:
            self._changed.notify_all()
        for part in self._parts:
            part.wake()

    def join(self) -> None:
        """Wait for its threads."""
        self.wake()
        self._reader.join()
        for part in self._parts:
            part.join()

    def done(self, records: Sequence[ShardRecord]) -> None:
        """A sub-shard is done with these."""
        with self._changed:
            self._undone.difference_update(record.sequence for record in records)
            while self._outstanding and self._outstanding[0] not in self._undone:
                self._done_to = self._outstanding.popleft()
            self._changed.notify_all()

    def fail(self) -> None:
        """A sub-shard broke in a way nobody foresaw: all of the shard ends, and is begun again."""
        self.broken = True
        self.wake()

    def _run(self) -> None:
        source = self._around.source()
        try:
            while not self._stopped and not (self._at_end and not self._outstanding):
                moved = self._read(source)
                self._save()
                with self._changed:
                    if not moved and not self._stopped:
                        self._changed.wait(self._around.poll_s)
            if self._at_end and not self._outstanding:
                self._done_to = SHARD_END
        except Exception:
            logger.exception("reading a shard failed in a way nobody foresaw", extra={"shard": self.shard})
            self.broken = True
        finally:
            for part in self._parts:
                part.end()
                part.join()
            self._save()

    @property
    def _stopped(self) -> bool:
        return self.broken or self._around.stopping.is_set()

    def _read(self, source: ShardSource) -> bool:
        """Read a page unless too much waits already; whether anything came."""
        settings = self._around.settings
        most = settings.batch_size * settings.parallel * 2
        if self._at_end or len(self._outstanding) >= most:
            return False
        try:
            page = source.read(self.shard, self._read_to, most)
        except StreamAway as error:
            logger.warning("the shard is away", extra={"shard": self.shard, "reason": str(error)})
            return False
        with self._changed:
            self._outstanding += (record.sequence for record in page.records)
            self._undone.update(record.sequence for record in page.records)
        for record in page.records:
            self._parts[crc32(record.partition_key.encode()) % len(self._parts)].offer(record)
            self._read_to = record.sequence
        self._at_end, self.behind_s = page.ended, page.behind_s
        return bool(page.records)

    def _save(self) -> None:
        if self._done_to == self._saved:
            return
        try:
            self._around.checkpoints.save(self.lane, done := self._done_to)
            self._saved = done
        except Exception as error:
            # what is done stays done; a restart would deliver a little more of it again
            logger.warning("a checkpoint was not saved", extra={"lane": self.lane, "reason": str(error)})


class SubShard:
    """The records of some keys of a shard, brought to one instance of the function in order."""

    def __init__(self, around: Surroundings, run: ShardRun, number: int) -> None:
        self._around = around
        self._run = run
        self._waiting: list[tuple[float, ShardRecord]] = []  # since when, monotonic
        self._changed = threading.Condition()
        self._ending = False
        self._delivery: Delivery | None = None
        self._thread = threading.Thread(target=self._work, name=f"{run.shard} {number}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why the batch under way comes again and again."""
        return self._delivery.trouble if self._delivery is not None else ""

    @property
    def alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def offer(self, record: ShardRecord) -> None:
        """Put a record behind those that wait."""
        with self._changed:
            self._waiting.append((time.monotonic(), record))
            self._changed.notify_all()

    def wake(self) -> None:
        """Let it look whether it is to stop."""
        with self._changed:
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more will be offered."""
        self._ending = True
        self.wake()

    def join(self) -> None:
        """Wait for its thread."""
        self._thread.join()

    def _work(self) -> None:
        around = self._around
        try:
            function = around.function()
            self._delivery = Delivery(
                lambda records: self._invoke(function, records),
                lambda dropped: around.give_up(self._run.shard, dropped),
                around.settings,
                now=time.time,
                rest=around.rest,
            )
            try:
                while batch := self._next():
                    self._run.done(batch[: self._delivery.deliver(batch)])
            finally:
                function.close()
        except Exception:
            logger.exception("a delivery failed in a way nobody foresaw", extra={"shard": self._run.shard})
            self._run.fail()

    def _invoke(self, function: Function, records: Sequence[ShardRecord]) -> Any:
        ends = time.monotonic() + self._around.timeout_s
        event = make_event(self._run.shard, records, self._around.source_arn)
        return function.handle(event, lambda: ends - time.monotonic())

    def _next(self) -> list[ShardRecord]:
        """The next batch: full, or as old as the window allows. Empty when it is over."""
        settings = self._around.settings
        with self._changed:
            while not (self._around.stopping.is_set() or self._run.broken):
                waiting = [record for _, record in self._waiting]
                if waiting:
                    age = time.monotonic() - self._waiting[0][0]
                    count = cut(waiting, settings.batch_size)
                    if count < len(waiting) or count >= settings.batch_size or age >= settings.window_s:
                        del self._waiting[:count]
                        return waiting[:count]
                    self._changed.wait(settings.window_s - age)
                elif self._ending:
                    return []
                else:
                    self._changed.wait(self._around.poll_s * 4)
        return []
