"""Who may do what at a real Mosquitto: by certificate, by topic, and until when."""

import asyncio
import json
import signal
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiomqtt
import pytest
import redis

from ingest_lambda.broker.chatter import Chatter
from ingest_lambda.broker.denials import DENIED_KEY, Denials
from ingest_lambda.broker.door import BadList, check
from tests.ingest_lambda.broker_process import BrokerProcess
from tests.ingest_lambda.redis_process import wait_until
from tracker.certificates.authority import Authority, pem
from tracker.certificates.broker_files import make_authority

BOUND_S = 10.0  # within this a revocation holds and a live connection is cut
NOW = datetime.now(UTC)


@pytest.fixture
def broker(redis_process):
    process = BrokerProcess(redis_process)
    process.start()
    yield process
    process.remove()


def denied(broker):
    """What waits in Redis for the books."""
    client = redis.Redis.from_url(broker.redis.url, protocol=2)
    found = [json.loads(each) for each in client.lrange(DENIED_KEY, 0, -1)]
    client.close()
    return found


@asynccontextmanager
async def hearing(client, *topics):
    """What arrives at an internal client, as (topic, payload)."""
    heard = []

    async def listen():
        async for message in client.messages:
            heard.append((str(message.topic), message.payload))

    async with client:
        for topic in topics:
            await client.subscribe(topic, qos=1)
        task = asyncio.create_task(listen())
        yield heard
        task.cancel()


async def eventually(holds, seconds=BOUND_S):
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def cut_by(device, act):
    """Waits until the device's live connection is ended, after `act`; fails beyond the bound."""
    try:
        async with device.client() as client, asyncio.timeout(BOUND_S):
            act()
            async for _ in client.messages:
                pass
    except aiomqtt.MqttError:
        return
    raise AssertionError("the connection ended by itself")


async def test_a_device_publishes_on_its_own_topics(broker):
    device = broker.device()
    topics = [
        device.topic(),
        device.topic("phone", "owntracks"),
        device.topic("phone/event", "owntracks"),
    ]
    async with hearing(broker.internal(), "devices/+/positions", "owntracks/+/+", "owntracks/+/+/+") as heard:
        async with device.client() as client:
            for topic in topics:
                await client.publish(topic, b"x", qos=1)
        await eventually(lambda: len(heard) == 3)
    assert [topic for topic, _ in heard] == topics
    assert denied(broker) == []


async def test_a_publish_on_anothers_topic_reaches_nobody_and_is_counted(broker):
    device, victim = broker.device(), broker.device()
    topics = [
        victim.topic(),
        victim.topic("phone", "owntracks"),
        victim.topic("manifest"),
        device.topic("manifest"),
        "devices/all/positions",
        "$SYS/broker/uptime",
        "anything",
    ]
    async with hearing(broker.internal(), "devices/+/positions", "owntracks/+/+") as heard:
        for version in (aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311):
            async with device.client(protocol=version) as client:
                for topic in topics:
                    await client.publish(topic, b"x", qos=1)
                await client.publish(device.topic(), b"own", qos=1)
        await eventually(lambda: len(heard) == 2)
    assert {payload for _, payload in heard} == {b"own"}
    wait_until(lambda: sum(each["count"] for each in denied(broker)) == 2 * len(topics))
    assert {each["device"] for each in denied(broker)} == {device.public_id}
    assert denied(broker)[-1]["topic"] == "anything"
    assert broker.said("a device tried to publish where it may not") >= 1


async def test_a_device_reads_its_own_manifest_and_nothing_of_others(broker):
    device, victim = broker.device(), broker.device()
    everything = (
        "#",
        "devices/#",
        "devices/+/manifest",
        "$share/g/devices/#",
        victim.topic("manifest"),
        "$SYS/#",
    )
    async with hearing(device.client(), *everything) as heard, broker.internal() as ours:
        for each in (victim, device):
            await ours.publish(each.topic("manifest"), each.public_id, qos=1, retain=True)
            await ours.publish(f"owntracks/{each.public_id}/phone/cmd", each.public_id, qos=1)
        async with victim.client() as client:
            await client.publish(victim.topic(), b"secret", qos=1)
        await ours.publish(device.topic("manifest"), b"last", qos=1)
        await eventually(lambda: (device.topic("manifest"), b"last") in heard)
    assert {topic for topic, _ in heard} <= {
        device.topic("manifest"),
        f"owntracks/{device.public_id}/phone/cmd",
    }
    async with hearing(
        device.client(), device.topic("manifest")
    ) as heard:  # retained: there for who comes later
        await eventually(lambda: heard != [])


async def test_a_device_cannot_take_anothers_place_by_its_client_id(broker):
    device, victim = broker.device(), broker.device()
    async with (
        hearing(victim.client(identifier="mine"), victim.topic("manifest")) as heard,
        device.client(identifier=victim.public_id),
        device.client(identifier="milepost-bridge"),
        broker.internal() as ours,
    ):
        await ours.publish(victim.topic("manifest"), b"still there", qos=1)
        await eventually(lambda: len(heard) == 1)


async def test_who_brings_no_certificate_of_ours_in_force_is_refused(broker):
    good = broker.device()
    stranger = broker.device(good.public_id, authority=Authority.made(now=NOW))
    expired = broker.device(begins=NOW - timedelta(days=2), lasts=timedelta(days=1))
    early = broker.device(begins=NOW + timedelta(days=1))
    for each in (stranger, expired, early):
        assert not each.is_let_in(), each.serial
    bare = good.context
    without = type(bare)(bare.protocol)
    without.load_verify_locations(cafile=str(broker.place.state / "ca" / "ca.pem"))
    assert not good.is_let_in(without)
    assert good.is_let_in()


async def test_a_certificate_cannot_carry_the_name_of_one_of_ours(broker):
    device = broker.device("bridge")
    async with hearing(device.client(), "devices/#", "owntracks/#") as heard:
        victim = broker.device()
        async with victim.client() as client:
            await client.publish(victim.topic(), b"secret", qos=1)
        async with hearing(broker.internal(), victim.topic()) as ours, victim.client() as client:
            await client.publish(victim.topic(), b"again", qos=1)
            await eventually(lambda: len(ours) == 1)
    assert heard == []


async def test_a_revocation_cuts_the_live_connection_and_keeps_the_device_out(broker):
    device, other = broker.device(), broker.device()
    async with other.client() as untouched:
        await cut_by(device, lambda: broker.tell(device))
        await eventually(lambda: broker.said("connection ended, its certificate is") >= 1)
        assert not device.is_let_in()
        await untouched.publish(other.topic(), b"x", qos=1)


async def test_another_certificate_of_the_same_device_stays_in_force(broker):
    old = broker.device()
    new = broker.device(old.public_id)
    broker.tell(old)
    wait_until(lambda: broker.said('"message":"revocations in force"') == 1)
    wait_until(lambda: not old.is_let_in(), BOUND_S)
    assert new.is_let_in()


async def test_a_certificate_that_ends_by_time_ends_its_connection(broker):
    """The web side tells which ended lately; there is nothing new in the list itself."""
    broker.tell()
    wait_until(lambda: broker.said('"message":"revocations in force"') == 1)
    device = broker.device()
    lists = (broker.folder / "broker" / "crl.pem").read_text()
    await cut_by(device, lambda: broker.tell(device, lists=lists))


async def test_what_was_revoked_while_the_broker_was_away_is_refused_from_its_start(broker):
    device = broker.device()
    broker.end()
    broker.tell(device)
    broker.start()
    assert not device.is_let_in()


async def test_a_list_that_is_not_our_authoritys_changes_nothing(broker):
    device = broker.device()
    broker.tell(device)
    wait_until(lambda: broker.said('"message":"revocations in force"') == 1)
    stranger = Authority.made(now=NOW)
    for lists in ("", "rubbish", pem(stranger.revocations({}, now=NOW)).decode()):
        broker.tell(lists=lists)
    wait_until(lambda: broker.said("a list of revocations was not taken over") >= 1)
    assert not device.is_let_in()


def test_a_list_is_checked_against_each_authority():
    ours, before, stranger = (Authority.made(now=NOW) for _ in range(3))
    lists = [each.revocations({5: NOW}, now=NOW) for each in (ours, before)]
    trusted = pem(ours.certificate, before.certificate)
    check(pem(*lists), trusted)
    forged = Authority(ours.certificate, stranger.key).revocations({}, now=NOW)
    for wrong in (pem(lists[0]), pem(forged, lists[1]), pem(lists[1]), b""):
        with pytest.raises(BadList):
            check(wrong, trusted)


async def test_a_renewed_list_on_disk_does_not_let_the_revoked_in_again(broker):
    """Set-up found no list and made an empty one: what Redis says is put in its place."""
    device = broker.device()
    broker.tell(device)
    wait_until(lambda: broker.said('"message":"revocations in force"') == 1)
    path = broker.folder / "broker" / "crl.pem"
    path.write_bytes(pem(broker.authority.revocations({}, now=NOW)))
    wait_until(lambda: broker.said('"message":"revocations in force"') == 2)
    wait_until(lambda: not device.is_let_in(), BOUND_S)


async def test_authorities_change_over_while_the_broker_runs(broker):
    """Devices of the old and of the new one are let in, and the old ones still know the broker."""
    before = broker.device()
    assert before.is_let_in()
    make_authority(broker.authority_files, now=NOW, another=True)
    broker.prepare()
    new = broker.authority_files.read()[0]
    after = broker.device(authority=new)
    wait_until(lambda: after.is_let_in() and before.is_let_in(), BOUND_S)
    old_copy = before.context_trusting(broker.authority.certificate)
    wait_until(lambda: before.is_let_in(old_copy), BOUND_S)
    broker.authority_files.write([new])
    broker.prepare()
    # a reload takes a moment in which nobody gets in
    wait_until(lambda: after.is_let_in() and not before.is_let_in(), BOUND_S)


async def test_a_keeper_that_is_killed_ends_its_broker_and_the_next_one_takes_over(broker):
    device = broker.device()
    broker.end(signal.SIGKILL)
    broker.start()
    assert device.is_let_in()


def test_denied_topics_are_the_devices_own_text_and_cut_short():
    denials, device = Denials(), f"dev_{'a' * 32}"
    line = f"Denied PUBLISH from {device} (d0, q1, r0, m3, 'it's, ... (5 bytes)', ... (8 bytes))".encode()
    assert denials.note(line, 5.0)
    assert denials.note(b"Denied PUBLISH from " + device.encode() + b" (d0, q0, r0, m0, '" + b"x" * 900, 6.0)
    assert not denials.note(b"Denied PUBLISH from bridge (d0, q1, r0, m3, 'x', ... (8 bytes))", 7.0)
    (found,) = denials._found.values()
    assert (found.count, found.topic, found.at_ms) == (2, "x" * 300, 6000)


def test_a_line_that_comes_in_pieces_is_read_whole(caplog):
    caplog.set_level("INFO")
    denials = Denials()
    chatter = Chatter(denials)
    whole = (
        f"1795400330: Denied PUBLISH from dev_{'b' * 32} (d0, q1, r0, m3, 'a/b', ... (8 bytes))\n".encode()
    )
    rest = b"1795400331: Received PINGREQ from x\n1795400332: mosquitto version 2.0.11 running\n"
    for piece in (whole[:7], whole[7:60], whole[60:] + rest):
        chatter.take(piece, 1.0)
    chatter.close()
    assert [each.topic for each in denials._found.values()] == ["a/b"]
    assert [record.getMessage() for record in caplog.records] == ["mosquitto version 2.0.11 running"]
