"""The event source mapping over real streams: order by key, parallel, checkpoints, closed shards, failed batches."""

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest_lambda.failed_batches import LocalFolder, event_in, folder_at, invocation_record, name_of
from ingest_lambda.kinesis_event import BadEvent, make_event, put_again, records_of
from ingest_lambda.source_delivery import MappingSettings
from ingest_lambda.source_mapping import SourceMapping
from ingest_lambda.source_shard import SHARD_END
from ingest_lambda.stream.kinesis_put import DirectKinesisWriter, KinesisStream, StreamAddress
from ingest_lambda.stream.kinesis_reader import KinesisReader
from ingest_lambda.stream.shards import ShardRecord, StreamAway
from tests.ingest_lambda import moto_process as moto
from tests.ingest_lambda.kinesis_fake import ENVIRON, FakeServer, KinesisFake
from tests.ingest_lambda.redis_process import wait_until

threads: dict[int, threading.Thread] = {}


def end(mapping):
    """Stop a mapping before the test ends."""
    mapping.stop()
    threads[id(mapping)].join(20)
    assert not threads[id(mapping)].is_alive()


class Memory:
    """Checkpoints that a test can look at."""

    def __init__(self):
        self.at = {}

    def load(self, lane):
        return self.at.get(lane, "")

    def save(self, lane, sequence):
        self.at[lane] = sequence


class Seen:
    """Function instances that remember what they were brought."""

    def __init__(self):
        self.lock = threading.Lock()
        self.by_key = defaultdict(list)
        self.batches = []
        self.busy, self.most_busy = 0, 0
        self.closed = self.made = 0
        self.answer: Callable[[Any], dict[str, list]] = lambda event: {"batchItemFailures": []}
        self.hold = threading.Event()
        self.hold.set()

    def make(self):
        self.made += 1
        return self

    def handle(self, event, remaining_s):
        assert remaining_s() > 0
        with self.lock:
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        self.hold.wait(20)
        answer = self.answer(event)
        with self.lock:
            self.busy -= 1
            if not answer["batchItemFailures"]:
                self.batches.append(len(event["Records"]))
                for key, data in put_again(event):
                    self.by_key[key].append(int(data))
        return answer

    def close(self):
        self.closed += 1

    @property
    def count(self):
        return sum(map(len, self.by_key.values()))


@pytest.fixture
def server():
    server = FakeServer(KinesisFake(shards=2))
    yield server
    server.close()


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def run(server, seen):
    """Run a mapping of the fake until the test ends, or until `end` is called with it."""
    running = []

    def start(checkpoints=None, given_up=None, source=None, **settings):
        mapping = SourceMapping(
            source or (lambda: KinesisReader(StreamAddress.parse(server.url), ENVIRON)),
            seen.make,
            checkpoints or Memory(),
            given_up or (lambda shard, dropped: None),
            MappingSettings(**{"window_s": 0.0} | settings),
            poll_s=0.02,
        )
        thread = threading.Thread(target=mapping.run, daemon=True)
        thread.start()
        running.append((mapping, thread))
        threads[id(mapping)] = thread

        return mapping

    yield start
    seen.hold.set()
    for mapping, thread in running:
        mapping.stop()
        thread.join(20)
        assert not thread.is_alive()


def put(server, count, keys=12, first=0):
    stream = KinesisStream(StreamAddress.parse(server.url), ENVIRON)
    records = [(f"11:{n % keys}", b"%d" % n) for n in range(first, first + count)]
    DirectKinesisWriter(stream, patience_s=30).put_records(records)


def test_every_record_comes_once_and_each_key_in_order(server, seen, run):
    put(server, 300)
    memory = Memory()
    mapping = run(memory, batch_size=20)
    wait_until(lambda: seen.count == 300)
    end(mapping)
    assert all(numbers == sorted(numbers) for numbers in seen.by_key.values())
    assert max(seen.batches) <= 20
    assert set(memory.at) == {"fake:000000000000", "fake:000000000001"}
    assert seen.closed == seen.made == 6


def test_batches_of_a_shard_run_side_by_side_and_never_two_of_one_key(server, seen, run):
    seen.hold.clear()
    put(server, 200, keys=40)
    run(batch_size=5, parallel=3)
    wait_until(lambda: seen.busy == 6)
    seen.hold.set()
    wait_until(lambda: seen.count == 200)
    assert seen.most_busy == 6
    assert all(numbers == sorted(numbers) for numbers in seen.by_key.values())


def test_the_window_gathers_until_a_batch_is_full(server, seen, run):
    run(window_s=30.0, batch_size=10, parallel=1)
    for first in range(0, 30, 3):
        put(server, 3, keys=1, first=first)
    wait_until(lambda: seen.count == 30)
    assert set(seen.batches) == {10}


def test_a_mapping_begun_again_goes_on_behind_its_checkpoint(server, seen, run):
    memory = Memory()
    put(server, 50)
    first = run(memory)
    wait_until(lambda: seen.count == 50)
    end(first)
    put(server, 50, first=50)
    run(memory)
    wait_until(lambda: seen.count == 100)
    assert all(numbers == sorted(set(numbers)) for numbers in seen.by_key.values())


def test_a_key_that_fails_holds_no_other_key_and_its_checkpoint_waits(server, seen, run):
    stuck = threading.Event()
    seen.answer = lambda event: {
        "batchItemFailures": [
            {"itemIdentifier": one["kinesis"]["sequenceNumber"]}
            for one in event["Records"]
            if one["kinesis"]["partitionKey"] == "11:0" and not stuck.is_set()
        ][:1]
    }
    put(server, 120)
    memory = Memory()
    mapping = run(memory, parallel=12, batch_size=10)
    wait_until(lambda: sum(len(n) for key, n in seen.by_key.items()) >= 80)
    assert not seen.by_key["11:0"]
    assert any(shard.trouble for shard in mapping.shards.values())
    stuck.set()
    wait_until(lambda: seen.count == 120)
    assert seen.by_key["11:0"] == list(range(0, 120, 12))


def test_children_wait_for_their_parents_and_a_shard_that_is_done_is_never_read_again(server, seen, run):
    memory = Memory()
    put(server, 60)
    server.fake.split("shardId-000000000000")
    put(server, 60, first=60)
    server.fake.merge("shardId-000000000002", "shardId-000000000003")
    put(server, 60, first=120)
    mapping = run(memory)
    wait_until(lambda: seen.count == 180)
    wait_until(lambda: [memory.load(f"fake:00000000000{n}") for n in (0, 2, 3)] == [SHARD_END] * 3)
    end(mapping)
    assert all(numbers == sorted(numbers) for numbers in seen.by_key.values())
    run(memory)
    put(server, 60, first=180)
    wait_until(lambda: seen.count == 240)
    assert all(numbers == sorted(set(numbers)) for numbers in seen.by_key.values())


def test_a_stream_that_is_away_is_asked_again(server, seen, run):
    put(server, 10)
    away = [True]

    class Flaky(KinesisReader):
        def _ask(self, operation, arguments):
            if away[0]:
                raise StreamAway("gone")
            return super()._ask(operation, arguments)

    run(source=lambda: Flaky(StreamAddress.parse(server.url), ENVIRON))
    away[0] = False
    wait_until(lambda: seen.count == 10)


def test_a_function_that_breaks_is_made_again(server, seen, run):
    put(server, 10, keys=1)
    make = seen.make
    broken: list[bool] = []

    def once_broken():
        if not broken:
            broken.append(True)
            raise MemoryError("no room for an instance")
        return make()

    seen.make = once_broken
    run(parallel=1)
    wait_until(lambda: seen.count == 10)


def test_what_cannot_be_kept_is_not_given_up(server, seen, run):
    seen.answer = lambda event: {"batchItemFailures": [{"itemIdentifier": ""}]}
    kept, attempts = [], []

    def give_up(shard, dropped):
        attempts.append(shard)
        if len(attempts) < 3:
            raise OSError("the bucket is away")
        kept.extend(dropped.records)

    put(server, 4, keys=1)
    memory = Memory()
    run(memory, give_up, retries=0, bisect=False, parallel=1)
    wait_until(lambda: len(kept) == 4)
    wait_until(lambda: any(memory.at.values()))


# --- what is kept of failed batches ---


def kept_at(folder):
    batch = [ShardRecord("10", "11:a", b"one", 1e9), ShardRecord("11", "11:b", b"\xff two", 1e9)]
    event = make_event("shardId-000000000000", batch, "arn:aws:kinesis:r:1:stream/s")
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    body = invocation_record(
        event,
        "shardId-000000000000",
        batch,
        condition="RecordAgeExceeded",
        invocations=3,
        stream_arn="a",
        at=at,
    )
    name = name_of("mapping", "shardId-000000000000", at)
    folder.put(name, body)
    return name


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_failed_batch_is_kept_whole_and_read_back(kind, tmp_path, moto_process):
    if kind == "folder":
        folder, prefix = folder_at(str(tmp_path))
    else:
        bucket = f"b-{uuid.uuid4().hex[:12]}"
        moto_process.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": moto.REGION}
        )
        folder, prefix = folder_at(
            f"s3://{bucket}/?endpoint={moto_process.endpoint}&region={moto.REGION}", moto.ENVIRON
        )
    name = kept_at(folder)
    assert name.startswith("aws/lambda/mapping/shardId-000000000000/2026/11/22/2026-11-22T09.00.00-")
    assert list(folder.keys(prefix)) == [name]
    event = event_in(folder.get(name))
    assert put_again(event) == [("11:a", b"one"), ("11:b", b"\xff two")]
    assert [(one.lane, one.entry_id) for one in records_of(event)] == [
        ("s:000000000000", "10"),
        ("s:000000000000", "11"),
    ]
    folder.remove(name)
    assert list(folder.keys(prefix)) == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"payload": "x"}', b'{"payload": [1]}'])
def test_what_is_no_record_of_an_invocation_is_said(body):
    with pytest.raises(BadEvent):
        event_in(body)


def test_failed_batches_lie_where_they_are_looked_for():
    assert isinstance(folder_at("/somewhere")[0], LocalFolder)
    assert folder_at("s3://bucket/a/b", {"AWS_REGION": "eu-west-1"})[1] == "a/b"
    for url in ("http://x", "s3:///a"):
        with pytest.raises(ValueError, match="s3://BUCKET"):
            folder_at(url)
