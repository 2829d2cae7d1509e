"""Sending: in order per device, nothing lost at a door that refuses, breaks off or is away for a while."""

import threading
import time

import pytest

from tracker.replay.posting import Address, Refused, Stopped, Tally
from tracker.replay.recording import Fix
from tracker.replay.sending import Sender
from tracker.replay.shifting import plan

FIXES = [Fix(f"d{n % 7}", 1_000_000 * n, 1.0, 2.0, {}) for n in range(700)]


def sender(door, fixes=FIXES, *, speed=None, batch=10, stop=None, url=None):
    schedule = plan(fixes, now_us=0, speed=speed, own_times=True)
    return Sender(Address(url or door.url, "pk_test_x"), schedule, Tally(), stop or threading.Event(), batch)


def test_every_fix_arrives_once_and_in_order_per_device(door):
    work = sender(door)
    work.send(FIXES)
    assert door.count == len(FIXES) == work.tally.accepted
    for device, taken in door.taken.items():
        own = [fix.body()["recorded_at"] for fix in FIXES if fix.device == device]
        assert [position["recorded_at"] for position in taken] == own
    assert door.keys == {"Bearer pk_test_x"}


def test_connections_are_kept_alive(door):
    sender(door).send(FIXES)
    assert door.posts == 70
    assert door.connections <= 4


@pytest.mark.parametrize("status", [0, 500, 503, 429])
def test_a_batch_that_was_not_taken_goes_again_before_what_follows(door, status):
    door.next_answers.extend([202, status, status, 202, status])
    work = sender(door)
    work.send(FIXES)
    assert door.count == len(FIXES)
    assert work.tally.retries == 3
    for device, taken in door.taken.items():
        times = [position["recorded_at"] for position in taken]
        assert times == sorted(times), device


def test_a_refusal_for_good_ends_the_replay_with_the_doors_own_sentence(door):
    door.next_answers.extend([202, 401])
    with pytest.raises(Refused, match="401: said 401"):
        sender(door).send(FIXES)


def test_a_door_that_is_away_is_waited_for_until_someone_says_stop():
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        sender(None, stop=stop, url="http://127.0.0.1:9").send(FIXES)
    assert time.monotonic() - begun < 3


def test_a_paced_replay_follows_the_recordings_clock(door):
    fixes = [Fix("a", n * 1_000_000, 1.0, 2.0, {}) for n in range(11)]
    begun = time.monotonic()
    sender(door, fixes, speed=10.0).send(fixes)
    assert time.monotonic() - begun >= 1.0
    assert [p["recorded_at"] for p in door.taken["a"]] == [fix.body()["recorded_at"] for fix in fixes]


def test_progress_is_told_to_the_last_fix(door):
    told: list[int] = []
    work = sender(door)
    work.on_sent = told.append
    work.send(FIXES)
    assert sum(told) == len(FIXES)
