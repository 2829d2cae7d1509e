"""The consumer on one machine where the stream is Kinesis: the mapping and the function of AWS, in this process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import redis

from ingest_lambda.config import Config
from ingest_lambda.failed_batches import BatchFolder, folder_at, invocation_record, name_of
from ingest_lambda.failures import Retriable
from ingest_lambda.health import BEAT_S, beat
from ingest_lambda.kinesis_event import make_event
from ingest_lambda.lambda_consume import ConsumeFunction, announcer
from ingest_lambda.redrive import redrive
from ingest_lambda.source_delivery import GivenUp, MappingSettings
from ingest_lambda.source_mapping import POLL_S, SourceMapping
from ingest_lambda.source_shard import Checkpoints
from ingest_lambda.steps.store import Store, connect
from ingest_lambda.stream.kinesis_put import StreamAddress
from ingest_lambda.stream.kinesis_reader import KinesisReader
from ingest_lambda.stream.redis_reader import BEGINNING, open_redis
from ingest_lambda.stream.shards import Shard

COMPONENT = "consumer"
LETTERS_S = 5.0

logger = logging.getLogger(__name__)


class DatabaseCheckpoints(Checkpoints):
    """Checkpoints in tracker_streamprogress, for several threads; the session is opened anew when it broke."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._lock = threading.Lock()
        self._store: Store | None = None

    def load(self, lane: str) -> str:
        """See Checkpoints. Raises psycopg.Error."""
        found = self._with(lambda store: store.progress(lane)[0])
        return "" if found == BEGINNING else found

    def save(self, lane: str, sequence: str) -> None:
        """See Checkpoints. Raises psycopg.Error."""

        def write(store: Store) -> str:
            with store.transaction():
                store.lock_progress(lane)
                store.save_progress(lane, sequence, 0)
            return sequence

        self._with(write)

    def close(self) -> None:
        """Let go of the session."""
        with self._lock:
            if self._store is not None:
                self._store.connection.close()
                self._store = None

    def _with(self, act: Callable[[Store], str]) -> str:
        with self._lock:
            if self._store is None or self._store.connection.closed:
                self._store = Store(connect(self._url, name="milepost-checkpoints"))
            try:
                return act(self._store)
            except psycopg.OperationalError:
                self._store.connection.close()
                raise


class KeptBatches:
    """Where records go that a mapping gives up, whole, as AWS would write them."""

    def __init__(self, folder: BatchFolder, name: str, arn: str) -> None:
        self._folder = folder
        self._name = name
        self._arn = arn

    def keep(self, shard: str, dropped: GivenUp) -> None:
        """Write one. What cannot be written is raised: then nothing is dropped."""
        at = datetime.now(UTC)
        event = make_event(shard, dropped.records, self._arn)
        body = invocation_record(
            *(event, shard, dropped.records),
            condition=dropped.condition,
            invocations=dropped.invocations,
            stream_arn=self._arn,
            at=at,
        )
        self._folder.put(name_of(self._name, shard, at), body)


class KinesisWorker:
    """One worker of several: it reads the shards whose number is its own, modulo how many workers there are.

    Unlike lanes of Redis, a shard is adopted by nobody while its worker is away: whoever starts the workers
    starts it again, and the stream keeps for a day what waits.
    """

    def __init__(self, settings: Config, index: int, workers: int, *, poll_s: float = POLL_S) -> None:
        self._settings = settings
        self._index = index
        self._workers = workers
        self._client = open_redis(settings.redis_url)
        self._checkpoints = DatabaseCheckpoints(settings.database_url)
        urls = [url for url in (settings.stream_url, settings.registration_stream_url) if url]
        self._mappings = [self._mapping(StreamAddress.parse(url), poll_s) for url in dict.fromkeys(urls)]
        self._stop = threading.Event()
        self._redriven = 0

    def stop(self) -> None:
        """Finish what is under way and return from `run`."""
        self._stop.set()
        for mapping in self._mappings:
            mapping.stop()

    def run(self) -> None:
        """Consume until told to stop."""
        threads = [threading.Thread(target=mapping.run, daemon=True) for mapping in self._mappings]
        for thread in threads:
            thread.start()
        due = 0.0
        while not self._stop.is_set():
            self._beat()
            if time.monotonic() >= due:
                due = time.monotonic() + LETTERS_S
                self._redrive()
            self._stop.wait(min(BEAT_S, LETTERS_S))
        for thread in threads:
            thread.join()
        self._checkpoints.close()
        try:
            self._client.delete(f"health:{COMPONENT}:{self._index}")
        except redis.RedisError as error:
            logger.warning("the sign of life could not be taken back", extra={"reason": str(error)})

    def _mapping(self, address: StreamAddress, poll_s: float) -> SourceMapping:
        settings = self._settings
        arn = f"arn:aws:kinesis:{address.region}:000000000000:stream/{address.name}"
        folder, _ = folder_at(settings.failed_batches)
        return SourceMapping(
            lambda: KinesisReader(address),
            lambda: ConsumeFunction(
                settings.database_url, announcer(settings.redis_url), park_storms=settings.park_storms
            ),
            self._checkpoints,
            KeptBatches(folder, address.name, arn).keep,
            MappingSettings(record_age_s=settings.record_age_s or -1),
            source_arn=arn,
            mine=self._is_mine,
            poll_s=poll_s,
        )

    def _is_mine(self, shard: Shard) -> bool:
        digits = shard.id.rpartition("-")[2]
        return (int(digits) if digits.isdigit() else 0) % self._workers == self._index

    def _redrive(self) -> None:
        try:
            with connect(self._settings.database_url, name=f"milepost-letters-{self._index}") as connection:
                done = redrive(Store(connection), self._client, now_us=time.time_ns() // 1000)
                self._redriven += done.stored
        except (Retriable, psycopg.Error) as error:
            logger.warning("dead letters wait to be redriven", extra={"reason": str(error)})

    def _facts(self) -> dict[str, Any]:
        runs = [run for mapping in self._mappings for run in list(mapping.shards.values())]
        return {
            "lanes": ",".join(sorted(run.lane for run in runs)),
            "lag_entries": sum(run.waiting for run in runs),
            "lag_s": max((run.behind_s for run in runs), default=0.0),
            "fixes": 0,
            "fixes_per_s": 0.0,
            "redriven": self._redriven,
            "held": ",".join(sorted(run.lane for run in runs if run.trouble)),
            "trouble": next((run.trouble for run in runs if run.trouble), ""),
        }

    def _beat(self) -> None:
        try:
            key, value, seconds = beat(COMPONENT, str(self._index), self._facts(), time.time())
            self._client.set(key, value, ex=seconds)
        except redis.RedisError as error:
            logger.warning("the sign of life could not be set", extra={"reason": str(error)})
