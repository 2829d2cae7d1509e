"""Kinesis as AWS is and emulators are not: throttling, partial failures, closed shards, lost connections, limits."""

import asyncio
import uuid
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda import config, report
from ingest_lambda.report import Envelope, PositionReport, RefusedPosition
from ingest_lambda.stream import StreamUnavailable
from ingest_lambda.stream.kinesis import KinesisStreamWriter
from ingest_lambda.stream.kinesis_put import (
    DirectKinesisWriter,
    KinesisStream,
    StreamAddress,
    records_of,
)
from ingest_lambda.stream.kinesis_queue import MOST_CALL_BYTES, MOST_RECORD_BYTES, PutQueue, Waiting
from ingest_lambda.stream.kinesis_reader import KinesisReader, kinesis_lane
from ingest_lambda.stream.shards import StreamAway
from tests.ingest_lambda.engines import read_all
from tests.ingest_lambda.kinesis_fake import ENVIRON, FakeServer, KinesisFake


class Clock:
    """A clock that stands until it is moved; sleeping moves it."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server(clock):
    server = FakeServer(KinesisFake(shards=2, clock=clock))
    yield server
    server.close()


@pytest.fixture
def direct(server, clock):
    """A function's writer, on the same clock as the stream."""
    stream = KinesisStream(StreamAddress.parse(server.url), ENVIRON)
    return DirectKinesisWriter(stream, patience_s=8.0, clock=clock, sleep=clock.sleep)


@pytest.fixture
def reader(server):
    return KinesisReader(StreamAddress.parse(server.url), ENVIRON)


def numbered(count, devices=10):
    """Records of some devices: partition key, and data `key number`."""
    return [(f"11:{n % devices}", f"{n % devices} {n}".encode()) for n in range(count)]


def in_order(stored):
    """Whether the numbers of each device grow."""
    by_device = defaultdict(list)
    for data in stored:
        device, number = data.decode().split()
        by_device[device].append(int(number))
    return all(numbers == sorted(numbers) for numbers in by_device.values())


def envelope(device="van-1", number=0):
    return Envelope(1, 11, 7, device, None, number, bytes(16), None, "http", [])


# --- calls ---


def test_a_call_holds_at_most_500_records_and_5_mb(direct, server):
    direct.put_records([(f"k{n}", b"x" * 100) for n in range(1300)])
    assert [len(call) for call in server.fake.calls] == [500, 500, 300]
    server.fake.calls.clear()
    direct.put_records([(f"big{n}", b"x" * 900_000) for n in range(12)])
    assert max(sum(map(len, call)) for call in server.fake.calls) <= MOST_CALL_BYTES
    assert sum(len(call) for call in server.fake.calls) == 12 + server.fake.thrown_back


def test_the_failed_records_of_a_call_alone_are_sent_again(direct, server):
    server.fake.faults.append(lambda data: data in {b"3 3", b"7 7"})
    direct.put_records(numbered(10))
    assert server.fake.calls[1:] == [[b"3 3", b"7 7"]]
    assert sorted(server.fake.data()) == sorted(data for _, data in numbered(10))


def test_a_failed_record_holds_back_the_later_ones_of_its_device(direct, server):
    server.fake.faults.extend([lambda data: data.startswith(b"3 ")] * 3)
    direct.put_records(numbered(60))
    stored = server.fake.data()
    assert in_order(stored)
    assert len(stored) == 60
    assert stored.index(b"4 54") < stored.index(b"3 3")  # the others did not wait


def test_a_throttled_shard_takes_everything_in_the_end(direct, server):
    direct.put_records([(f"k{n}", b"%d" % n) for n in range(4500)])
    assert server.fake.thrown_back > 0
    assert sorted(map(int, server.fake.data())) == list(range(4500))


def test_a_call_that_is_throttled_whole_is_tried_again(direct, server):
    server.fake.faults.extend(
        ["refuse ProvisionedThroughputExceededException", "refuse LimitExceededException"]
    )
    direct.put_records(numbered(3))
    assert len(server.fake.data()) == 3


@pytest.mark.parametrize("fault", ["cut_before", "status 500", "status 503"])
def test_a_call_that_did_not_arrive_is_made_again(direct, server, fault):
    direct.put_records(numbered(1))
    server.fake.faults.extend([fault, fault])
    direct.put_records(numbered(20))
    assert len(server.fake.data()) == 21


def test_a_call_whose_answer_is_lost_is_made_again_and_its_order_holds(direct, server):
    """The records are there twice then; the consumer knows each by its request and takes it once."""
    server.fake.faults.append("cut_after")
    direct.put_records(numbered(5))
    assert server.fake.data() == [data for _, data in numbered(5)] * 2


def test_a_stream_that_is_not_there_is_said_at_once(direct, server, clock):
    server.fake.faults.append("refuse ResourceNotFoundException")
    before = clock.now
    with pytest.raises(StreamUnavailable, match="ResourceNotFound"):
        direct.put_records(numbered(1))
    assert clock.now == before


def test_a_stream_that_stays_full_is_said_when_the_patience_is_over(direct, server, clock):
    server.fake.faults.extend([lambda data: True] * 1000)
    with pytest.raises(StreamUnavailable, match="in time"):
        direct.put_records(numbered(5))
    assert clock.now == pytest.approx(1008.0, abs=1.01)


def test_without_credentials_it_is_said_which_is_missing(server):
    stream = KinesisStream(StreamAddress.parse(server.url), {})
    with pytest.raises(StreamUnavailable, match="AWS_ACCESS_KEY_ID"):
        DirectKinesisWriter(stream).put_records(numbered(1))


def test_a_wrong_signature_is_refused(server):
    stream = KinesisStream(StreamAddress.parse(server.url), {**ENVIRON, "AWS_SECRET_ACCESS_KEY": "another"})
    with pytest.raises(StreamUnavailable, match="InvalidSignature"):
        DirectKinesisWriter(stream).put_records(numbered(1))


def test_a_server_that_never_answers_costs_the_timeout_and_no_more(server):
    server.fake.faults.extend(["hang"] * 50)
    stream = KinesisStream(StreamAddress.parse(server.url), ENVIRON)
    with pytest.raises(StreamUnavailable):
        DirectKinesisWriter(stream, patience_s=0.3).put_records(numbered(1))


# --- the server's writer ---


async def test_a_device_that_fails_keeps_no_other_waiting(server):
    writer = KinesisStreamWriter(KinesisStream(StreamAddress.parse(server.url), ENVIRON))
    stuck = asyncio.Event()
    server.fake.faults.extend([lambda data: not stuck.is_set() and data.startswith(b"bad")] * 1000)
    bad = asyncio.create_task(writer.put_records([("11:bad", b"bad 1"), ("11:bad", b"bad 2")]))
    await asyncio.wait_for(
        asyncio.gather(*[writer.put_records([(f"11:{n}", b"good")]) for n in range(50)]), 10
    )
    assert not bad.done()
    stuck.set()
    await asyncio.wait_for(bad, 10)
    await writer.close()
    assert [data for data in server.fake.data() if data.startswith(b"bad")] == [b"bad 1", b"bad 2"]


async def test_one_call_carries_what_waited_while_the_last_was_under_way(server):
    writer = KinesisStreamWriter(KinesisStream(StreamAddress.parse(server.url), ENVIRON))
    await asyncio.gather(*[writer.put([envelope(f"van-{n}", n)]) for n in range(300)])
    await writer.close()
    assert len(server.fake.calls) <= 3
    assert len(server.fake.data()) == 300


async def test_the_queue_is_bounded(server, monkeypatch):
    monkeypatch.setattr("ingest_lambda.stream.kinesis.MAX_WAITING", 10)
    server.fake.faults.append("hang")
    writer = KinesisStreamWriter(KinesisStream(StreamAddress.parse(server.url), ENVIRON), patience_s=0.5)
    puts = [asyncio.create_task(writer.put([envelope(f"van-{n}")])) for n in range(40)]
    done, _ = await asyncio.wait(puts, return_when=asyncio.FIRST_COMPLETED)
    assert len(done) >= 30
    assert all("too much waits" in str(task.exception()) for task in done)
    server.waiting.set()
    await asyncio.gather(*puts, return_exceptions=True)
    await writer.close()


# --- the queue alone ---


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_fails_each_device_keeps_its_order_and_each_record_is_sent_once(data):
    queue, clock, stored = PutQueue(lambda: 0.5), 0.0, []
    for key, body in numbered(40, devices=7):
        queue.add(Waiting(key, body, 1e9, None))
    rounds = 0
    while queue.count:
        rest = queue.rest_s(clock)
        clock += rest or 0.0
        call = queue.next_call(clock)
        assert len({record.key for record in call}) == len(call)
        chance = st.booleans() if rounds < 30 else st.just(False)
        failed = data.draw(st.lists(chance, min_size=len(call), max_size=len(call)))
        stored += [record.data for record in queue.settle(call, failed, clock)]
        rounds += 1
    assert sorted(stored) == sorted(body for _, body in numbered(40, devices=7))
    assert in_order(stored)
    assert (queue.count, queue.bytes, queue.rest_s(clock)) == (0, 0, None)


def test_what_is_given_up_does_not_hold_back_what_comes_later():
    queue = PutQueue()
    queue.add(Waiting("a", b"1", 1.0, "first"))
    queue.add(Waiting("a", b"2", 9.0, "second"))
    assert [one.owner for one in queue.give_up(1.0)] == ["first"]
    assert [one.owner for one in queue.next_call(1.0)] == ["second"]


# --- large envelopes ---


def test_a_request_too_large_for_one_record_travels_in_pieces_that_add_up():
    refused = [RefusedPosition(n, "bad_latitude", "x" * 300, "é" * 1000) for n in range(900)]
    fixes = [PositionReport(n, 4.9, 52.3, extra="{}" + " " * 4000) for n in range(100)]
    whole = Envelope(1, 11, 7, "van-1", None, 5, uuid.uuid4().bytes, None, "http", fixes, refused, part=3)
    small = envelope("van-2")
    *records, (_, last) = records_of([whole, small])
    pieces = [report.decode(data) for _, data in records]
    assert report.decode(last) == small
    assert all(len(key.encode()) + len(data) <= MOST_RECORD_BYTES for key, data in records)
    assert [fix for piece in pieces for fix in piece.positions] == fixes
    assert [fix for piece in pieces for fix in piece.refused] == refused
    assert [piece.part for piece in pieces] == [-1 - n for n in range(len(pieces))]
    assert len(pieces) > 1
    assert records_of([whole, small]) == [*records, records_of([small])[0]]


# --- reading ---


def test_children_name_their_parents_and_a_closed_shard_ends(direct, server, reader):
    direct.put_records(numbered(20))
    first, second = server.fake.shards[0].id, server.fake.shards[1].id
    server.fake.split(first)
    server.fake.merge(server.fake.shards[-1].id, second)
    direct.put_records(numbered(20))
    shards = {shard.id: shard.parents for shard in reader.shards()}
    assert list(shards.values()) == [(), (), (first,), (first,), ("shardId-000000000003", second)]
    ends = {shard: reader.read(shard, "", 1000).ended for shard in shards}
    assert [ends[shard] for shard in shards] == [True, True, False, True, False]
    assert sum(map(len, read_all(reader).values())) == 40


def test_an_iterator_that_ran_out_is_renewed_where_it_stood(direct, server, reader, clock):
    direct.put_records([("one", b"%d" % n) for n in range(10)])
    [shard] = [shard for shard, records in read_all(reader).items() if records]
    page = reader.read(shard, "", 4)
    clock.now += 400
    rest = reader.read(shard, page.records[-1].sequence, 100)
    assert [one.data for one in rest.records] == [b"%d" % n for n in range(4, 10)]


def test_a_stream_that_cannot_be_read_is_said(server):
    address = StreamAddress.parse(server.url)
    with pytest.raises(StreamAway, match="ResourceNotFound"):
        KinesisReader(address._replace(name="other"), ENVIRON).shards()
    with pytest.raises(StreamAway, match="AWS_ACCESS_KEY_ID"):
        KinesisReader(address, {}).shards()
    with pytest.raises(StreamAway, match="ResourceNotFound"):
        KinesisReader(address, ENVIRON).read("shardId-000000000099", "", 1)


def test_a_closed_shard_of_an_emulator_that_never_says_so_ends_too(moto_process):
    url = moto_process.stream(f"split-{uuid.uuid4().hex[:8]}")
    address = StreamAddress.parse(url)
    client = moto_process.client("kinesis")
    DirectKinesisWriter(KinesisStream(address, ENVIRON)).put_records(numbered(5))
    half = str(2**127)
    client.split_shard(StreamName=address.name, ShardToSplit="shardId-000000000000", NewStartingHashKey=half)
    reader = KinesisReader(address, ENVIRON)
    assert {shard.parents for shard in reader.shards()} >= {("shardId-000000000000",)}
    page = reader.read("shardId-000000000000", "", 100)
    assert len(page.records) == 5
    last = page.records[-1].sequence
    assert page.ended or reader.read("shardId-000000000000", last, 100).ended


# --- names ---


def test_a_shard_has_a_lanes_name():
    assert kinesis_lane("milepost-positions", "shardId-000000000003") == "milepost-positions:000000000003"
    assert len(kinesis_lane("x" * 128, "shardId-000000000003")) <= 40


@pytest.mark.parametrize(
    "url", ["kinesis://eu-west-1", "kinesis:///name", "redis://x/name", "kinesis://r/a/b"]
)
def test_an_address_that_makes_no_sense_is_refused(url):
    with pytest.raises(ValueError, match="kinesis://REGION/NAME"):
        StreamAddress.parse(url)


def test_the_setting_names_an_engine():
    environ = {"MILEPOST_KEY_SIGNING_SECRETS": "s", "MILEPOST_ENV_FILE": "/nonexistent"}
    assert config.load(dict(environ)).stream_url == ""
    assert config.load(environ | {"MILEPOST_STREAM_URL": "redis"}).stream_url == ""
    url = "kinesis://eu-west-1/positions"
    assert config.load(environ | {"MILEPOST_STREAM_URL": url}).stream_url == url
    with pytest.raises(config.BadSetting, match="MILEPOST_STREAM_URL"):
        config.load(environ | {"MILEPOST_STREAM_URL": "kafka://x"})
