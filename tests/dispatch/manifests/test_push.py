"""What the broker keeps for each device is what its driver goes by, whatever failed on the way."""

import json
from datetime import timedelta

import pytest

from dispatch.fleet.models import DeviceHolding
from dispatch.manifests.carriers import IotCore, NotCarried
from dispatch.manifests.models import Manifest, ManifestVersion, PushedManifest
from dispatch.manifests.push import PAUSE, Pusher
from dispatch.manifests.services import take_off
from tests.dispatch.planning.town import MORNING, a_town
from tests.tracker.caller import a_device

MINUTE = timedelta(minutes=1)


class Broker:
    """A broker that keeps what it is told, until it is away."""

    def __init__(self):
        self.kept, self.messages, self.away, self.connected = {}, 0, False, False

    def connect(self):
        if self.away:
            raise NotCarried("away")
        new, self.connected = not self.connected, True
        return new

    def keep(self, topic, payload):
        if self.away:
            self.connected = False
            raise NotCarried("away")
        self.messages += 1
        self.kept.pop(topic, None)
        if payload:
            self.kept[topic] = json.loads(payload)

    def close(self):
        self.connected = False


@pytest.fixture
def town(box):
    town = a_town(box, drivers=1)
    town.parcels(4)
    town.plan(releases=True)
    return town


@pytest.fixture
def phone(town):
    device = a_device(town.environment, "phone-1")
    hold(town, device)
    return device


def hold(town, device):
    rows = DeviceHolding.objects.for_environment(town.environment)
    rows.filter(until=None).update(until=town.now)
    if device is not None:
        DeviceHolding.objects.create(
            environment=town.environment, driver=town.drivers[0], device=device, since=town.now
        )


def topic(device):
    return f"devices/{device.public_id}/manifest"


def newest(town):
    return ManifestVersion.objects.for_environment(town.environment).order_by("-number").first()


def test_a_released_manifest_is_kept_for_the_device_and_pushed_once(town, phone):
    broker = Broker()
    pusher = Pusher(broker)
    assert pusher.push_waiting(now=town.now) == 1
    assert broker.kept == {topic(phone): newest(town).document}
    assert newest(town).pushed_at == town.now
    assert pusher.push_waiting(now=town.now + MINUTE) == 0


def test_the_next_version_takes_the_place_of_the_last(town, phone):
    broker = Broker()
    pusher = Pusher(broker)
    pusher.push_waiting(now=town.now)
    take_off(town.environment.pk, town.shipments[0], reason="cancelled", now=town.now)
    pusher.push_waiting(now=town.now)
    assert broker.kept[topic(phone)]["version"] == 2
    assert len(broker.kept[topic(phone)]["stops"]) == 3


def test_when_the_manifest_is_over_nothing_is_kept(town, phone):
    broker = Broker()
    pusher = Pusher(broker)
    pusher.push_waiting(now=town.now)
    Manifest.objects.for_environment(town.environment).update(state="done")
    pusher.push_waiting(now=town.now)
    assert broker.kept == {}
    assert pusher.push_waiting(now=town.now) == 0


def test_a_device_that_changes_hands_takes_nothing_along(town, phone):
    broker = Broker()
    pusher = Pusher(broker)
    pusher.push_waiting(now=town.now)
    other = a_device(town.environment, "phone-2")
    hold(town, other)
    pusher.push_waiting(now=town.now)
    assert set(broker.kept) == {topic(other)}
    hold(town, None)
    pusher.push_waiting(now=town.now)
    assert broker.kept == {}


def test_while_the_broker_is_away_it_waits_and_then_everything_is_said_again(town, phone):
    broker = Broker()
    pusher = Pusher(broker)
    broker.away = True
    assert pusher.push_waiting(now=town.now) == 0
    assert pusher.failing_since == town.now
    broker.away = False
    assert pusher.push_waiting(now=town.now + PAUSE / 2) == 0, "it is left alone for a moment"
    assert pusher.push_waiting(now=town.now + PAUSE) == 1
    # it begins anew without what it kept: over the new connection all is said again, news or no news
    broker.kept, broker.connected = {}, False
    assert pusher.push_waiting(now=town.now + PAUSE) == 1
    assert broker.kept[topic(phone)]["version"] == 1


def test_killed_between_the_broker_and_the_book_it_is_said_once_more(town, phone):
    broker = Broker()
    Pusher(broker).push_waiting(now=town.now)
    PushedManifest.objects.for_environment(town.environment).delete()
    Pusher(broker).push_waiting(now=town.now)
    assert broker.kept[topic(phone)]["version"] == 1
    assert broker.messages == 2


def test_of_two_manifests_the_one_under_way_comes_first(town, phone):
    broker = Broker()
    first = Manifest.objects.for_environment(town.environment).get()
    Manifest.objects.for_environment(town.environment).update(
        state="in_progress", service_date=MORNING.date() - timedelta(days=1)
    )
    town.parcels(2, seed=3)
    town.plan(releases=True)
    Pusher(broker).push_waiting(now=town.now)
    assert broker.kept[topic(phone)]["manifest"] == first.public_id


def test_a_driver_without_a_device_is_no_failure(town):
    pusher = Pusher(Broker())
    assert pusher.push_waiting(now=town.now) == 0
    assert pusher.failing_since is None


def test_iot_core_is_asked_to_retain(monkeypatch):
    asked = []

    class Client:
        def publish(self, **facts):
            asked.append(facts)

    monkeypatch.setattr("dispatch.manifests.carriers.boto3.client", lambda *_, **__: Client())
    carrier = IotCore()
    carrier.connect()
    carrier.keep("devices/dev_1/manifest", b"{}")
    assert asked == [{"topic": "devices/dev_1/manifest", "qos": 1, "retain": True, "payload": b"{}"}]
