"""Storms at a real door and behind a real consumer: counted, coalesced while in force, and neither limited nor lost."""

from typing import Any

import msgspec
import pytest
import redis

from ingest_lambda.flood_post import FloodPost, in_force
from ingest_lambda.flood_tallies import PROBES_A_SECOND, Tallies
from ingest_lambda.floods import IN_FORCE, TALLIES, Facts, Kind, Tally
from ingest_lambda.registrations import Registrar
from tests.ingest_lambda.door import ENVIRONMENT_ID, KEY_ID
from tests.ingest_lambda.test_registrations import VAN, RegistrationDoor, answer


class CountingDoor(RegistrationDoor):
    """A door that counts what may be a storm."""

    def __init__(self, **facts):
        super().__init__(**facts)
        self.tallies = Tallies()
        self.registrar = Registrar(self.stream, self.porch.limits, tallies=self.tallies)
        self.porch = msgspec.structs.replace(self.porch, registrar=self.registrar)

    def storm(self):
        """A judge says that what comes with the key is one."""
        self.tallies.in_force = frozenset({(ENVIRONMENT_ID, KEY_ID)})

    async def let_probes_through(self):
        for number in range(PROBES_A_SECOND):
            assert (await self.post({"device_id": f"probe-{number}"})).status == 202


def mint(number):
    return {"device_id": f"mint-{number}", "app_version": "2.4.1", "model": "Pixel 9"}


async def test_a_door_counts_what_came_what_was_known_and_from_which_line_of_the_app():
    door = CountingDoor()
    await door.post(VAN)
    for _ in range(4):
        await door.post(VAN)
    await door.post({"devices": [VAN, mint(1)]})
    [tally] = door.tallies.take()
    assert (tally.environment, tally.kind, tally.key) == (ENVIRONMENT_ID, Kind.REGISTRATIONS, str(KEY_ID))
    assert (tally.received, tally.repeats, tally.coalesced) == (7, 5, 0)
    assert set(tally.marks.values()) == {"van-1", "mint-1"}
    assert tally.facts[0] == (Facts(KEY_ID, "2.1", "Pixel 9", "Android 16"), 6)
    assert door.tallies.take() == []


async def test_what_is_too_little_for_a_storm_is_not_told_of():
    door = CountingDoor()
    for number in range(4):
        await door.post(mint(number))
    assert door.tallies.take() == []


async def test_in_a_storm_what_is_new_is_answered_goes_nowhere_and_costs_no_limit():
    door = CountingDoor(registrations_per_second=1)  # twenty may be owed
    door.storm()
    await door.let_probes_through()
    for number in range(200):
        reply = await door.post(mint(number))
        assert answer(reply) == (200, 1, 0, True)
    assert not [device for device in door.sent if device.startswith("mint")]
    [tally] = door.tallies.take()
    assert (tally.received, tally.coalesced) == (205, 200)


async def test_of_devices_that_come_in_one_body_as_few_go_on_as_of_single_ones():
    door = CountingDoor()
    door.storm()
    many = {"devices": [mint(number) for number in range(50)]}
    assert answer(await door.post(many)) == (202, 50, PROBES_A_SECOND, False)
    more = {"devices": [mint(number) for number in range(50, 100)]}
    assert answer(await door.post(more)) == (200, 50, 0, True)
    assert door.sent == [f"mint-{number}" for number in range(PROBES_A_SECOND)]
    [tally] = door.tallies.take()
    assert (tally.received, tally.coalesced) == (100, 100 - PROBES_A_SECOND)
    assert answer(await door.post(more)) == (202, 50, PROBES_A_SECOND, False)  # the next second has its own


async def test_a_wrong_body_is_refused_in_a_storm_too():
    door = CountingDoor()
    door.storm()
    await door.let_probes_through()
    assert (await door.post(b"{")).status == 400


async def test_when_it_is_lifted_what_was_coalesced_is_taken_at_once():
    door = CountingDoor()
    door.storm()
    await door.let_probes_through()
    assert answer(await door.post(VAN)) == (200, 1, 0, True)
    door.tallies.in_force = frozenset()
    assert answer(await door.post(VAN)) == (202, 1, 1, False)


async def test_another_key_is_not_touched_by_a_storm():
    door = CountingDoor()
    door.tallies.in_force = frozenset({(ENVIRONMENT_ID, KEY_ID + 1)})
    for number in range(PROBES_A_SECOND + 20):
        assert (await door.post(mint(number))).status == 202


async def test_tallies_go_to_redis_and_what_is_in_force_comes_back(redis_process):
    door = CountingDoor()
    post = FloodPost(redis_process.url, door.tallies)
    for number in range(9):
        await door.post(mint(number))
    redis_process.call("SET", IN_FORCE, f'{{"{ENVIRONMENT_ID}":[{KEY_ID}]}}')
    await post.exchange()
    assert door.tallies.in_force == {(ENVIRONMENT_ID, KEY_ID)}
    client = redis.Redis.from_url(redis_process.url)
    entries: Any = client.xrange(TALLIES)
    [(_, fields)] = entries
    [tally] = msgspec.json.decode(fields[b"t"], type=list[Tally])
    assert tally.received == 9
    redis_process.call("DEL", IN_FORCE)
    await post.exchange()
    assert door.tallies.in_force == frozenset()
    post.close()
    client.close()


async def test_a_redis_that_is_away_costs_no_answer(redis_process):
    door = CountingDoor()
    post = FloodPost(redis_process.url, door.tallies)
    redis_process.stop()
    await door.post(VAN)
    with pytest.raises(ConnectionError):
        await post.exchange()
    assert (await door.post(mint(1))).status == 202


def test_what_doors_read_must_be_numbers():
    with pytest.raises((msgspec.MsgspecError, ValueError)):
        in_force(b'{"x": [1]}')


async def test_ten_thousand_keys_and_devices_at_once_stay_within_bounds():
    tallies = Tallies()
    door = CountingDoor()
    door.tallies = tallies
    for number in range(6_000):
        place = (number, Kind.REGISTRATIONS, "1")
        tallies._count(place)
    assert len(tallies._counts) == 5_000
