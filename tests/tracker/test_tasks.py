"""The ticks: each named in the settings, each doing its one thing, each harmless twice."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from config.celery import app
from tests.tracker.caller import a_count, a_device, a_position, a_set_aside, yesterday
from tracker import tasks
from tracker.http.connections import redis_client
from tracker.ingestion.models import ConsumedRecord, OutcomeCount, SetAsideReport, TracedRequest
from tracker.ingestion.services import forget_traces
from tracker.keys.models import Key
from tracker.keys.services import create_key, revoke_key
from tracker.limits import feed
from tracker.positions.models import Position
from tracker.tenants import scope


def test_every_tick_of_the_settings_is_a_task_and_every_task_has_a_tick():
    app.loader.import_default_modules()
    ticks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert ticks == {name for name in app.tasks if not name.startswith("celery.")}


def test_a_heartbeat_says_that_worker_and_beat_are_there():
    client = redis_client(settings.REDIS_URL)
    tasks.heartbeat()
    for component in ("worker", "beat"):
        [key] = client.scan_iter(match=f"health:{component}:*")
        assert abs(json.loads(client.get(key) or b"")["at"] - time.time()) < 30
        assert 0 < client.ttl(key) <= tasks.HEARTBEAT_LASTS_S
        client.delete(key)


@pytest.mark.django_db
def test_partitions_are_kept():
    tasks.partitions()
    tasks.partitions()


def test_old_counts_are_folded(customer):
    old = datetime.now(UTC).replace(second=7, microsecond=0) - timedelta(hours=60)
    a_count(customer.test, old, "accepted", 3, lane=1)
    tasks.fold()
    tasks.fold()
    [row] = OutcomeCount.objects.for_environment(customer.test)
    assert (row.second, row.count) == (old.replace(second=0), 3)


def test_old_reports_and_leftovers_of_deleted_devices_are_forgotten(customer):
    now = datetime.now(UTC)
    a_set_aside(customer.test, now - timedelta(days=8))
    device = a_device(customer.test, deleted_at=now)
    a_position(device, yesterday(8))
    tasks.forget()
    tasks.forget()
    assert not SetAsideReport.objects.for_environment(customer.test).exists()
    assert not Position.objects.for_environment(customer.test).exists()


@pytest.mark.django_db(transaction=True)
def test_the_doors_are_told_again_after_redis_lost_the_feed(customer):
    client = redis_client(settings.REDIS_URL)
    with scope.scope(tenant_id=customer.tenant.pk):
        key, _ = create_key(customer.test, Key.Kind.PUBLISHABLE, by=None)
        assert revoke_key(key, now=datetime.now(UTC))
    client.delete(feed.DOCUMENT, feed.VERSION)
    tasks.publish_feed()
    tasks.publish_feed()
    assert key.pk in json.loads(client.get(feed.DOCUMENT) or b"")["revoked_keys"]
    client.delete(feed.DOCUMENT, feed.VERSION)


@pytest.mark.django_db(transaction=True)
def test_complete_days_are_archived(customer, tmp_path, settings):
    settings.ARCHIVE_DIR = tmp_path
    a_position(a_device(customer.test), yesterday(8) - timedelta(days=1))
    tasks.archive()
    tasks.archive()
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_trace_ids_and_noted_records_are_forgotten_after_eight_days(customer):
    now = datetime.now(UTC)
    for days in (1, 9, 10):
        facts: Any = {"request_id": uuid4(), "received_at": now - timedelta(days=days)}
        TracedRequest.objects.create(environment=customer.test, trace_id=uuid4(), **facts)
        ConsumedRecord.objects.create(part=0, **facts)
    assert forget_traces(now=now, at_once=1) == 4
    tasks.traces()
    assert [TracedRequest.objects.for_environment(customer.test).count(), ConsumedRecord.objects.count()] == [
        1,
        1,
    ]
