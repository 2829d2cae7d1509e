"""What the doors know: read when it changed, kept when it cannot be read."""

import json

import msgspec
import pytest

from ingest_lambda.feed import BadFeed, Feed
from ingest_lambda.feed_redis import DOCUMENT, VERSION, RedisFeed
from tests.ingest_lambda.door import ENVIRONMENT_ID, KEY_ID
from tests.ingest_lambda.feeds import TENANT_ID, a_feed, facts_of, publish, tenant_limit


def test_before_the_first_feed_nothing_is_revoked_and_no_limit_is_known():
    feed = Feed()
    assert KEY_ID not in feed.revoked
    assert feed.environment(ENVIRONMENT_ID) is None
    assert feed.tenant(TENANT_ID) is None
    assert (feed.version, feed.made_at) == ("", 0.0)


def test_a_feed_tells_limits_bounds_units_and_revocations():
    feed = Feed()
    units = {"boat 7": "knots"}
    version, document = a_feed(
        revoked=[KEY_ID], tenant_limit=5, accuracy_bound_m=12.5, reports_per_second=7, speed_units=units
    )
    feed.learn(document)
    facts = facts_of(feed, ENVIRONMENT_ID)
    assert (facts.tenant, facts.accuracy_bound_m, facts.reports_per_second) == (TENANT_ID, 12.5, 7)
    assert facts.speed_units == units
    assert tenant_limit(feed, facts.tenant) == 5
    assert KEY_ID in feed.revoked
    assert feed.version == version


def test_a_new_feed_takes_the_place_of_the_old_one_whole():
    feed = Feed()
    revoked = feed.revoked
    feed.learn(a_feed(revoked=[KEY_ID], accuracy_bound_m=10)[1])
    assert facts_of(feed, ENVIRONMENT_ID).accuracy_bound_m == 10
    feed.learn(a_feed(environment=99)[1])
    assert feed.environment(ENVIRONMENT_ID) is None
    assert KEY_ID not in revoked


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"\xff", b'{"version": 1}', b"null"])
def test_a_feed_that_cannot_be_read_changes_nothing(document):
    feed = Feed()
    version, good = a_feed(revoked=[KEY_ID])
    feed.learn(good)
    with pytest.raises(BadFeed):
        feed.learn(document)
    assert feed.version == version
    assert KEY_ID in feed.revoked
    assert feed.environment(ENVIRONMENT_ID) is not None


def test_one_environment_that_cannot_be_read_costs_only_its_own_limits():
    feed = Feed()
    document = msgspec.json.decode(a_feed()[1])
    document["environments"]["12"] = {"tenant": "three"}
    feed.learn(json.dumps(document).encode())
    assert feed.environment(12) is None
    assert feed.environment(ENVIRONMENT_ID) is not None


def test_fields_of_a_newer_console_are_passed_over():
    feed = Feed()
    document = msgspec.json.decode(a_feed(colour="blue")[1]) | {"weather": "fine"}
    feed.learn(json.dumps(document).encode())
    assert feed.environment(ENVIRONMENT_ID) is not None


async def test_a_door_fetches_the_document_only_when_its_version_is_new(redis_process):
    feed = RedisFeed(redis_process.url)
    assert not await feed.look()
    publish(redis_process, revoked=[KEY_ID])
    assert await feed.look()
    redis_process.call("SET", DOCUMENT, "broken, and nobody looks")
    assert not await feed.look()
    assert KEY_ID in feed.revoked
    feed.close()


async def test_a_door_keeps_what_it_knows_while_redis_is_away_or_has_lost_it(redis_process):
    feed = RedisFeed(redis_process.url)
    version = publish(redis_process, revoked=[KEY_ID])
    await feed.look()
    redis_process.stop()
    with pytest.raises(ConnectionError):
        await feed.look()
    assert (feed.version, KEY_ID in feed.revoked) == (version, True)
    redis_process.start()
    redis_process.call("DEL", DOCUMENT, VERSION)
    assert not await feed.look()
    assert (feed.version, KEY_ID in feed.revoked) == (version, True)
    newer = publish(redis_process)
    assert await feed.look()
    assert (feed.version, KEY_ID in feed.revoked) == (newer, False)
    feed.close()
