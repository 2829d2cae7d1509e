"""The bridge between a real broker and a real Redis: carried once, acknowledged late, nothing lost."""

import asyncio
import json
import signal
import subprocess
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest_lambda import report
from ingest_lambda.mqtt.messages import read_message
from ingest_lambda.stream import lane_name
from ingest_lambda.stream.resp import RedisConnection
from tests.ingest_lambda.broker_process import BrokerProcess
from tests.ingest_lambda.door import FIX, NOW_US
from tests.ingest_lambda.redis_process import wait_until

PROJECT = Path(__file__).resolve().parents[2]
START = 1_795_338_000
DEVICE = f"dev_{'0123456789abcdef' * 2}"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
LIMIT = 1024 * 1024


def message(number=0, **more):
    return json.dumps({"positions": [FIX | {"recorded_at": START + number}], **more}).encode()


def location(number=0, **more):
    return json.dumps(
        {"_type": "location", "lat": 52.5, "lon": 4.5, "tst": START + number, "vel": 36, **more}
    ).encode()


class BridgeProcess:
    """`python -m ingest_lambda.mqtt` between a broker and a Redis."""

    def __init__(self, broker):
        self.broker, self.redis, self.log = broker, broker.redis, broker.folder / "bridge.log"

    def start(self):
        count = self.said("carrying") if self.log.exists() else 0
        with self.log.open("ab") as log:
            command = [str(self.broker.place.venv_python), "-m", "ingest_lambda.mqtt"]
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=self.broker.environ, stdout=log, stderr=log
            )
        wait_until(lambda: self.said("carrying") > count, 20)

    def said(self, words):
        return self.log.read_text().count(words)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20)


async def publish(device, *messages, topic="", qos=1, retain=False, properties=None):
    async with device.client() as client:
        for payload in messages:
            await client.publish(
                topic or device.topic(), payload, qos=qos, retain=retain, properties=properties
            )


async def stored(url):
    """Every envelope on the stream."""
    connection = await RedisConnection.open(url)
    found = []
    for lane in range(4):
        for _, fields in await connection.execute("XRANGE", lane_name(lane), "-", "+"):
            found += [report.decode(data) for data in fields[3::2]]
    connection.close()
    return found


async def until_stored(url, count):
    async with asyncio.timeout(20):
        while len(found := await stored(url)) < count:
            await asyncio.sleep(0.02)
    return found


def numbers(envelopes):
    """Which of the numbered messages they are, in their order."""
    return [e.positions[0].recorded_at_us // 10**6 - START for e in envelopes]


@pytest.fixture
def broker(redis_process):
    broker = BrokerProcess(redis_process)
    broker.start()
    yield broker
    broker.remove()


@pytest.fixture
def bridge(broker):
    bridge = BridgeProcess(broker)
    bridge.start()
    yield bridge
    if bridge.process.poll() is None:
        bridge.end()


async def test_a_message_is_a_report_of_the_device_in_the_certificate(broker, bridge):
    device = broker.device()
    await publish(device, message(1), message(2, device_id="somebody-else"))
    await publish(device, location(3), topic=device.topic("phone", "owntracks"))
    await publish(device, message(4), qos=0)
    envelopes = await until_stored(bridge.redis.url, 4)
    assert {(e.device, e.channel, e.environment_id, e.key_id, e.count) for e in envelopes} == {
        (device.public_id, "mqtt", 0, 0, 1)
    }
    assert sorted(e.format for e in envelopes) == ["native", "native", "native", "owntracks"]
    assert sorted(numbers(envelopes)) == [1, 2, 3, 4]


async def test_a_message_that_cannot_be_read_is_a_refusal_and_stands_in_nobodys_way(broker, bridge):
    device = broker.device()
    await publish(device, b"{", b"", b"\xff\x00", b"[]", message(positions=[{}]), message(3))
    envelopes = await until_stored(bridge.redis.url, 5)
    assert {e.device for e in envelopes} == {device.public_id}
    assert [len(e.refused) for e in envelopes] == [1, 1, 1, 1, 0]
    wait_until(lambda: bridge.said('"message":"refused"') == 3)
    request_ids = {f'"request_id":"{report.request_id_text(e.request_id)}"' for e in envelopes[:3]}
    assert all(bridge.said(text) == 1 for text in request_ids)


async def test_what_a_device_retains_is_carried_once_and_taken_back(broker, bridge):
    device = broker.device()
    topic = device.topic("phone", "owntracks")
    await publish(device, location(1), topic=topic, retain=True)
    await until_stored(bridge.redis.url, 1)

    async with asyncio.timeout(10):
        while await nothing_is_retained(broker, topic) is False:
            await asyncio.sleep(0.05)
    bridge.end()
    bridge.start()
    await publish(device, message(2))
    assert sorted(numbers(await until_stored(bridge.redis.url, 2))) == [1, 2]


async def nothing_is_retained(broker, topic):
    """A retained message comes before the answer to a publish of our own on the same topic."""
    async with broker.internal(identifier="looks") as client:
        await client.subscribe(topic, qos=1)
        await client.publish(topic, b"", qos=1)
        async for found in client.messages:
            return not found.retain
    return None


async def test_a_trace_comes_along_as_a_user_property(broker, bridge):
    device = broker.device()
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("other", "x"), ("traceparent", TRACE)]
    await publish(device, message(1), properties=properties)
    await publish(device, message(2))
    given, made = await until_stored(bridge.redis.url, 2)
    assert given.traceparent == TRACE
    assert made.traceparent == f"00-{made.request_id.hex()}-{made.request_id[8:].hex()}-01"


async def test_the_bridge_says_that_it_lives(bridge):
    wait_until(lambda: "health:bridge:" in bridge.redis.call("KEYS", "health:*"))
    wait_until(
        lambda: json.loads(bridge.redis.call("GET", bridge.redis.call("KEYS", "health:*")))["connected"]
    )


async def test_the_order_of_a_device_is_kept(broker, bridge):
    await publish(broker.device(), *[message(n) for n in range(200)])
    assert numbers(await until_stored(bridge.redis.url, 200)) == list(range(200))


async def test_what_came_while_the_bridge_was_away_is_carried_later(broker, bridge):
    assert bridge.end() == 0
    await publish(broker.device(), *[message(n) for n in range(50)])
    bridge.start()
    assert numbers(await until_stored(bridge.redis.url, 50)) == list(range(50))


async def test_what_waits_for_the_bridge_survives_a_restart_of_the_broker(broker, bridge):
    bridge.end()
    await publish(broker.device(), *[message(n) for n in range(50)])
    broker.end()
    broker.start()
    bridge.start()
    assert numbers(await until_stored(bridge.redis.url, 50)) == list(range(50))


async def test_a_keeper_that_is_killed_costs_nothing_that_a_device_was_told_is_safe(broker, bridge):
    bridge.end()
    await publish(broker.device(), *[message(n) for n in range(50)])
    broker.end(signal.SIGKILL)
    broker.start()
    bridge.start()
    assert numbers(await until_stored(bridge.redis.url, 50)) == list(range(50))


async def test_a_stream_that_is_away_loses_nothing_even_when_the_bridge_is_killed(broker, bridge):
    device = broker.device()
    await publish(device, message(0))
    await until_stored(bridge.redis.url, 1)
    bridge.redis.stop()
    await publish(device, *[message(n) for n in range(1, 50)])
    wait_until(lambda: bridge.said("the stream is away"))
    bridge.end(signal.SIGKILL)
    bridge.redis.start()
    bridge.start()
    assert set(numbers(await until_stored(bridge.redis.url, 50))) == set(range(50))


async def test_messages_held_for_the_stream_while_the_broker_restarts_are_stored_once(broker, bridge):
    """The broker brings again what it has no acknowledgement of; the bridge knows that it holds it already."""
    device = broker.device()
    await publish(device, message(0))
    await until_stored(bridge.redis.url, 1)
    bridge.redis.stop()
    await publish(device, *[message(n) for n in range(1, 100)])
    wait_until(lambda: bridge.said("the stream is away"))
    broker.end()
    wait_until(lambda: bridge.said("the broker is away"), 20)
    broker.start()
    wait_until(lambda: bridge.said("carrying") == 2, 20)
    bridge.redis.start()
    await until_stored(bridge.redis.url, 100)
    await publish(device, message(100))
    assert sorted(numbers(await until_stored(bridge.redis.url, 101))) == list(range(101))


async def test_restarts_under_load_lose_nothing(broker, bridge):
    """A device that sends as QoS 1 asks, until it is told that each message is safe."""
    device, count = broker.device(), 600

    async def send():
        number = 0
        while number < count:
            try:
                async with device.client() as client:
                    while number < count:
                        await client.publish(device.topic(), message(number), qos=1, timeout=2)
                        number += 1
            except (aiomqtt.MqttError, OSError):
                await asyncio.sleep(0.05)

    sending = asyncio.create_task(send())
    for act in (broker.end, bridge.end, bridge.redis.stop):
        await asyncio.to_thread(act)
        await asyncio.to_thread(
            {broker.end: broker.start, bridge.end: bridge.start}.get(act, bridge.redis.start)
        )
    async with asyncio.timeout(60):
        await sending
        while set(numbers(await stored(bridge.redis.url))) != set(range(count)):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"[]", "unrecognised"),
        (b'{"positions":[]}', "no_positions"),
        (b'{"positions":5}', "invalid_field"),
        (b"x" * (LIMIT + 1), "body_too_large"),
        (b"[" * 10_000, "unrecognised"),
        (b"\xff", "unrecognised"),
    ],
)
def test_a_message_that_cannot_be_taken_has_the_doors_reason(payload, code):
    read = read_message(f"devices/{DEVICE}/positions", payload, None, LIMIT, NOW_US)
    assert read.problem is not None
    assert read.problem.code == code
    (envelope,) = read.envelopes
    assert envelope.device == DEVICE
    assert [each.reason for each in envelope.refused] == ["unrecognised"]
    assert len(envelope.refused[0].raw) <= report.MAX_RAW_BYTES


@pytest.mark.parametrize(
    "topic",
    ["devices/van-1/positions", f"devices/{DEVICE}", f"x/{DEVICE}/y", f"devices/{DEVICE[:-1]}G/positions"],
)
def test_a_topic_that_is_no_devices_is_nobodys(topic):
    assert read_message(topic, message(), None, LIMIT, NOW_US).envelopes == []


@pytest.mark.parametrize(
    ("name", "payload", "fixes"),
    [
        ("phone", location(), 1),
        ("phone", location(topic="owntracks/another/phone", tid="xx"), 1),
        ("phone", b'{"_type":"lwt","tst":1}', 0),
        ("phone", b'{"_type":"encrypted","data":"x"}', 1),
        ("phone/event", b'{"_type":"transition","event":"enter","tst":1}', 0),
        ("phone/cmd", b'{"_type":"cmd","action":"reportLocation"}', 0),
        ("phone/dump", b"anything", 0),
        ("phone", b"", 0),
    ],
)
def test_owntracks_messages_are_read_as_over_http(name, payload, fixes):
    read = read_message(f"owntracks/{DEVICE}/{name}", payload, None, LIMIT, NOW_US)
    assert sum(e.count for e in read.envelopes) == fixes
    assert {e.device for e in read.envelopes} <= {DEVICE}


def test_a_bad_fix_among_good_ones_costs_only_itself():
    payload = message(positions=[FIX, 5, FIX])
    (envelope,) = read_message(f"devices/{DEVICE}/positions", payload, None, LIMIT, NOW_US).envelopes
    assert (len(envelope.positions), envelope.refused[0].reason) == (2, "not_an_object")


def test_devices_inside_the_message_count_for_nothing():
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [4.5, 52.5]},
        "properties": {"timestamp": "2026-11-22T10:00:00Z", "device_id": "another"},
    }
    payload = json.dumps({"locations": [feature]}).encode()
    read = read_message(f"devices/{DEVICE}/positions", payload, None, LIMIT, NOW_US)
    assert [(e.device, e.count) for e in read.envelopes] == [(DEVICE, 1)]
