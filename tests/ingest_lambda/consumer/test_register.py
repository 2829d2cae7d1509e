"""Registrations on their way into the database: idempotent, gentle with what others wrote, never before positions."""

import json
import os
import uuid

import pytest
import redis

from ingest_lambda.registration_lanes import RegistrationLanes
from ingest_lambda.report import DeviceInfo, Registration, encode
from ingest_lambda.steps.register import Registered, register
from ingest_lambda.stream import registration_lane_name
from ingest_lambda.stream.redis_reader import RedisStreamReader, open_redis
from tests.ingest_lambda.consumer.ground import SECOND, fix

pytestmark = pytest.mark.django_db
LANE = registration_lane_name(0)


def said(ground, device="van-1", metadata=None, *, key_id=None, environment_id=None, **info):
    """What the door would have put on the stream."""
    return Registration(
        *(1, environment_id or ground.environment_id, key_id or ground.key_id, device, ground.now_us),
        *(uuid.uuid4().bytes, None, DeviceInfo(**info), metadata and json.dumps(metadata)),
    )


def row(ground, device="van-1"):
    [found] = ground.rows(
        "SELECT name, model, os, app_version, metadata FROM tracker_device"
        " WHERE environment_id = %s AND external_id = %s",
        *(ground.environment_id, device),
    )
    return found


@pytest.fixture
def write(ground, store, known):
    """Store registrations in a transaction of their own; how they ended."""

    def write(*registrations):
        with store.transaction():
            return {
                end.value: n for end, n in register(registrations, store, known, ground.now_us).items() if n
            }

    return write


def test_a_new_device_is_registered_with_all_it_says(ground, write):
    assert write(said(ground, name="Van", model="P9", os="A16", app_version="2", metadata={"a": 1})) == {
        "new": 1
    }
    assert row(ground) == ("Van", "P9", "A16", "2", {"a": 1})


def test_the_same_again_writes_nothing_and_changed_content_does(ground, write):
    write(said(ground, model="P9"))
    written = "SELECT xmin::text FROM tracker_device WHERE environment_id = %s"
    before = ground.rows(written, ground.environment_id)
    assert write(said(ground, model="P9")) == {"same": 1}
    assert ground.rows(written, ground.environment_id) == before
    assert write(said(ground, model="P10", os="A17")) == {"changed": 1}
    assert row(ground)[:4] == ("", "P10", "A17", "")


def test_what_is_not_said_stays(ground, write):
    write(said(ground, name="Van", model="P9", os="A16", app_version="2", metadata={"a": 1}))
    assert write(said(ground)) == {"same": 1}
    assert row(ground) == ("Van", "P9", "A16", "2", {"a": 1})


def test_a_name_and_metadata_written_through_the_api_stay_and_gaps_are_filled(ground, write):
    write(said(ground))
    ground.change(
        """UPDATE tracker_device SET name = 'Ours', metadata = '{"plate": "AB-1"}' WHERE environment_id = %s""",
        ground.environment_id,
    )
    write(said(ground, name="theirs", metadata={"plate": "XX", "depot": "north"}))
    assert row(ground)[0] == "Ours"
    assert row(ground)[4] == {"plate": "AB-1", "depot": "north"}


def test_metadata_that_would_grow_too_large_together_stays_as_it_is(ground, write):
    write(said(ground, metadata={"a": "x" * 10_000}))
    write(said(ground, model="P9", metadata={"b": "y" * 10_000}))
    assert list(row(ground)[4]) == ["a"]
    assert row(ground)[1] == "P9"


def test_a_deleted_device_stays_deleted(ground, write):
    write(said(ground, name="Van"))
    ground.change(
        "UPDATE tracker_device SET deleted_at = now(), name = '' WHERE environment_id = %s",
        ground.environment_id,
    )
    assert write(said(ground, name="Van again", model="P9")) == {"same": 1}
    [(name, gone)] = ground.rows(
        "SELECT name, deleted_at IS NOT NULL FROM tracker_device WHERE environment_id = %s",
        ground.environment_id,
    )
    assert (name, gone) == ("", True)


def test_a_device_may_speak_several_times_in_one_batch(ground, write):
    ended = write(said(ground, model="P8"), said(ground, device="van-2"), said(ground, model="P9"))
    assert ended == {"new": 2, "changed": 1}
    assert row(ground)[1] == "P9"


def test_a_revoked_key_and_an_environment_that_is_gone_register_nothing(ground, write):
    ground.change("UPDATE tracker_key SET revoked_at = now() WHERE id = %s", ground.key_id)
    stranger = said(ground, device="x", key_id=2**40, environment_id=2**40)
    assert write(said(ground), stranger) == {"turned_away": 2}
    assert not ground.rows("SELECT 1 FROM tracker_device WHERE environment_id = %s", ground.environment_id)


@pytest.fixture
def client(redis_url) -> redis.Redis:
    return open_redis(redis_url)


@pytest.fixture
def lanes(client):
    client.delete(LANE)
    yield RegistrationLanes(RedisStreamReader(client))
    client.delete(LANE)


def put(client, *registrations):
    """One entry of the lane, as the door writes it."""
    data = [one if isinstance(one, bytes) else encode(one) for one in registrations]
    client.xadd(LANE, {"f": os.urandom(16), **{f"e{n}": one for n, one in enumerate(data)}})


def test_what_waits_is_stored_once_and_the_offset_stands_beside_it(ground, store, known, client, lanes):
    put(client, said(ground, "a"), said(ground, "b"))
    put(client, said(ground, "c"))
    lanes.work([0], store, known, busy=False)
    assert lanes.ended == {"new": 3}
    lanes.work([0], store, known, busy=False)
    again = RegistrationLanes(RedisStreamReader(client))  # after a restart
    again.work([0], store, known, busy=False)
    assert not again.ended
    assert lanes.ended == {"new": 3}
    assert lanes.facts()["registrations_lag_s"] == 0


def test_while_positions_keep_the_worker_busy_registrations_wait(ground, store, known, client, lanes):
    lanes.work([0], store, known, busy=False)
    put(client, said(ground))
    lanes.work([0], store, known, busy=True)
    assert not lanes.ended
    assert lanes.facts()["registrations_lag_s"] >= 0
    lanes.work([0], store, known, busy=False)
    assert lanes.ended == {"new": 1}


def test_a_long_queue_is_taken_in_rounds(ground, store, known, client, lanes):
    for start in range(0, 1_200, 100):
        put(client, *(said(ground, f"d{n}") for n in range(start, start + 100)))
    lanes.work([0], store, known, busy=False)
    assert (lanes.ended["new"], lanes.more) == (500, True)
    while lanes.more:
        lanes.work([0], store, known, busy=False)
    assert lanes.ended["new"] == 1_200


def test_one_that_breaks_the_step_is_parked_and_the_others_are_stored(ground, store, known, client, lanes):
    poison = said(ground, "bad", name="x" * 500)  # longer than the column: no door lets that through
    put(client, said(ground, "a"), poison, b"\xc1 nobody can read this", said(ground, "b"))
    lanes.work([0], store, known, busy=False)
    assert lanes.ended == {"new": 2, "parked": 2}
    letters = ground.rows("SELECT reason, fixes FROM tracker_deadletter WHERE lane = %s ORDER BY id", LANE)
    assert letters == [("bad_registration", 0)] * 2
    assert not ground.outcomes()


def test_another_worker_that_went_further_is_followed(ground, store, known, client, lanes):
    lanes.work([0], store, known, busy=False)
    put(client, said(ground, "a"))
    other = RegistrationLanes(RedisStreamReader(client))
    other.work([0], store, known, busy=False)
    lanes.work([0], store, known, busy=False)  # finds the offset moved
    lanes.work([0], store, known, busy=False)
    put(client, said(ground, "b"))
    lanes.work([0], store, known, busy=False)
    assert (other.ended["new"], lanes.ended["new"]) == (1, 1)


def test_after_a_registration_the_device_reports_as_itself(ground, write, store, known):
    assert write(said(ground, name="Van"))[Registered.NEW.value] == 1
    with store.transaction():
        found = store.find_devices([(ground.environment_id, "van-1")])
    assert list(found) == [(ground.environment_id, "van-1")]
    assert fix(ground.now_us - SECOND).longitude == 4.9
