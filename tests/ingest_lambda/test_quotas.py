"""Limits at one door: which one refuses, what the headers say, and that a change in the feed holds at once."""

import pytest

from ingest_lambda.feed import Feed
from ingest_lambda.keys import Kind, Mode, VerifiedKey
from ingest_lambda.limits import over_quota
from ingest_lambda.quotas import FORGOTTEN_AFTER_US, Quotas
from tests.ingest_lambda.door import ENVIRONMENT_ID, KEY_ID
from tests.ingest_lambda.feeds import a_feed

T0 = 1_795_338_000_000_000
SECOND = 1_000_000


def key(key_id=KEY_ID, environment_id=ENVIRONMENT_ID):
    return VerifiedKey(Kind.PUBLISHABLE, Mode.TEST, key_id, environment_id)


def quotas(**facts):
    feed = Feed()
    feed.learn(a_feed(**facts)[1])
    return Quotas(feed), feed


def passed(limits, key, now_us=T0, most=10_000):
    """How many single reports pass in a row."""
    for count in range(most):
        if not limits.take(key, 1, now_us).granted:
            return count
    return most


@pytest.mark.parametrize(
    ("limit", "word"),
    [
        ({"key_reports_per_second": 10}, "key"),
        ({"reports_per_second": 10}, "environment"),
        ({"tenant_limit": 10}, "tenant"),
    ],
)
def test_the_narrowest_limit_refuses_and_says_which_it_is(limit, word):
    limits, _ = quotas(**limit)
    assert passed(limits, key()) == 20  # what may be owed before the pool was asked
    refused = limits.take(key(), 1, T0)
    headers = dict(refused.headers)
    assert not refused.granted
    assert headers["ratelimit"] == f'"{word}";r=0;t=1'
    assert f'"{word}";q=600;w=60' in headers["ratelimit-policy"]
    assert limits.refused == 2


def test_an_answer_that_is_no_refusal_says_what_is_left_of_the_nearest_limit():
    limits, _ = quotas(key_reports_per_second=100, reports_per_second=150, tenant_limit=1_000)
    assert limits.take(key(), 1, T0).granted
    headers = dict(limits.charge(key(), 99))
    assert headers["ratelimit"] == '"key";r=5900;t=1'
    assert (
        headers["ratelimit-policy"] == '"key";q=6000;w=60, "environment";q=9000;w=60, "tenant";q=60000;w=60'
    )


def test_keys_of_one_environment_share_its_limit_and_keep_their_own():
    limits, _ = quotas(reports_per_second=15, key_reports_per_second=10)
    assert passed(limits, key(1)) == 20
    assert passed(limits, key(2)) == 10
    assert passed(limits, key(3)) == 0


def test_a_refusal_costs_the_other_limits_nothing():
    limits, _ = quotas(reports_per_second=20, key_reports_per_second=10)
    for _ in range(1_000):
        limits.take(key(1), 1, T0)
    assert passed(limits, key(2)) == 20


def test_a_batch_is_paid_for_whole_although_it_was_let_in_as_one():
    limits, _ = quotas(key_reports_per_second=10)
    assert limits.take(key(), 1, T0).granted
    limits.charge(key(), 999)
    refused = limits.take(key(), 1, T0)
    assert (refused.granted, refused.retry_after_s) == (False, 40)
    problem = over_quota(refused)
    assert (problem.status, problem.code) == (429, "over_quota")
    assert dict(problem.headers)["retry-after"] == "40"
    assert dict(problem.headers)["ratelimit"] == '"key";r=0;t=40'


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("key_reports_per_second", "than this key may"),
        ("reports_per_second", "than all keys of this environment together may"),
        ("tenant_limit", "than all environments of this account together may"),
        ("registrations_per_second", "More device registrations than this environment may"),
    ],
)
def test_a_refusal_names_the_limit_that_refused(limit, said):
    limits, _ = quotas(**{limit: 1})
    take = limits.take_registrations if "registrations" in limit else limits.take
    assert take(key(), 1_000, T0).granted
    assert said in over_quota(take(key(), 1, T0)).detail


def test_whom_the_feed_does_not_name_is_not_limited():
    limits, _ = quotas(key_reports_per_second=1)
    assert passed(limits, key(5, environment_id=12), most=500) == 500
    assert limits.charge(key(5, environment_id=12), 3) == ()
    assert limits.take_registrations(key(5, environment_id=12), 5, T0).granted


def test_registrations_have_a_limit_of_their_own():
    limits, _ = quotas(registrations_per_second=10, key_reports_per_second=10)
    assert limits.take_registrations(key(), 1_000, T0).granted
    refused = limits.take_registrations(key(), 1, T0)
    assert (refused.granted, refused.retry_after_s) == (False, 40)
    assert passed(limits, key()) == 20


def test_a_limit_that_changes_in_the_feed_holds_for_the_next_request():
    limits, feed = quotas(key_reports_per_second=10)
    assert passed(limits, key()) == 20
    feed.learn(a_feed(key_reports_per_second=10_000)[1])
    assert dict(limits.take(key(), 1, T0).headers)["ratelimit-policy"].startswith('"key";q=600000')
    feed.learn(a_feed(environment=99)[1])
    assert passed(limits, key(), most=500) == 500


def test_alone_a_door_gives_out_its_part_and_never_closes():
    limits, _ = quotas(key_reports_per_second=100)
    limits.doors = 4
    opening = passed(limits, key())
    limits.alone_from(T0)
    assert passed(limits, key(), T0) == 0
    assert passed(limits, key(), T0 + 2 * SECOND) == 2 * 25
    assert opening == 50
    limits.together_again()
    assert passed(limits, key(), T0 + 3 * SECOND) == 0


def test_a_door_that_shares_with_nobody_fills_by_the_clock_from_the_beginning():
    feed = Feed()
    feed.learn(a_feed(key_reports_per_second=10)[1])
    limits = Quotas(feed, alone=True)
    assert passed(limits, key()) == 20
    assert passed(limits, key(), T0 + 3 * SECOND) == 30
    assert passed(limits, key(), T0 + 10_000 * SECOND) == 600 + 20


def test_what_nobody_asks_for_is_forgotten_once_it_would_be_full_again():
    limits, _ = quotas(key_reports_per_second=10)
    limits.take(key(), 1, T0)
    for bucket in limits.due(T0 + SECOND):
        bucket.awake = False
        limits.rested(bucket)
    limits.forget(T0 + SECOND)
    assert len(limits._buckets) == 3
    limits.forget(T0 + SECOND + FORGOTTEN_AFTER_US)
    assert not limits._buckets
    assert limits.take(key(), 1, T0 + 2 * FORGOTTEN_AFTER_US).granted


def test_where_a_cap_says_stop_reports_wait_and_registrations_and_other_limits_do_not_notice():
    limits, feed = quotas(intake="stopped", key_reports_per_second=10)
    refused = limits.take(key(), 1, T0)
    problem = over_quota(refused)
    assert (problem.status, problem.code) == (429, "cap_reached")
    assert dict(problem.headers) == {"retry-after": "300"}
    assert "once the cap is raised" in problem.detail
    assert limits.charge(key(), 5) == ()
    assert limits.take_registrations(key(), 1, T0).granted
    assert (limits.capped, limits.refused) == (1, 0)
    feed.learn(a_feed(intake="open", key_reports_per_second=10)[1])
    assert passed(limits, key()) == 20  # nothing was paid for while it was stopped


def test_what_is_sampled_passes_the_door_and_so_does_a_feed_of_before_there_were_caps():
    assert passed(quotas(intake="sample", key_reports_per_second=10)[0], key()) == 20
    assert passed(quotas(key_reports_per_second=10)[0], key()) == 20
