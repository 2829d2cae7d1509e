"""What the console shows of limits, from pools as the doors leave them."""

import time

import pytest
from django.conf import settings

from ingest_lambda.bucket import BURST_S as DOORS_BURST_S
from tracker.http.connections import redis_client
from tracker.limits.selectors import BURST_S, limits_of

NOW_S = 1_795_338_000.0


@pytest.fixture
def pool():
    """Writes a pool as the doors' script does; gone after the test."""
    client, names = redis_client(settings.REDIS_URL), list[str]()

    def write(name, held, at_s):
        names.append(f"limit:{name}")
        client.set(names[-1], f"{held:.6f} {at_s * 1e6:.0f}")

    yield write
    client.delete("nothing", *names)


def left(environment, now_s=NOW_S):
    return [limit.left for limit in limits_of(environment, now_s=now_s)]


def test_console_and_doors_mean_the_same_burst():
    assert BURST_S == DOORS_BURST_S


def test_limits_nobody_used_are_there_whole(customer):
    shown = limits_of(customer.test)
    assert [limit.a_second for limit in shown] == [10_000, 20_000, 20_000, 1_000]
    assert [limit.left for limit in shown] == [None, 1_200_000, 1_200_000, 60_000]


def test_what_was_used_comes_back_by_the_clock_and_no_further_than_the_burst(customer, pool):
    pool(f"environment:{customer.test.pk}", 100, NOW_S - 2)
    pool(f"tenant:{customer.tenant.pk}", 5, NOW_S - 3600)
    pool(f"registrations:{customer.test.pk}", -5_000, NOW_S - 1)
    assert left(customer.test) == [None, 40_100, 1_200_000, 0]


def test_the_settings_page_shows_them_and_says_where_devices_are_throttled(customer, signed_in, pool):
    pool(f"environment:{customer.test.pk}", -1e12, time.time())
    page = signed_in(customer.owner).get("/console/settings/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "1,200,000" in text
    assert "none: throttled" in text


def test_the_page_stands_while_redis_is_away(customer, settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert left(customer.test) == [None] * 4
