"""Up to when the consumers have read, by their own signs of life."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings

from tracker.http.connections import redis_client
from tracker.ingestion.reading import NEVER, read_up_to

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def client():
    """Redis, with no consumer's sign of life in it."""
    made = redis_client(django_settings.REDIS_URL)

    def clear() -> None:
        for key in made.scan_iter(match="health:consumer:*"):
            made.delete(key)

    clear()
    yield made
    clear()


@pytest.mark.parametrize(
    ("lags", "up_to"),
    [
        ([0.0, 0.2], NOW),
        ([0.0, 900.0], NOW - timedelta(minutes=15)),
        ([], NEVER),
        (["much"], NEVER),
    ],
)
def test_the_slowest_consumer_counts_and_no_sign_is_no_good_sign(client, settings, lags, up_to):
    settings.HEALTH_COMPONENTS = ["consumer"]
    for number, lag in enumerate(lags):
        client.set(f"health:consumer:{number}", json.dumps({"at": 1.0, "lag_s": lag}), ex=30)
    assert read_up_to(client, now=NOW) == up_to


def test_where_consumers_leave_no_sign_nothing_is_held_back(client, settings):
    settings.HEALTH_COMPONENTS = ["database"]
    assert read_up_to(client, now=NOW) == NOW
