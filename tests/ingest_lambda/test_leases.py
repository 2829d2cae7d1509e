"""Settling in Redis: the script reckons as the arithmetic does, and doors that share a pool find one another."""

import random

import pytest

from ingest_lambda.bucket import BURST_S, settle
from ingest_lambda.feed import Feed
from ingest_lambda.keys import Kind, Mode, VerifiedKey
from ingest_lambda.leases import Leases, pool_name
from ingest_lambda.quotas import Quotas
from tests.ingest_lambda.door import ENVIRONMENT_ID, KEY_ID
from tests.ingest_lambda.feeds import a_feed

T0 = 1_795_338_000_000_000
SECOND = 1_000_000
KEY = VerifiedKey(Kind.PUBLISHABLE, Mode.TEST, KEY_ID, ENVIRONMENT_ID)


class SettlingDoor:
    """One door's quotas and leases, with a clock that the test holds."""

    def __init__(self, url, name, **facts):
        feed = Feed()
        feed.learn(a_feed(**facts)[1])
        self.now_us = T0
        self.quotas = Quotas(feed)
        self.leases = Leases(url, self.quotas, name, now_us=lambda: self.now_us)

    def take(self, reports=1):
        return self.quotas.take(KEY, reports, self.now_us)

    def bucket(self):
        return self.quotas._buckets[f"key:{KEY_ID}"]

    async def settle(self, after_us=100_000):
        self.now_us += after_us
        await self.leases.settle(self.now_us)


async def test_the_script_in_redis_reckons_as_the_arithmetic_does(redis_process):
    chance = random.Random(7)
    rate = 37.5
    door = SettlingDoor(redis_process.url, "a", key_reports_per_second=rate)
    door.take()
    bucket = door.bucket()
    pool, burst = rate * BURST_S, rate * BURST_S
    last_us = None
    for _ in range(200):
        bucket.spend(chance.choice([0, 1, 3, 200]))
        position, need = bucket.offer(1)
        step_us = chance.choice([1_000_000, 1_000_001, 3_700_000])
        door.now_us += step_us
        if last_us is not None:
            pool = min(burst, pool + rate * (door.now_us - last_us) / SECOND)
        last_us = door.now_us
        expected = settle(pool, burst, position, need)
        pool = expected.rest
        bucket.awake = True
        door.quotas._awake[bucket.name] = bucket
        bucket.rest, bucket.settled_at_us = 1.0, 0  # due, whatever it knows
        await door.leases.settle(door.now_us)
        assert bucket.left == pytest.approx(expected.lease, abs=1e-3)
        assert bucket.rest == pytest.approx(expected.rest, abs=1e-3)
    door.leases.close()


async def test_two_doors_share_one_limit_and_know_of_each_other(redis_process):
    doors = [SettlingDoor(redis_process.url, name, key_reports_per_second=10) for name in "ab"]
    passed = 0
    for _ in range(100):
        for door in doors:
            while door.take().granted:
                passed += 1
            await door.settle()
    assert [door.quotas.doors for door in doors] == [2, 2]
    # the burst, ten seconds of the rate, and what two doors that did not know each other yet may owe
    assert 600 + 10 * 10 - 20 <= passed <= 600 + 10 * 10 + 2 * 20
    for door in doors:
        door.leases.close()


async def test_a_pool_that_is_full_again_leaves_nothing_in_redis(redis_process):
    door = SettlingDoor(redis_process.url, "a", key_reports_per_second=1_000)
    door.take()
    await door.settle(SECOND)
    left = int(redis_process.call("PTTL", pool_name(door.bucket())))
    assert 0 < left <= 1_010
    assert not door.bucket().awake
    assert list(door.quotas.due(door.now_us + 9 * SECOND)) == []
    door.leases.close()


async def test_a_redis_that_was_away_or_forgot_the_script_is_found_again(redis_process):
    door = SettlingDoor(redis_process.url, "a", key_reports_per_second=10)
    door.take(5)
    await door.settle(SECOND)
    door.take(5)
    redis_process.stop()
    with pytest.raises(ConnectionError):
        await door.settle(SECOND)
    door.leases.close()
    assert door.bucket().left == -5  # still owed
    redis_process.start()
    await door.settle(SECOND)
    assert (door.bucket().left, door.bucket().awake) == (0, False)
    door.leases.close()


async def test_more_buckets_than_fit_one_call_are_settled_in_several(redis_process):
    door = SettlingDoor(redis_process.url, "a", key_reports_per_second=10)
    keys = [KEY._replace(key_id=number) for number in range(1_200)]
    for key in keys:
        door.quotas.take(key, 1, door.now_us)
    await door.settle(SECOND)
    assert door.leases.settlements == 1_202
    assert all(bucket.left == 0 for bucket in door.quotas._buckets.values())
    door.leases.close()
