"""What every engine of the stream promises, told of each: Redis, Kinesis as moto has it, Kinesis as AWS is strict."""

import asyncio

import pytest

from ingest_lambda import report
from ingest_lambda.report import Envelope
from ingest_lambda.stream import StreamUnavailable
from tests.ingest_lambda import engines
from tests.ingest_lambda.kinesis_fake import FakeServer, KinesisFake


def envelope(device="van-1", number=0):
    return Envelope(1, 11, 7, device, None, number, bytes(16), None, "http", [])


@pytest.fixture(params=["redis", "moto", "fake"])
def engine(request):
    if request.param == "redis":
        yield engines.RedisEngine(request.getfixturevalue("redis_process"))
    elif request.param == "moto":
        yield engines.moto_engine(request.getfixturevalue("moto_process"))
    else:
        server = FakeServer(KinesisFake(shards=engines.LANES))
        yield engines.fake_engine(server)
        server.close()


@pytest.fixture
async def writer(engine):
    writer = engine.writer()
    yield writer
    await writer.close()


async def stored(engine, limit=1000):
    """What the stream holds, by shard: device and serial number of each envelope, in order."""
    found = await asyncio.to_thread(engines.read_all, engine.source(), limit)
    return {
        shard: [(one.device, one.received_at_us) for one in (report.decode(r.data) for r in records)]
        for shard, records in found.items()
    }


def together(found):
    return sorted(number for records in found.values() for _, number in records)


async def test_what_is_put_is_read_back_once(engine, writer):
    await asyncio.gather(*[writer.put([envelope(f"van-{n % 20}", n)]) for n in range(200)])
    found = await stored(engine)
    assert together(found) == list(range(200))
    assert sum(bool(records) for records in found.values()) > 1


async def test_a_device_stays_on_one_shard_in_order(engine, writer):
    await asyncio.gather(*[writer.put([envelope(f"van-{n % 3}", n)]) for n in range(60)])
    found = await stored(engine)
    for device in ("van-0", "van-1", "van-2"):
        shards = [records for records in found.values() if any(name == device for name, _ in records)]
        assert len(shards) == 1
        numbers = [number for name, number in shards[0] if name == device]
        assert numbers == sorted(numbers)
        assert len(numbers) == 20


async def test_several_envelopes_in_one_put_are_one_promise(engine, writer):
    await writer.put([envelope(f"van-{n}", n) for n in range(10)])
    assert together(await stored(engine)) == list(range(10))


async def test_reading_in_small_pages_gives_the_same(engine, writer):
    await asyncio.gather(*[writer.put([envelope(f"van-{n}", n)]) for n in range(40)])
    assert await stored(engine, limit=3) == await stored(engine)


async def test_reading_goes_on_behind_any_record(engine, writer):
    await writer.put([envelope("van-1", n) for n in range(5)])
    source = engine.source()
    [(shard, records)] = [item for item in engines.read_all(source).items() if item[1]]
    sequences = [record.sequence for record in records]
    assert sequences == sorted(sequences, key=int)
    for place, sequence in enumerate(sequences):
        after = engine.source().read(shard, sequence, 100)
        assert [one.sequence for one in after.records] == sequences[place + 1 :]
    assert {record.partition_key for record in records} == {"11:van-1"}


async def test_a_put_of_nothing_is_a_promise_kept(engine, writer):
    await asyncio.wait_for(writer.put([]), 10)


async def test_closing_sends_what_waits_and_then_takes_no_more(engine):
    writer = engine.writer()
    puts = [asyncio.create_task(writer.put([envelope(f"van-{n}", n)])) for n in range(50)]
    await asyncio.sleep(0)
    await writer.close()
    await asyncio.gather(*puts)
    assert together(await stored(engine)) == list(range(50))
    with pytest.raises(StreamUnavailable, match="closing"):
        await writer.put([envelope()])


async def test_a_stream_that_stays_away_is_said_after_the_patience(engine):
    writer = engine.away(patience_s=0.3)
    results = await asyncio.gather(*[writer.put([envelope()]) for _ in range(5)], return_exceptions=True)
    assert [type(result) for result in results] == [StreamUnavailable] * 5
    await writer.close()


async def test_a_request_that_goes_away_takes_nobody_with_it(engine, writer):
    puts = [asyncio.create_task(writer.put([envelope(f"van-{n}", n)])) for n in range(10)]
    await asyncio.sleep(0)
    puts[3].cancel()
    await asyncio.gather(*puts, return_exceptions=True)
    assert set(together(await stored(engine))) >= set(range(10)) - {3}
