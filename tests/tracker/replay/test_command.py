"""`manage.py replay` as it is called: what it says, what it sends, what it refuses."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tracker.keys.selectors import a_publishable_text
from tracker.replay.readback import flatten
from tracker.tenants import scope

ROWS = "bus,ts,lat,lon\n1,2024-05-01T10:00:00Z,52.1,4.9\n2,2024-05-01T10:00:01Z,52.1,4.9\nx,never,1,2\n"


@pytest.fixture
def day(tmp_path):
    path = tmp_path / "day.csv"
    path.write_text(ROWS)
    return path


@pytest.fixture
def no_demo(settings, tmp_path):
    settings.STATE_DIR = tmp_path
    return tmp_path / "demo.json"


def replay(*words, **options):
    out = io.StringIO()
    call_command("replay", *map(str, words), stdout=out, **options)
    return out.getvalue()


def test_it_says_what_it_read_and_what_was_taken(door, day, no_demo):
    said = replay(day, key="pk_test_x", base_url=door.url)
    assert "device from bus, time from ts" in said
    assert "line 4, column ts: 'never' is no ISO 8601 date and time" in said
    assert "2 fixes of 2 devices" in said
    assert "so that the recording ends now" in said
    assert "2 fixes in 2 requests" in said
    assert door.count == 2


def test_own_times_are_sent_as_recorded(door, day, no_demo):
    replay(day, key="pk_test_x", base_url=door.url, own_times=True)
    assert door.taken["1"][0]["recorded_at"] == "2024-05-01T10:00:00Z"


def test_a_prefix_makes_it_another_fleet(door, day, no_demo):
    replay(day, key="pk_test_x", base_url=door.url, device_prefix="second-")
    assert set(door.taken) == {"second-1", "second-2"}


def test_the_demos_test_environment_is_the_default(door, day, no_demo):
    demo = {"publishable_key": "pk_test_demo", "secret_key": "sk_test_demo", "environment_id": "env_demo"}
    no_demo.write_text(json.dumps(demo))
    said = replay(day, base_url=door.url)
    assert door.keys == {"Bearer pk_test_demo"}
    assert "outcomes are not read back: the API answered 501" in said


def test_an_environment_is_posted_to_with_its_own_key(door, day, no_demo, customer):
    replay(day, environment=customer.live.public_id, base_url=door.url)
    with scope.scope(environment_id=customer.live.pk):
        assert door.keys == {f"Bearer {a_publishable_text(customer.live)}"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "where to"),
        ({"environment": "env_0"}, "is not an id that begins with env_"),
        ({"environment": "env_" + "0" * 32}, "there is no such environment"),
        ({"key": "pk", "time_zone": "Mars/Olympus"}, "no such zone"),
        ({"key": "pk", "end": "soon"}, "no ISO 8601"),
        ({"key": "pk", "own_times": True, "relative_times": True}, "leave one of the two"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(door, day, no_demo, db, options, says):
    with pytest.raises(CommandError, match=says):
        replay(day, base_url=door.url, **options)
    assert door.posts == 0


def test_a_refused_key_is_an_error_with_the_doors_words(door, day, no_demo):
    door.next_answers.extend([401, 401])
    with pytest.raises(CommandError, match="the endpoint refuses: 401: said 401"):
        replay(day, key="pk_test_x", base_url=door.url)


def test_outcomes_are_flattened_with_their_reasons():
    counts = flatten(
        {
            "from": "2026-03-01T12:00:00Z",
            "to": "2026-03-01T13:00:00Z",
            "received": 9,
            "accepted": 5,
            "duplicate": 1,
            "filtered": {"zero_island": 2},
            "quarantined": {"bad_latitude": 1},
        }
    )
    assert counts.endings == {
        "accepted": 5,
        "duplicate": 1,
        "filtered (zero island)": 2,
        "quarantined (bad latitude)": 1,
    }
    assert sum(counts.endings.values()) == counts.received
