"""The MQTT bridge against a real broker: carried once, acknowledged late, and nothing lost when either side is away."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiomqtt
import pytest

from ingest_lambda import report
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.mqtt import read_message
from ingest_lambda.problems import Problem
from ingest_lambda.stream import lane_name
from ingest_lambda.stream.resp import RedisConnection
from tests.ingest_lambda.door import FIX, KEY_ID, NOW_US, PUBLISHABLE, SECRET, SECRET_KEY
from tests.ingest_lambda.redis_process import wait_until

PROJECT = Path(__file__).resolve().parents[2]


def message(number=0, **more):
    fix = FIX | {"recorded_at": 1_795_338_000 + number}
    return json.dumps({"key": PUBLISHABLE, "positions": [fix], **more}).encode()


class Broker:
    """Mosquitto on a free loopback port, keeping sessions over a restart."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\n"
            f"persistence_location {folder}/\nmax_queued_messages 10000\n"
        )
        self._process: subprocess.Popen | None = None

    def start(self):
        command = ["mosquitto", "-c", str(self._conf)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._is_up)

    def _is_up(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self):
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)

    async def publish(self, *messages, topic="devices/van-1/positions"):
        async with aiomqtt.Client("127.0.0.1", self.port) as client:
            for payload in messages:
                await client.publish(topic, payload, qos=1)


class BridgeProcess:
    """`python -m ingest_lambda.mqtt` between a broker and a Redis."""

    def __init__(self, broker, redis):
        self.redis = redis
        self.log = redis.folder / "bridge.log"
        self._environ = os.environ | {
            "MILEPOST_KEY_SIGNING_SECRETS": SECRET.decode(),
            "MILEPOST_REDIS_URL": redis.url,
            "MILEPOST_MQTT_HOST": "127.0.0.1",
            "MILEPOST_MQTT_PORT": str(broker.port),
            "MILEPOST_MQTT_USERNAME": "",
            "MILEPOST_ENV_FILE": str(redis.folder / "no.env"),
        }

    def start(self):
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "ingest_lambda.mqtt"]
            self.process = subprocess.Popen(command, cwd=PROJECT, env=self._environ, stdout=log, stderr=log)
        count = self.said("carrying")
        wait_until(lambda: self.said("carrying") > count, 20)

    def said(self, words):
        return self.log.read_text().count(words)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20)


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


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def bridge(broker, redis_process):
    bridge = BridgeProcess(broker, redis_process)
    bridge.start()
    yield bridge
    if bridge.process.poll() is None:
        bridge.end()


async def test_a_message_becomes_a_report_of_the_device_in_its_topic(broker, bridge):
    await broker.publish(message(1), message(2, device_id="van-1"))
    envelopes = await until_stored(bridge.redis.url, 2)
    assert {(e.device, e.channel, e.key_id, e.count) for e in envelopes} == {("van-1", "mqtt", KEY_ID, 1)}


async def test_a_bad_message_is_told_and_stands_in_nobodys_way(broker, bridge):
    await broker.publish(
        b"{", b"", message(1, key="pk_live_wrong"), message(2, device_id="another"), message(3)
    )
    await until_stored(bridge.redis.url, 1)
    wait_until(lambda: bridge.said('"message":"refused"') == 4)
    text = bridge.log.read_text()
    assert text.count('"code":"invalid_json"') == 2
    assert '"code":"invalid_key"' in text
    assert '"code":"wrong_device"' in text


async def test_the_bridge_says_that_it_lives(bridge):
    wait_until(lambda: "health:bridge:" in bridge.redis.call("KEYS", "health:*"))
    wait_until(
        lambda: json.loads(bridge.redis.call("GET", bridge.redis.call("KEYS", "health:*")))["connected"]
    )


async def test_the_order_of_a_device_is_kept(broker, bridge):
    await broker.publish(*[message(n) for n in range(200)])
    envelopes = await until_stored(bridge.redis.url, 200)
    times = [e.positions[0].recorded_at_us for e in envelopes]
    assert times == sorted(times)


async def test_what_came_while_the_bridge_was_away_is_carried_later(broker, bridge):
    assert bridge.end() == 0
    await broker.publish(*[message(n) for n in range(50)])
    bridge.start()
    assert len(await until_stored(bridge.redis.url, 50)) == 50


async def test_a_stream_that_is_away_loses_nothing_even_when_the_bridge_is_killed(broker, bridge):
    await broker.publish(message(0))
    await until_stored(bridge.redis.url, 1)
    bridge.redis.stop()
    await broker.publish(*[message(n) for n in range(1, 50)])
    wait_until(lambda: bridge.said("the stream is away"))
    bridge.end(signal.SIGKILL)
    bridge.redis.start()
    bridge.start()
    envelopes = await until_stored(bridge.redis.url, 50)
    assert {e.positions[0].recorded_at_us for e in envelopes} == {
        (1_795_338_000 + n) * 10**6 for n in range(50)
    }


async def test_a_broker_that_restarts_is_found_again(broker, bridge):
    broker.stop()
    wait_until(lambda: bridge.said("the broker is away"))
    broker.start()
    wait_until(lambda: bridge.said("carrying") == 2, 20)
    await broker.publish(message(1))
    assert len(await until_stored(bridge.redis.url, 1)) == 1


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"[]", "missing_key"),
        (b'{"positions":[]}', "missing_key"),
        (b'{"key":5}', "missing_key"),
        (b'{"key":"pk_x"}', "invalid_key"),
        (message(key=SECRET_KEY), "wrong_key_kind"),
        (message(positions=[]), "no_positions"),
        (message(positions=5), "invalid_field"),
        (message(device_id="van-2"), "wrong_device"),
        (message(device_id=""), "invalid_field"),
        (b'{"key":"' + b"x" * 2_000_000, "body_too_large"),
        (b"[" * 10_000, "invalid_json"),
        (b"\xff", "invalid_json"),
    ],
)
def test_a_message_that_cannot_be_taken_has_the_doors_reason(payload, code):
    with pytest.raises(Problem) as refused:
        read_message("devices/van-1/positions", payload, Gatekeeper([SECRET], set()), 1024 * 1024, NOW_US)
    assert refused.value.code == code


def test_a_revoked_key_is_refused():
    with pytest.raises(Problem, match="revoked"):
        read_message(
            "devices/van-1/positions", message(), Gatekeeper([SECRET], {KEY_ID}), 1024 * 1024, NOW_US
        )


def test_a_bad_fix_among_good_ones_costs_only_itself():
    payload = message(positions=[FIX, 5, FIX])
    envelope = read_message(
        "devices/van-1/positions", payload, Gatekeeper([SECRET], set()), 1024 * 1024, NOW_US
    )
    assert (len(envelope.positions), envelope.refused[0].reason) == (2, "not_an_object")
