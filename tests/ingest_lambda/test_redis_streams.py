"""Putting on Redis Streams: grouped, bounded, and each envelope exactly once whatever breaks in between."""

import asyncio
import signal

import pytest

from ingest_lambda import report
from ingest_lambda.report import Envelope
from ingest_lambda.stream import StreamUnavailable, lane_name, lane_number
from ingest_lambda.stream import redis_streams as module
from ingest_lambda.stream.redis_streams import RedisStreamWriter
from ingest_lambda.stream.resp import Address, ConnectionLost, RedisConnection, RedisRefused

LANES = 4


def envelope(device="van-1", number=0):
    return Envelope(1, 11, 7, device, None, number, bytes(16), None, "http", [])


async def entries(url):
    """All entries of all lanes: lane number -> list of (entry id, flush id, envelopes)."""
    connection = await RedisConnection.open(url)
    found: dict[int, list] = {}
    for lane in range(LANES):
        found[lane] = []
        for entry_id, fields in await connection.execute("XRANGE", lane_name(lane), "-", "+"):
            assert fields[0] == b"f"
            assert fields[2::2] == [f"e{n}".encode() for n in range(len(fields[2::2]))]
            found[lane].append((entry_id, fields[1], [report.decode(data) for data in fields[3::2]]))
    connection.close()
    return found


async def numbers(url):
    """The `received_at_us` of every envelope on the stream, which the tests use as a serial number."""
    found = await entries(url)
    return sorted(e.received_at_us for lane in found.values() for _, _, envelopes in lane for e in envelopes)


@pytest.fixture
async def writer(redis_process):
    writer = RedisStreamWriter(redis_process.url, LANES, patience_s=5.0)
    yield writer
    await writer.close()


async def test_a_put_is_on_the_lane_of_its_device(redis_process, writer):
    await writer.put([envelope("van-1", 5)])
    found = await entries(redis_process.url)
    [(_, flush_id, envelopes)] = found[lane_number(11, "van-1", LANES)]
    assert len(flush_id) == 16
    assert envelopes == [envelope("van-1", 5)]


async def test_lanes_never_change_for_a_device():
    assert [lane_number(11, device, 4) for device in ("van-1", "van-2", "é", "")] == [1, 3, 0, 1]


async def test_requests_that_arrive_together_go_out_together(redis_process, writer):
    await asyncio.gather(*[writer.put([envelope(f"van-{n % 20}", n)]) for n in range(500)])
    found = await entries(redis_process.url)
    assert writer.flushes <= 3
    assert sum(len(lane) for lane in found.values()) <= LANES * writer.flushes
    assert await numbers(redis_process.url) == list(range(500))


async def test_the_reports_of_one_device_keep_their_order(redis_process, writer):
    await asyncio.gather(*[writer.put([envelope("van-1", n)]) for n in range(300)])
    lane = (await entries(redis_process.url))[lane_number(11, "van-1", LANES)]
    assert [e.received_at_us for _, _, envelopes in lane for e in envelopes] == list(range(300))


async def test_a_flush_is_cut_at_its_size(redis_process, writer, monkeypatch):
    monkeypatch.setattr(module, "MAX_FLUSH_BYTES", 1000)
    await asyncio.gather(*[writer.put([envelope("x" * 100, n)]) for n in range(50)])
    assert writer.flushes >= 5
    assert await numbers(redis_process.url) == list(range(50))


async def test_several_envelopes_in_one_put_are_one_promise(redis_process, writer):
    await writer.put([envelope(f"van-{n}", n) for n in range(10)])
    assert await numbers(redis_process.url) == list(range(10))


async def test_a_put_waits_for_a_redis_that_comes_back(redis_process, writer):
    redis_process.stop()
    puts = [asyncio.create_task(writer.put([envelope("van-1", n)])) for n in range(20)]
    await asyncio.sleep(0)
    await asyncio.to_thread(redis_process.start)
    await asyncio.gather(*puts)
    assert await numbers(redis_process.url) == list(range(20))
    assert writer.retries > 0


async def test_redis_restarted_under_way_holds_every_put_exactly_once(redis_process, writer):
    done, stop = [], asyncio.Event()

    async def device(number):
        count = 0
        while not stop.is_set():
            serial = number * 1_000_000 + count
            await writer.put([envelope(f"van-{number}", serial)])
            done.append(serial)
            count += 1

    devices = [asyncio.create_task(device(n)) for n in range(30)]
    for _ in range(3):
        before = len(done)
        while len(done) < before + 500:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(redis_process.stop)
        await asyncio.to_thread(redis_process.start)
    stop.set()
    await asyncio.gather(*devices)
    assert await numbers(redis_process.url) == sorted(done)


async def test_a_reply_lost_on_the_way_does_not_put_twice(redis_process, writer, monkeypatch):
    """The worst moment: Redis carried the command out, and the connection breaks before its answer."""
    await writer.put([envelope("van-1", 0)])
    pipeline = RedisConnection.pipeline
    cut: list[bool] = []

    async def cut_after_xadd(self, commands):
        replies = await pipeline(self, commands)
        if commands[0][0] == "XADD" and not cut:
            cut.append(True)
            raise ConnectionLost("cut after it was carried out")
        return replies

    monkeypatch.setattr(RedisConnection, "pipeline", cut_after_xadd)
    await asyncio.gather(*[writer.put([envelope(f"van-{n}", n)]) for n in range(1, 40)])
    assert cut
    assert await numbers(redis_process.url) == list(range(40))


async def test_a_command_lost_on_the_way_is_put_again(redis_process, writer, monkeypatch):
    pipeline = RedisConnection.pipeline
    cut: list[bool] = []

    async def cut_before_xadd(self, commands):
        if commands[0][0] == "XADD" and not cut:
            cut.append(True)
            raise ConnectionLost("cut before it was carried out")
        return await pipeline(self, commands)

    monkeypatch.setattr(RedisConnection, "pipeline", cut_before_xadd)
    await writer.put([envelope("van-1", 1)])
    assert cut
    assert await numbers(redis_process.url) == [1]


async def test_looking_for_a_flush_goes_through_every_page(redis_process, writer, monkeypatch):
    monkeypatch.setattr(module, "LOOK_PAGE", 3)
    for number in range(10):
        await writer.put([envelope("van-1", number)])
    lane = lane_number(11, "van-1", LANES)
    found = (await entries(redis_process.url))[lane]
    connection = await RedisConnection.open(redis_process.url)
    assert await module._holds(connection, lane_name(lane), "-", found[0][1])
    assert not await module._holds(connection, lane_name(lane), found[1][0].decode(), found[0][1])
    assert not await module._holds(connection, lane_name(lane), "-", b"no such flush id")
    connection.close()


async def test_one_refused_lane_is_tried_again_and_the_others_are_not(redis_process, writer):
    blocked = lane_number(11, "van-1", LANES)
    redis_process.call("SET", lane_name(blocked), "in the way")
    puts = [asyncio.create_task(writer.put([envelope(f"van-{n}", n)])) for n in range(1, 20)]
    while not writer.retries:
        await asyncio.sleep(0.005)
    redis_process.call("DEL", lane_name(blocked))
    await asyncio.gather(*puts)
    assert await numbers(redis_process.url) == list(range(1, 20))


async def test_a_stream_that_stays_away_is_said_after_the_patience(redis_process):
    writer = RedisStreamWriter(redis_process.url, LANES, patience_s=0.3)
    redis_process.stop()
    results = await asyncio.gather(*[writer.put([envelope()]) for _ in range(5)], return_exceptions=True)
    assert all(isinstance(result, StreamUnavailable) for result in results)
    await writer.close()


async def test_a_redis_that_hangs_is_given_up_and_later_puts_go_through(redis_process):
    writer = RedisStreamWriter(redis_process.url, LANES, patience_s=0.3)
    await writer.put([envelope("van-1", 1)])
    redis_process.signal(signal.SIGSTOP)
    try:
        with pytest.raises(StreamUnavailable, match="does not answer"):
            await writer.put([envelope("van-1", 2)])
    finally:
        redis_process.signal(signal.SIGCONT)
    await writer.put([envelope("van-1", 3)])
    found = await numbers(redis_process.url)
    assert [number for number in found if number != 2] == [1, 3]
    assert found.count(2) <= 1  # it may have come through after all; its sender was told to send again
    await writer.close()


async def test_the_queue_is_bounded(redis_process, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 10)
    writer = RedisStreamWriter(redis_process.url, LANES, patience_s=0.3)
    redis_process.stop()
    results = await asyncio.gather(*[writer.put([envelope()]) for _ in range(50)], return_exceptions=True)
    assert sum("too much waits" in str(result) for result in results) == 40
    await writer.close()


async def test_a_request_that_goes_away_takes_nobody_with_it(redis_process, writer):
    puts = [asyncio.create_task(writer.put([envelope("van-1", n)])) for n in range(10)]
    await asyncio.sleep(0)
    puts[3].cancel()
    results = await asyncio.gather(*puts, return_exceptions=True)
    assert [type(result) for result in results].count(asyncio.CancelledError) == 1
    assert set(await numbers(redis_process.url)) >= {0, 1, 2, 4, 5, 6, 7, 8, 9}


async def test_closing_sends_what_waits_and_then_takes_no_more(redis_process):
    writer = RedisStreamWriter(redis_process.url, LANES)
    puts = [asyncio.create_task(writer.put([envelope("van-1", n)])) for n in range(100)]
    await asyncio.sleep(0)
    await writer.close()
    await asyncio.gather(*puts)
    assert await numbers(redis_process.url) == list(range(100))
    with pytest.raises(StreamUnavailable, match="closing"):
        await writer.put([envelope()])


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("unix:///run/r.sock?db=5", Address("/run/r.sock", "", 0, 5, "", "")),
        ("unix:///run/r.sock", Address("/run/r.sock", "", 0, 0, "", "")),
        ("redis://127.0.0.1:6380/2", Address("", "127.0.0.1", 6380, 2, "", "")),
        ("redis://user:p%40ss@host", Address("", "host", 6379, 0, "user", "p@ss")),
    ],
)
def test_a_redis_url_is_taken_apart(url, address):
    assert Address.parse(url) == address


async def test_errors_of_redis_are_told_apart_from_a_lost_connection(redis_process):
    with pytest.raises(ValueError, match="begins with"):
        await RedisConnection.open("http://localhost")
    with pytest.raises(ConnectionLost):
        await RedisConnection.open("unix:///nowhere.sock")
    with pytest.raises(RedisRefused, match="DB index"):
        await RedisConnection.open(redis_process.url.replace("db=0", "db=99"))
    connection = await RedisConnection.open(redis_process.url)
    with pytest.raises(RedisRefused, match="unknown command"):
        await connection.execute("NONSENSE")
    connection.close()
    with pytest.raises(ConnectionLost):
        await connection.execute("PING")
