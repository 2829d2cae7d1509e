"""The hub against a real Redis: conflation, stalled readers, racing snapshots, lost connections."""

import asyncio
import itertools
import json
import os

import pytest
import redis.asyncio
from django.conf import settings

from tests.tracker.live.fake_socket import FakeSocket, until
from tracker.live.hub import Hub, Pace
from tracker.live.listener import CLIENT_NAME
from tracker.live.watched import DeviceRow

QUICK = Pace(frame_gap_s=0.02, tick_s=0.3, subscribe_within_s=5, sockets_per_user=3)
# channels of one Redis are shared, by the databases too: no two tests of any worker use the same
numbers = itertools.count(os.getpid() * 1_000)


def fix(device: str, at: int, **more) -> dict:
    return {"id": device, "recorded_at": at, "longitude": at / 1000, "latitude": 1.0, **more}


def row(device: str, at: int | None, **more) -> DeviceRow:
    facts = {"id": device, "recorded_at": at, "longitude": None if at is None else at / 1000, **more}
    return DeviceRow(device, at, json.dumps(facts))


class World:
    """A hub, the database it thinks it reads, and the consumer that publishes to it."""

    def __init__(self, pace: Pace = QUICK) -> None:
        self.environment = next(numbers)
        self.rows: list[DeviceRow] = []
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.hub = Hub(settings.REDIS_URL, load=self._load, pace=pace)
        self.redis = redis.asyncio.Redis.from_url(settings.REDIS_URL)
        self.tasks: list[asyncio.Task] = []

    async def _load(self, environment_id: int) -> list[DeviceRow]:
        self.reads += 1
        rows = list(self.rows) if environment_id == self.environment else []
        await self.gate.wait()
        return rows

    def open(self, environment: int | None = None) -> FakeSocket:
        socket = FakeSocket(environment or self.environment)
        self.tasks.append(asyncio.create_task(self.hub.serve(socket.subscriber)))
        return socket

    async def opened(self, environment: int | None = None) -> FakeSocket:
        socket = self.open(environment)
        await until(lambda: socket.of("snapshot"))
        return socket

    async def publish(self, *devices: dict, environment: int | None = None) -> None:
        await self.redis.publish(f"live:{environment or self.environment}", json.dumps(devices))

    async def cut(self) -> None:
        """Cut the hub's connection as a restart of Redis does; other tests' subscriptions stay."""
        for client in await self.redis.client_list():
            if client["name"] == CLIENT_NAME and int(client["sub"]):
                await self.redis.client_kill_filter(_id=client["id"])


@pytest.fixture
async def world():
    world = World()
    yield world
    for task in world.tasks:
        task.cancel()
    await asyncio.gather(*world.tasks, return_exceptions=True)
    await world.hub.stop()
    await world.redis.aclose()


async def test_a_socket_gets_everything_first_and_then_what_changes(world):
    world.rows = [row("a", 1000, name="Anna"), row("b", None, name="")]
    socket = await world.opened()
    assert socket.frames[0]["seq"] == 0
    assert [device["id"] for device in socket.frames[0]["devices"]] == ["a", "b"]
    await world.publish(fix("a", 2000))
    changed = await until(lambda: socket.of("changes"))
    assert changed[0]["devices"] == [fix("a", 2000)]
    assert socket.devices["a"]["name"] == "Anna"


async def test_frames_are_numbered_without_a_gap_and_silence_is_broken_by_ticks(world):
    socket = await world.opened()
    await until(lambda: socket.of("tick"))
    await world.publish(fix("a", 1, name=""))
    await until(lambda: socket.of("changes") and len(socket.of("tick")) > 1)
    assert [frame["seq"] for frame in socket.frames] == list(range(len(socket.frames)))


async def test_many_changes_become_few_frames_with_the_latest_of_each(world):
    world.rows = [row(f"d{i}", 0) for i in range(20)]
    world.hub.pace = Pace(frame_gap_s=0.25, tick_s=10, subscribe_within_s=5)
    socket = await world.opened()
    for at in range(1, 101):
        await world.publish(*[fix(f"d{i}", at) for i in range(20)])
    await until(lambda: all(device["recorded_at"] == 100 for device in socket.devices.values()))
    assert len(socket.of("changes")) < 20
    assert world.hub.facts["conflated"] > 1000


async def test_a_reader_that_stalls_stalls_nobody_and_holds_one_entry_a_device(world):
    world.rows = [row("a", 0)]
    stalled, brisk = await world.opened(), await world.opened()
    stalled.reading.clear()
    for at in range(1, 301):
        await world.publish(fix("a", at), fix(f"b{at % 5}", at, name="b"))
    await until(lambda: brisk.devices["a"]["recorded_at"] == 300)
    assert len(stalled.subscriber.mailbox) <= 6 + 5  # six fixes and five names, of 600 changes
    stalled.reading.set()
    await until(lambda: stalled.devices["a"]["recorded_at"] == 300)
    assert stalled.devices.keys() == brisk.devices.keys()
    assert [frame["seq"] for frame in stalled.frames] == list(range(len(stalled.frames)))


async def test_what_changes_while_the_snapshot_is_read_is_in_it_or_after_it(world):
    world.rows = [row("a", 1000, name="Anna"), row("b", 1000, name="B"), row("gone", 1000, name="G")]
    world.gate.clear()
    socket = world.open()
    await until(lambda: world.reads)
    await world.publish(fix("a", 2000), fix("new", 1500, name="New"), {"id": "b", "name": "Bea"})
    await world.publish({"id": "gone", "removed": True}, fix("new", 1600))
    await until(lambda: world.hub.facts["messages"] == 2)
    world.gate.set()
    await until(lambda: socket.devices.get("b", {}).get("name") == "Bea")
    assert socket.devices["a"] == {**fix("a", 2000), "name": "Anna", "zones": []}
    assert (socket.devices["new"]["recorded_at"], socket.devices["new"]["name"]) == (1600, "New")
    assert "gone" not in socket.devices


async def test_a_change_published_late_never_turns_a_marker_back(world):
    """The row of 2000 was committed and read before the message of 1000 came through."""
    world.rows = [row("a", 2000)]
    socket = await world.opened()
    await world.publish(fix("a", 1000))
    await world.publish(fix("a", 3000))
    await until(lambda: socket.devices["a"]["recorded_at"] == 3000)
    seen = [device["recorded_at"] for frame in socket.frames for device in frame.get("devices", [])]
    assert seen == [2000, 3000]
    assert world.hub.facts["overtaken"] == 1


async def test_a_correction_turns_a_marker_back_and_what_follows_it_counts(world):
    """A late fix proved the place of 2000 wrong; the device stands where it was at 1000."""
    world.rows = [row("a", 2000)]
    socket = await world.opened()
    await world.publish(fix("a", 1000, corrected=True))
    await until(lambda: socket.devices["a"]["recorded_at"] == 1000)
    await world.publish(fix("a", 1500))
    await until(lambda: socket.devices["a"]["recorded_at"] == 1500)


async def test_a_snapshot_read_before_a_correction_is_read_again(world):
    world.rows = [row("a", 2000)]
    world.gate.clear()
    socket = world.open()
    await until(lambda: world.reads)
    world.rows = [row("a", 1000)]
    await world.publish(fix("a", 1000, corrected=True))
    await until(lambda: world.hub.facts["messages"] == 1)
    world.gate.set()
    await until(lambda: socket.of("snapshot"))
    assert socket.devices["a"]["recorded_at"] == 1000
    assert world.reads == 2


async def test_a_fix_that_was_under_way_does_not_bring_a_removed_device_back(world):
    world.rows = [row("a", 1000), row("b", 1000)]
    socket = await world.opened()
    await world.publish({"id": "a", "removed": True})
    await world.publish(fix("a", 2000), fix("b", 2000))
    await until(lambda: socket.devices["b"]["recorded_at"] == 2000)
    assert "a" not in socket.devices


async def test_sockets_that_come_together_share_one_read_of_the_database(world):
    world.rows = [row("a", 1)]
    sockets = [world.open() for _ in range(20)]
    await until(lambda: all(socket.of("snapshot") for socket in sockets))
    assert world.reads <= 2


async def test_after_a_lost_redis_every_map_gets_a_new_snapshot(world):
    world.rows = [row("a", 1000)]
    sockets = [await world.opened(), await world.opened()]
    world.rows = [row("a", 5000)]  # happened while nobody listened
    await world.cut()
    await until(lambda: all(socket.devices["a"]["recorded_at"] == 5000 for socket in sockets))
    assert all(socket.frames[-1]["seq"] == 0 for socket in sockets)
    await world.publish(fix("a", 6000))
    await until(lambda: all(socket.devices["a"]["recorded_at"] == 6000 for socket in sockets))


async def test_with_redis_away_the_map_still_shows_the_last_known_places():
    hub = Hub(
        "unix:///nonexistent/redis.sock",
        load=lambda environment: asyncio.sleep(0, [row("a", 1)]),
        pace=Pace(subscribe_within_s=0.05),
    )
    socket = FakeSocket(1)
    serving = asyncio.create_task(hub.serve(socket.subscriber))
    await until(lambda: socket.of("snapshot"))
    assert not hub.listener.connected
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await hub.stop()


async def test_nobody_hears_of_another_environment(world):
    ours, theirs = await world.opened(), await world.opened(world.environment + 500_000)
    await world.publish(fix("a", 1, name=""))
    await until(lambda: ours.of("changes"))
    assert theirs.devices == {}


async def test_a_broken_message_costs_nothing_but_a_line_in_the_log(world, caplog):
    socket = await world.opened()
    await world.redis.publish(f"live:{world.environment}", b'{"not": "a list"')
    await world.publish(fix("a", 1, name=""))
    await until(lambda: "a" in socket.devices)
    assert "is no list of devices" in caplog.text


async def test_an_environment_without_sockets_is_forgotten_and_unsubscribed(world):
    await world.opened()
    channel = f"live:{world.environment}"
    assert dict(await world.redis.pubsub_numsub(channel))[channel.encode()] == 1
    world.tasks.pop().cancel()
    await until(lambda: world.hub.environments == 0)

    async def gone():
        return dict(await world.redis.pubsub_numsub(channel))[channel.encode()] == 0

    async with asyncio.timeout(5):
        while not await gone():
            await asyncio.sleep(0.01)
    assert world.hub.sockets == 0


async def test_a_person_may_open_so_many_maps_and_no_more(world):
    for _ in range(3):
        assert world.hub.has_room(1)
        await world.opened()
    assert not world.hub.has_room(1)
    assert world.hub.has_room(2)
    world.tasks[0].cancel()
    await until(lambda: world.hub.has_room(1))
