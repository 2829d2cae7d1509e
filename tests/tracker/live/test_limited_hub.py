"""The hub and sockets that are limited to geofences: what they get, what they never get, what it costs to sort."""

import asyncio
import json
from functools import partial

import pytest

from tests.tracker.live.fake_socket import FakeSocket, until
from tests.tracker.live.test_hub import World, fix
from tracker.live.mailbox import MOST_ALERTS
from tracker.live.watched import DeviceRow

NORTH, SOUTH, WEST = (f"gf_{digit * 32}" for digit in "abc")


def row(device: str, at: int, *zones: str, **more) -> DeviceRow:
    facts = {
        "id": device,
        "recorded_at": at,
        "zones": list(zones),
        "longitude": at / 1000,
        "latitude": 1.0,
        **more,
    }
    return DeviceRow(device, at, json.dumps(facts), frozenset(zones))


def alert(number: int, device: str, geofence: str | None = None) -> dict:
    about = None if geofence is None else {"id": geofence, "name": "x"}
    return {
        "alert": {
            "id": f"alt_{number}",
            "device": {"id": device},
            "geofence": about,
            "text": f"alert {number}",
        }
    }


@pytest.fixture
async def world():
    world = World()
    yield world
    for task in world.tasks:
        task.cancel()
    await asyncio.gather(*world.tasks, return_exceptions=True)
    await world.hub.stop()
    await world.redis.aclose()


async def limited(world: World, *zones: str) -> FakeSocket:
    socket = FakeSocket(world.environment, sight=frozenset(zones))
    world.tasks.append(asyncio.create_task(world.hub.serve(socket.subscriber)))
    await until(lambda: socket.of("snapshot"))
    return socket


async def settled(world: World, socket: FakeSocket) -> None:
    """Until a socket that sees everything has what was published before this."""
    await world.publish(fix("settled", 1, name="", zones=[NORTH, SOUTH]))
    await until(lambda: "settled" in socket.devices)


def everything_told(socket: FakeSocket) -> str:
    return json.dumps(socket.frames)


async def test_a_limited_socket_begins_with_what_is_inside_its_geofences(world):
    world.rows = [row("n", 1, NORTH), row("s", 1, SOUTH), row("both", 1, NORTH, SOUTH), row("out", 1)]
    socket = await limited(world, NORTH)
    assert socket.devices.keys() == {"n", "both"}
    assert (await limited(world, NORTH, SOUTH)).devices.keys() == {"n", "s", "both"}
    assert (await limited(world)).devices == {}
    assert (await world.opened()).devices.keys() == {"n", "s", "both", "out"}


async def test_no_frame_of_another_geofences_device_reaches_it(world):
    world.rows = [row("n", 1, NORTH), row("s", 1, SOUTH)]
    socket, whole = await limited(world, NORTH), await world.opened()
    await world.publish(
        fix("s", 2, zones=[SOUTH]), {"id": "s", "name": "Secret"}, fix("new", 2, name="Secret")
    )
    await world.publish(alert(1, "s"), alert(2, "s", SOUTH), {"id": "s", "risk": "late"})
    await world.publish({"id": "s", "removed": True})
    await settled(world, whole)
    await until(lambda: "settled" in socket.devices)
    assert "Secret" in everything_told(whole)
    for word in ('"s"', "Secret", "new", "alert 1", "alert 2", SOUTH):
        if word != SOUTH:
            assert word not in everything_told(socket), word


async def test_a_device_that_leaves_is_removed_and_one_that_enters_comes_whole(world):
    world.rows = [row("a", 1, NORTH, name="Anna"), row("b", 1, SOUTH, name="Berta", hub="East", risk="late",
                                                      offline_after_s=1800, external_id="unit b")]  # fmt: skip
    socket = await limited(world, NORTH)
    await world.publish(fix("a", 2, zones=[SOUTH]), fix("b", 2, zones=[NORTH]))
    frame = (await until(lambda: socket.of("changes")))[0]
    assert frame["removed"] == ["a"]
    [entered] = frame["devices"]
    facts = {name: entered[name] for name in ("id", "name", "hub", "risk", "offline_after_s", "external_id")}
    assert facts == {
        "id": "b", "name": "Berta", "hub": "East", "risk": "late", "offline_after_s": 1800, "external_id": "unit b",
    }  # fmt: skip
    assert (entered["recorded_at"], entered["zones"]) == (2, [NORTH])
    await world.publish(fix("b", 3, zones=[NORTH, WEST]), fix("a", 3, zones=[]))
    await until(lambda: socket.devices.get("b", {}).get("recorded_at") == 3)
    assert socket.devices.keys() == {"b"}
    assert socket.devices["b"]["name"] == "Berta"


async def test_a_stalled_reader_learns_of_leaving_and_coming_back_in_one_frame(world):
    world.rows = [row("a", 1, NORTH, name="Anna"), row("b", 1, NORTH), row("c", 1, SOUTH, name="Clara")]
    socket, whole = await limited(world, NORTH), await world.opened()
    socket.reading.clear()
    await world.publish(fix("b", 2, zones=[NORTH]))
    for at in range(3, 60):
        here = [NORTH] if at % 2 else [SOUTH]
        await world.publish(fix("a", at, zones=here), fix("c", at, zones=here))
        await asyncio.sleep(0.002)
    await world.publish(fix("b", 60, zones=[SOUTH]))
    await until(lambda: whole.devices["b"]["recorded_at"] == 60)
    socket.reading.set()
    await until(lambda: socket.devices.get("a", {}).get("recorded_at") == 59 and "b" not in socket.devices)
    assert {device["name"] for device in socket.devices.values()} == {"Anna", "Clara"}
    assert [frame["seq"] for frame in socket.frames] == list(range(len(socket.frames)))


async def test_changed_limits_begin_a_new_snapshot_and_nothing_older_follows_it(world):
    world.rows = [row("n", 1, NORTH), row("s", 1, SOUTH)]
    socket = await limited(world, NORTH)
    world.hub.limit(socket.subscriber, frozenset({SOUTH}))
    await until(lambda: len(socket.of("snapshot")) == 2)
    assert [device["id"] for device in socket.frames[-1]["devices"]] == ["s"]
    await world.publish(fix("n", 2, zones=[NORTH]), fix("s", 2, zones=[SOUTH]))
    await until(lambda: socket.of("changes"))
    assert [device["id"] for device in socket.frames[-1]["devices"]] == ["s"]
    world.hub.limit(socket.subscriber, None)
    await until(lambda: len(socket.of("snapshot")) == 3)
    assert {device["id"] for device in socket.frames[-1]["devices"]} == {"n", "s"}


async def test_alerts_reach_those_who_see_the_device_or_the_geofence(world):
    world.rows = [row("n", 1, NORTH), row("s", 1, SOUTH)]
    north, south, whole = await limited(world, NORTH), await limited(world, SOUTH), await world.opened()
    await world.publish(alert(1, "n"), alert(2, "s", NORTH), alert(3, "unknown"))
    await until(lambda: len(whole.of("alert")) == 3 and len(north.of("alert")) == 2 and south.of("alert"))
    assert [frame["alert"]["text"] for frame in north.of("alert")] == ["alert 1", "alert 2"]
    assert [frame["alert"]["text"] for frame in south.of("alert")] == ["alert 2"]
    assert [frame["seq"] for frame in whole.frames] == list(range(len(whole.frames)))


async def test_zones_without_a_position_count_until_a_newer_fix_has_said_otherwise(world):
    world.rows = [row("a", 10, NORTH, name="Anna")]
    socket = await limited(world, SOUTH)
    await world.publish({"id": "a", "zones": [SOUTH], "as_of": 10})
    await until(lambda: "a" in socket.devices)
    assert (socket.devices["a"]["name"], socket.devices["a"]["zones"]) == ("Anna", [SOUTH])
    await world.publish(fix("a", 20, zones=[SOUTH]))
    await until(lambda: socket.devices["a"]["recorded_at"] == 20)
    await world.publish({"id": "a", "zones": [NORTH], "as_of": 10}, fix("a", 30, zones=[SOUTH]))
    await until(lambda: socket.devices["a"]["recorded_at"] == 30)
    assert not any(frame["removed"] for frame in socket.of("changes"))


async def test_what_a_fresh_read_finds_elsewhere_is_told_to_those_who_began_before(world):
    """A message was lost: the database knows that the device moved from south to north."""
    world.rows = [row("a", 10, SOUTH, name="Anna")]
    north, south = await limited(world, NORTH), await limited(world, SOUTH)
    world.rows = [row("a", 20, NORTH, name="Anna")]
    world.hub._watched[f"live:{world.environment}"].forget_read()
    await world.opened()
    await until(lambda: "a" in north.devices and "a" not in south.devices)


async def test_a_stalled_reader_holds_few_alerts_and_is_told_to_read_the_list_anew(world):
    world.rows = [row("a", 1)]
    socket, whole = await world.opened(), await world.opened()
    socket.reading.clear()
    for number in range(3 * MOST_ALERTS):
        await world.publish(alert(number, "a"))
    last = f"alert {3 * MOST_ALERTS - 1}"
    await until(lambda: any(frame["alert"]["text"] == last for frame in whole.of("alert")))
    assert len(socket.subscriber.mailbox) <= MOST_ALERTS
    socket.reading.set()
    await until(lambda: any(frame["alert"]["text"] == last for frame in socket.of("alert")))
    assert socket.of("alerts_missed")
    assert [frame["seq"] for frame in socket.frames] == list(range(len(socket.frames)))


async def test_a_published_version_of_the_geofences_is_told_to_all(world):
    socket, whole = await limited(world, NORTH), await world.opened()
    await world.publish({"geofences": 7})
    for one in (socket, whole):
        assert (await until(partial(one.of, "geofences")))[0]["version"] == 7


async def test_a_notice_reaches_those_who_see_all_or_one_of_its_geofences(world):
    north, south, whole = await limited(world, NORTH), await limited(world, SOUTH), await world.opened()
    told = {"about": "board", "hubs": ["hub_1"]}
    await world.publish({"notice_key": "board:1", "notice": told, "zones": [NORTH]})
    for one in (north, whole):
        assert (await until(partial(one.of, "notice")))[0]["notice"] == told
    await settled(world, south)
    assert south.of("notice") == []


async def test_of_notices_with_one_key_a_slow_reader_gets_the_last(world):
    socket = await world.opened()
    socket.reading.clear()
    for number in range(5):
        await world.publish({"notice_key": "board:1", "notice": {"number": number}, "zones": []})
    await world.publish({"notice_key": "board:2", "notice": {"number": 9}, "zones": []})
    socket.reading.set()
    await until(lambda: {frame["notice"]["number"] for frame in socket.of("notice")} >= {4, 9})
    assert len(socket.of("notice")) < 6


async def test_sockets_that_see_the_same_share_the_text_of_their_frames(world, monkeypatch):
    made = []
    genuine = world.hub.__class__._send_parcel

    async def noted(hub, subscriber, parcel):
        made.append(id(parcel))
        await genuine(hub, subscriber, parcel)

    monkeypatch.setattr(world.hub.__class__, "_send_parcel", noted)
    world.rows = [row("a", 1, NORTH)]
    sockets = [await limited(world, NORTH) for _ in range(5)] + [await world.opened() for _ in range(3)]
    await world.publish(fix("a", 2, zones=[NORTH]))
    await until(lambda: all(socket.of("changes") for socket in sockets))
    assert len(set(made)) == 2
