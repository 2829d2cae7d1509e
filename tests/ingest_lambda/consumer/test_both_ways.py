"""What the consumer promises, told of each way it runs: worker on Redis, and function behind the mapping.

The function runs as on AWS, behind the emulated event source mapping: over Redis, over Kinesis as we are strict with
it, and over Kinesis as moto has it, there as the worker that a box with Kinesis runs.
"""

import asyncio
import threading
import uuid
from collections import Counter

import pytest

from ingest_lambda.lambda_consume import ConsumeFunction
from ingest_lambda.source_delivery import MappingSettings
from ingest_lambda.source_mapping import SourceMapping
from ingest_lambda.steps.store import Store
from ingest_lambda.stream.kinesis_put import DirectKinesisWriter, KinesisStream, StreamAddress
from ingest_lambda.stream.redis_reader import open_redis
from ingest_lambda.stream.redis_shards import RedisShards
from ingest_lambda.worker import Worker
from ingest_lambda.worker_kinesis import DatabaseCheckpoints, KinesisWorker
from tests.ingest_lambda import kinesis_fake, moto_process
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix
from tests.ingest_lambda.consumer.test_worker import LANES, put, settings_of, until

__all__ = ["settings_of"]  # the fixture
pytestmark = pytest.mark.django_db


class Way:
    """Something that consumes in a thread: `begin`, `end`, and `put` onto what it reads."""

    def __init__(self, make, put_all):
        self._make, self._put = make, put_all
        self._running = None

    def put(self, envelopes):
        self._put(envelopes)

    def begin(self):
        runner = self._make()
        thread = threading.Thread(target=runner.run, daemon=True)
        thread.start()
        self._running = (runner, thread)

    def end(self):
        if self._running is not None:
            runner, thread = self._running
            runner.stop()
            thread.join(30)
            assert not thread.is_alive()
            self._running = None


def on_redis(settings, client, ground):
    return Way(lambda: Worker(settings, 0, 1), lambda envelopes: put(client, ground, envelopes, together=3))


def mapping_on_redis(settings, client, ground):
    def make():
        return SourceMapping(
            lambda: RedisShards(open_redis(settings.redis_url), LANES),
            lambda: ConsumeFunction(settings.database_url, open_redis(settings.redis_url)),
            DatabaseCheckpoints(settings.database_url),
            lambda shard, dropped: pytest.fail(f"{shard} gave up {dropped}"),
            MappingSettings(batch_size=20, window_s=0.05),
            poll_s=0.02,
        )

    return Way(make, lambda envelopes: put(client, ground, envelopes, together=3))


def on_kinesis(settings, url, environ):
    address = StreamAddress.parse(url)

    def put_all(envelopes):
        writer = DirectKinesisWriter(KinesisStream(address, environ), patience_s=30)
        for start in range(0, len(envelopes), 500):
            asyncio.run(writer.put(envelopes[start : start + 500]))

    return Way(lambda: KinesisWorker(settings, 0, 1, poll_s=0.02), put_all)


@pytest.fixture(
    params=["worker on Redis", "mapping on Redis", "worker on a strict Kinesis", "worker on moto"]
)
def way(request, settings_of, client, ground, monkeypatch, tmp_path):
    if "Redis" in request.param:
        make = on_redis if request.param.startswith("worker") else mapping_on_redis
        way = make(settings_of(), client, ground)
        yield way
        way.end()
        return
    server = None
    if "moto" in request.param:
        url = request.getfixturevalue("moto_process").stream(f"w-{uuid.uuid4().hex[:12]}", 2)
        environ = moto_process.ENVIRON
    else:
        server = kinesis_fake.FakeServer(kinesis_fake.KinesisFake(shards=2))
        url, environ = server.url, kinesis_fake.ENVIRON
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    way = on_kinesis(settings_of(stream_url=url, failed_batches=str(tmp_path)), url, environ)
    yield way
    way.end()
    if server is not None:
        server.close()
    assert list(tmp_path.iterdir()) == []  # nothing was given up


def fleet(ground, devices=8, fixes=15):
    first = ground.now_us - HOUR
    return [
        ground.envelope(f"v{device}", [fix(first + n * SECOND, 4.9 + n * 1e-4)])
        for n in range(fixes)
        for device in range(devices)
    ]


def total(ground):
    return sum(ground.outcomes().values())


def test_what_is_put_is_stored_in_order_and_counted_to_the_unit(ground, way):
    envelopes = fleet(ground)
    way.begin()
    way.put(envelopes)
    until(lambda: total(ground) >= 120)
    assert ground.outcomes() == {"accepted": 120}
    for device in range(8):
        stored = ground.positions(f"v{device}")
        assert [at for at, *_ in stored] == [ground.now_us - HOUR + n * SECOND for n in range(15)]
        assert ground.marker(f"v{device}")[0] == stored[-1][0]


def test_fixes_sent_again_are_duplicates_each(ground, way):
    envelopes = fleet(ground, 4, 10)
    again = [ground.envelope(one.device, one.positions) for one in envelopes]
    way.begin()
    way.put(envelopes)
    way.put(again)
    until(lambda: total(ground) >= 80)
    assert ground.outcomes() == {"accepted": 40, "duplicate": 40}


def test_stopped_and_begun_again_everything_counts_once(ground, way):
    for wave in range(4):
        first = ground.now_us - HOUR + wave * 100 * SECOND
        way.begin()
        way.put([ground.envelope(f"v{n % 5}", [fix(first + n * SECOND)]) for n in range(50)])
        until(lambda wave=wave: total(ground) >= 50 * wave + 10)
        way.end()
    way.begin()
    until(lambda: total(ground) >= 200)
    assert sum(ground.outcomes().values()) == 200
    assert ground.outcomes() == {"accepted": 200}


def test_poison_costs_one_dead_letter_and_the_order_of_the_others_holds(ground, way, monkeypatch):
    add = Store.add_positions

    def add_positions(self, accepted, now_us):
        if any(trail.external_id == "bad" for trail, *_ in accepted):
            raise ValueError("this fix breaks the step")
        add(self, accepted, now_us)

    monkeypatch.setattr(Store, "add_positions", add_positions)
    envelopes = fleet(ground)
    for place in (11, 57, 93):
        envelopes.insert(place, ground.envelope("bad", [fix(ground.now_us - HOUR + place * SECOND)]))
    way.put(envelopes)
    way.begin()
    until(lambda: total(ground) >= 123)
    assert ground.outcomes() == {"accepted": 120, "quarantined dead_letter": 3}
    assert all(len(ground.positions(f"v{device}")) == 15 for device in range(8))


def test_a_failure_that_passes_holds_and_loses_nothing(ground, way, monkeypatch):
    """The database refuses everything for a while, in a way no record is to blame for."""
    mended = threading.Event()
    refused: Counter[str] = Counter()
    add = Store.add_positions

    def add_positions(self, accepted, now_us):
        if not mended.is_set():
            refused["times"] += 1
            raise OSError("no space left on device")
        add(self, accepted, now_us)

    monkeypatch.setattr(Store, "add_positions", add_positions)
    way.put(fleet(ground))
    way.begin()
    until(lambda: refused["times"] >= 3)
    assert ground.outcomes() == {}
    mended.set()
    until(lambda: total(ground) >= 120, seconds=60)
    assert ground.outcomes() == {"accepted": 120}
    assert ground.rows("SELECT count(*)::int FROM tracker_deadletter") == [(0,)]
