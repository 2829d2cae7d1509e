"""A manifest at the real broker: retained for the one device it is for, there when the phone comes, gone when over."""

import json
import threading
import time
from collections.abc import Iterator

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from dispatch.manifests.carriers import Mosquitto
from dispatch.manifests.models import Manifest, ManifestVersion
from dispatch.manifests.push import Pusher
from tests.dispatch.manifests.test_push import hold
from tests.dispatch.planning.town import Town, a_town
from tests.ingest_lambda.broker_process import BrokerProcess
from tests.ingest_lambda.redis_process import RedisProcess
from tests.tracker.caller import a_device


@pytest.fixture(scope="module")
def broker() -> Iterator[BrokerProcess]:
    redis = RedisProcess()
    redis.start()
    process = BrokerProcess(redis)
    process.start()
    yield process
    process.remove()
    redis.stop()


@pytest.fixture
def town(box, settings, broker) -> Town:
    settings.MQTT_HOST, settings.MQTT_PORT = "127.0.0.1", broker.port
    settings.MQTT_USERNAME = broker.settings["MILEPOST_MQTT_USERNAME"]
    settings.MQTT_PASSWORD = broker.settings["MILEPOST_MQTT_PASSWORD"]
    town = a_town(box, drivers=1)
    town.parcels(3)
    town.plan(releases=True)
    return town


def heard(broker, phone, topic, *, within_s=10.0):
    """What the phone is sent when it comes and subscribes; None for silence after the broker said what it grants."""
    found, came, granted = [], threading.Event(), threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set_context(phone.context)

    def hear(_client, _data, message):
        found.append(message)
        came.set()

    client.on_message = hear
    client.on_connect = lambda client, *_: client.subscribe(topic, 1)
    client.on_subscribe = lambda *_: granted.set()
    client.connect("127.0.0.1", broker.tls_port)
    client.loop_start()
    try:
        assert granted.wait(within_s)
        came.wait(within_s if not found and within_s > 1 else 0.3)
    finally:
        client.loop_stop()
        client.disconnect()
    return found[0] if found else None


def test_a_phone_that_comes_later_finds_its_manifest_and_no_other_phone_does(broker, town):
    device, other = (a_device(town.environment, name) for name in ("phone-1", "phone-2"))
    hold(town, device)
    carrier = Mosquitto()
    pusher = Pusher(carrier)
    assert pusher.push_waiting(now=town.now) == 1
    topic = f"devices/{device.public_id}/manifest"

    message = heard(broker, broker.device(device.public_id), topic)
    assert message.retain
    version = ManifestVersion.objects.for_environment(town.environment).get()
    assert json.loads(message.payload) == version.document
    assert heard(broker, broker.device(other.public_id), topic, within_s=1) is None

    Manifest.objects.for_environment(town.environment).update(state="done")
    assert pusher.push_waiting(now=town.now) == 1
    assert heard(broker, broker.device(device.public_id), topic, within_s=1) is None
    pusher.close()


def test_a_broker_that_was_killed_has_everything_again(broker, town):
    device = a_device(town.environment, "phone-1")
    hold(town, device)
    pusher = Pusher(Mosquitto())
    assert pusher.push_waiting(now=town.now) == 1
    broker.end()
    for kept in (broker.folder / "mosquitto").glob("*"):
        kept.unlink()  # even its store is lost
    broker.start()
    until(lambda: pusher.push_waiting(now=town.now))
    assert heard(broker, broker.device(device.public_id), f"devices/{device.public_id}/manifest").retain
    pusher.close()


def until(look, *, within_s=20.0):
    ends = time.monotonic() + within_s
    while not look():
        assert time.monotonic() < ends
        time.sleep(0.1)
