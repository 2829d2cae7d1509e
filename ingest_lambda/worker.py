"""The consumer on one machine: reads lanes, feeds `consume`, holds on what passes. `python -m ingest_lambda.worker`"""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import psycopg
import redis

from ingest_lambda import config, log
from ingest_lambda.consume import consume
from ingest_lambda.failures import LaneMoved, Retriable, Storm, classify
from ingest_lambda.health import BEAT_S, beat
from ingest_lambda.lanes import Lane, Lanes, lag, load, open_entry
from ingest_lambda.redrive import redrive
from ingest_lambda.registration_lanes import RegistrationLanes
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store, connect
from ingest_lambda.storm import StormGuard
from ingest_lambda.stream.redis_reader import RedisStreamReader, open_redis, order
from ingest_lambda.worker_kinesis import KinesisWorker

COMPONENT = "consumer"
FIXES_A_TRANSACTION = 5_000
# Rounds begin at most this often unless they are full. A lone report is stored at once; under load this gathers
# hundreds into a transaction that would otherwise each pay for one, and the machine's time goes to the doors.
PACE_S = 0.1
# A round that had its hands full is followed by a longer one: a transaction costs nearly as much for ten fixes as for
# a hundred, and what that saves goes to the doors. At a hundred fixes a tenth of a second nobody watches one device.
MANY_FIXES, SLOW_PACE_S = 100, 0.25
READ_WAIT_S = 0.5  # how long a stop may take at most when nothing comes in
MOST_ENTRIES_A_READ = 1_000
LANES_S, LETTERS_S, SUMMARY_S, TRIM_S = 1.0, 1.0, 10.0, 30.0
KEEP_ENTRIES_S = 3600  # what is stored stays on the stream this long, to look at and to read again
FIRST_PAUSE_S, LAST_PAUSE_S = 0.1, 5.0

logger = logging.getLogger(__name__)


def pause_s(failures: int) -> float:
    """How long to hold after that many failures in a row."""
    return float(min(LAST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures, 10)))


class Worker:
    """One worker: a database session at a time, the lanes it owns, and its signs of life."""

    def __init__(self, settings: config.Config, index: int, workers: int) -> None:
        self._settings = settings
        self._index = index
        self._client = open_redis(settings.redis_url)
        self._reader = RedisStreamReader(self._client)
        self._lanes = Lanes(settings.lanes, index, workers)
        self._registrations = RegistrationLanes(self._reader)
        self._known = Known(storm=StormGuard(parks=settings.park_storms))
        self._stop = threading.Event()
        self._due: dict[str, float] = {}
        self._ended: Counter[str] = Counter()
        self._fixes = 0
        self._rate = 0.0
        self._beaten = (time.monotonic(), 0)
        self._entry_fixes = 1.0  # fixes an entry holds, a running mean: sizes the next read
        self._trouble = ""
        self._parked, self._redriven = 0, 0
        self._round_began, self._round_fixes = 0.0, 0

    def stop(self) -> None:
        """Finish the batch under way, let go of the lanes, return from `run`."""
        self._stop.set()

    def run(self) -> None:
        """Consume until told to stop; whatever passes is waited out."""
        failures = 0
        while not self._stop.is_set():
            fixes = self._fixes
            try:
                self._session()
            except (Retriable, psycopg.Error, redis.RedisError, OSError) as error:
                failures = 0 if self._fixes > fixes else failures + 1
                self._trouble = str(classify(error))
                logger.error(
                    "holding, nothing is lost", extra={"reason": self._trouble, "failures": failures}
                )
                self._every("beat", BEAT_S, self._beat)
                self._stop.wait(pause_s(failures))

    def _session(self) -> None:
        """Work over one database connection until it breaks or the worker is stopped."""
        self._lanes.owned.clear()
        self._registrations.forget()
        self._known.forget()
        with connect(self._settings.database_url, name=f"milepost-consumer-{self._index}") as connection:
            store = Store(connection)
            self._due.clear()
            while not self._stop.is_set():
                self._every("beat", BEAT_S, self._beat)
                self._every("lanes", LANES_S, lambda: self._refresh(store))
                self._trouble = ""
                self._every("summary", SUMMARY_S, self._summarise)
                self._every("trim", TRIM_S, self._trim)
                self._known.repeats.hand_on(self._client)
                self._every("letters", LETTERS_S, lambda: self._redrive(store))
                self._rest()
                self._read()
                self._round_began, self._round_fixes = time.monotonic(), self._fixes
                for lane in list(self._lanes.owned.values()):
                    if lane.waiting and lane.held_until <= time.monotonic():
                        self._consume(lane, store)
                self._register(store)
            self._lanes.release(store)
            self._client.delete(f"health:{COMPONENT}:{self._index}")

    def _refresh(self, store: Store) -> None:
        self._lanes.refresh(store, self._reader, self._client, time.monotonic())

    def _register(self, store: Store) -> None:
        """Store registrations. Positions first: a worker that has its hands full of them leaves these for later."""
        busy = self._fixes - self._round_fixes >= FIXES_A_TRANSACTION
        owned = [lane.number for lane in self._lanes.owned.values()]
        self._registrations.work(owned, store, self._known, busy=busy)

    def _rest(self) -> None:
        """Let reports gather when the last round stored something, and little."""
        fixes = self._fixes - self._round_fixes
        pace_s = PACE_S if fixes < MANY_FIXES else SLOW_PACE_S
        rest = self._round_began + pace_s - time.monotonic()
        if 0 < fixes < FIXES_A_TRANSACTION and rest > 0:
            self._stop.wait(rest)

    def _read(self) -> None:
        """Fill lanes that have nothing waiting; wait for it only if none has."""
        lanes = self._lanes.owned
        hungry = {name: lane.read_to for name, lane in lanes.items() if not lane.waiting}
        ready = any(lane.waiting and lane.held_until <= time.monotonic() for lane in lanes.values())
        if not hungry:
            if not ready:
                self._stop.wait(0.05)
            return
        limit = max(1, min(MOST_ENTRIES_A_READ, int(FIXES_A_TRANSACTION / self._entry_fixes)))
        wait_s = 0.0 if ready or self._registrations.more else READ_WAIT_S
        for entry in self._reader.read(hungry, limit=limit, wait_s=wait_s):
            lane, opened = lanes[entry.lane], open_entry(entry)
            lane.waiting += opened
            lane.read_to = entry.entry_id
            self._entry_fixes += 0.02 * (sum(unit.fixes for unit in opened) - self._entry_fixes)

    def _consume(self, lane: Lane, store: Store) -> None:
        stretch = lane.stretch(FIXES_A_TRANSACTION)
        try:
            done = consume(stretch, store, self._known, self._client, now_us=time.time_ns() // 1000)
        except LaneMoved as moved:
            logger.warning(
                "another worker took the lane further", extra={"lane": lane.name, "reason": str(moved)}
            )
            self._lanes.owned[lane.name] = load(lane.number, store, self._reader)
            return
        except Retriable as error:
            if store.connection.closed or store.connection.broken:
                raise
            lane.failures += 1
            lane.held_until = time.monotonic() + pause_s(lane.failures)
            lane.trouble = str(error)
            storm = isinstance(error, Storm)
            logger.log(
                logging.CRITICAL if storm else logging.ERROR,
                "nearly every record fails: lane held" if storm else "lane held, nothing is lost",
                extra={
                    "lane": lane.name,
                    "entry": stretch.start.entry_id,
                    "failures": lane.failures,
                    "reason": str(error),
                },
            )
            return
        lane.advance(stretch)
        self._fixes += done.fixes
        self._parked += done.parked
        for (outcome, reason), count in done.ended.items():
            self._ended[f"{outcome} {reason}".rstrip()] += count

    def _redrive(self, store: Store) -> None:
        """Drive dead letters that somebody asked for; at once again while there are more."""
        done = redrive(store, self._client, now_us=time.time_ns() // 1000)
        self._redriven += done.stored
        if done.more:
            self._due["letters"] = 0.0

    def _every(self, what: str, seconds: float, act: Callable[[], None]) -> None:
        now = time.monotonic()
        if now >= self._due.get(what, 0.0):
            self._due[what] = now + seconds
            act()

    def _beat(self) -> None:
        """Set the sign of life. Raises nothing: a Redis that is away shows in the reads."""
        now = time.monotonic()
        since, fixes = self._beaten
        if now > since:
            self._rate, self._beaten = (self._fixes - fixes) / (now - since), (now, self._fixes)
        try:
            key, value, seconds = beat(COMPONENT, str(self._index), self._facts(), time.time())
            self._client.set(key, value, ex=seconds)
        except redis.RedisError as error:
            logger.warning("the sign of life could not be set", extra={"reason": str(error)})

    def _facts(self) -> dict[str, str | int | float]:
        entries, seconds = 0, 0.0
        for lane in self._lanes.owned.values():
            oldest = self._reader.next_id(lane.name, lane.stored.entry_id)
            lane_entries, lane_s = lag(lane, self._reader.tail(lane.name), oldest, time.time())
            entries, seconds = entries + lane_entries, max(seconds, lane_s)
        return {
            "lanes": ",".join(sorted(self._lanes.owned)),
            "lag_entries": entries,
            "lag_s": seconds,
            "fixes": self._fixes,
            "fixes_per_s": round(self._rate, 1),
            "parked": self._parked,
            "redriven": self._redriven,
            **self._registrations.facts(),
            "held": ",".join(sorted(lane.name for lane in self._lanes.owned.values() if lane.trouble)),
            "trouble": self._trouble
            or next((lane.trouble for lane in self._lanes.owned.values() if lane.trouble), ""),
        }

    def _summarise(self) -> None:
        if self._ended:
            logger.info("consumed", extra={"seconds": SUMMARY_S, "ended": dict(self._ended), **self._facts()})
        self._ended.clear()

    def _trim(self) -> None:
        """Forget entries that are stored and older than an hour; never one that is not stored."""
        oldest_kept = f"{int((time.time() - KEEP_ENTRIES_S) * 1000)}-0"
        for lane in self._lanes.owned.values():
            self._reader.trim(lane.name, min(oldest_kept, lane.stored.entry_id, key=order))
        self._registrations.trim(oldest_kept)


def main(arguments: list[str] | None = None) -> int:
    """Run one worker until SIGTERM or SIGINT. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ingest_lambda.worker", description=__doc__)
    parser.add_argument("--index", type=int, default=0, help="which worker this is, from 0")
    parser.add_argument("--of", type=int, default=1, help="how many workers there are")
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.index < chosen.of:
        parser.error(f"--index {chosen.index} must lie within 0..{chosen.of - 1}")
    try:
        settings = config.load()
    except config.BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log.configure(COMPONENT, settings.log_level)
    # A batch makes some ten thousand objects, none in a cycle: the collector would walk them for nothing.
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)
    kind = KinesisWorker if settings.stream_url else Worker
    worker: Worker | KinesisWorker = kind(settings, chosen.index, chosen.of)

    def stop(signal_number: int, frame: FrameType | None) -> Any:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    logger.info("consuming", extra={"worker": chosen.index, "workers": chosen.of, "lanes": settings.lanes})
    worker.run()
    logger.info("stopped", extra={"worker": chosen.index})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
