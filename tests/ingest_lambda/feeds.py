"""Feeds as the console writes them, for tests of the doors."""

import json
from itertools import count

from ingest_lambda.feed import EnvironmentFacts, Feed
from ingest_lambda.feed_redis import DOCUMENT, VERSION
from tests.ingest_lambda.door import ENVIRONMENT_ID

TENANT_ID = 3
GENEROUS = {
    "tenant": TENANT_ID,
    "accuracy_bound_m": 50.0,
    "speed_bound_mps": 100.0,
    "retention_days": 90,
    "reports_per_second": 20_000,
    "key_reports_per_second": 10_000,
    "registrations_per_second": 1_000,
}
_versions = count(1)


def a_feed(*, revoked=(), tenant_limit=20_000, environment=ENVIRONMENT_ID, **facts):
    """Version and bytes of a document with one environment, generous where nothing is said."""
    version = f"v{next(_versions)}"
    document = {
        "version": version,
        "made_at": 1_795_338_000.0,
        "revoked_keys": list(revoked),
        "tenants": {str(TENANT_ID): {"reports_per_second": tenant_limit}},
        "environments": {str(environment): GENEROUS | facts},
    }
    return version, json.dumps(document).encode()


def publish(redis, **facts):
    """Write a feed to the Redis of a test, as the console would."""
    version, document = a_feed(**facts)
    redis.call("MSET", DOCUMENT, document.decode(), VERSION, version)
    return version


def facts_of(feed: Feed, environment_id: int) -> EnvironmentFacts:
    """What a feed that must know the environment says of it."""
    facts = feed.environment(environment_id)
    assert facts is not None
    return facts


def tenant_limit(feed: Feed, tenant_id: int) -> float:
    """What a feed that must know the customer says it may report a second."""
    facts = feed.tenant(tenant_id)
    assert facts is not None
    return facts.reports_per_second
