"""What the console tells the doors, read back with the doors' own reader."""

from datetime import UTC, datetime

import boto3
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from moto.server import ThreadedMotoServer

from ingest_lambda.feed import Feed
from ingest_lambda.feed_s3 import S3Feed
from tests.ingest_lambda.feeds import facts_of, tenant_limit
from tests.tracker.caller import a_device
from tests.tracker.conftest import PASSWORD
from tracker.http.connections import redis_client
from tracker.keys.models import Key
from tracker.keys.services import create_key, revoke_key
from tracker.limits import feed
from tracker.tenants import scope
from tracker.tenants.models import Environment, User
from tracker.tenants.services import change_environment

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def doors():
    """A Redis without a feed, before and after."""
    client = redis_client(settings.REDIS_URL)
    client.delete(feed.DOCUMENT, feed.VERSION)
    yield client
    client.delete(feed.DOCUMENT, feed.VERSION)


def known(client) -> Feed:
    """What a door would know now."""
    reader = Feed()
    reader.learn(client.get(feed.DOCUMENT))
    assert reader.version.encode() == client.get(feed.VERSION)
    return reader


def composed() -> Feed:
    scope.enter(unscoped="test")
    reader = Feed()
    reader.learn(feed.compose(1.5)[1])
    return reader


def test_the_feed_holds_every_environment_with_its_limits_bounds_and_tenant(customer, rival):
    told = composed()
    for environment in (customer.test, customer.live, rival.test):
        facts = facts_of(told, environment.pk)
        assert facts.tenant == environment.tenant_id
        for name in feed.ENVIRONMENT_FACTS:
            assert getattr(facts, name) == getattr(environment, name)
        assert tenant_limit(told, environment.tenant_id) == 20_000
    assert told.made_at == 1.5


def test_the_feed_names_devices_whose_unit_was_set_and_no_others(customer):
    a_device(customer.test, "boat/7", speed_unit="knots")
    a_device(customer.test, "van", speed_unit="")
    a_device(customer.test, "gone", speed_unit="mph", deleted_at=NOW)
    assert facts_of(composed(), customer.test.pk).speed_units == {"boat/7": "knots"}
    assert facts_of(composed(), customer.live.pk).speed_units == {}


def test_revoked_publishable_keys_are_in_the_feed_and_secret_ones_are_no_business_of_a_door(customer):
    scope.enter(tenant_id=customer.tenant.pk)
    publishable, _ = create_key(customer.test, Key.Kind.PUBLISHABLE, by=None)
    secret, _ = create_key(customer.test, Key.Kind.SECRET, by=None)
    for key in (publishable, secret):
        revoke_key(key, now=NOW)
    told = composed()
    assert publishable.pk in told.revoked
    assert secret.pk not in told.revoked


def test_the_version_follows_the_content_and_not_the_clock(customer):
    scope.enter(unscoped="test")
    first, later = feed.compose(1.0), feed.compose(2.0)
    assert first[0] == later[0]
    Environment.objects.unscoped("test").filter(pk=customer.test.pk).update(reports_per_second=5)
    assert feed.compose(2.0)[0] != first[0]


def test_the_feed_costs_the_database_the_same_few_queries_however_many_environments(customer):
    scope.enter(unscoped="test")
    with CaptureQueriesContext(connection) as few:
        feed.compose(1.0)
    for n in range(20):
        Environment.objects.create(tenant=customer.tenant, name=f"box {n}", kind="test")
    with CaptureQueriesContext(connection) as many:
        feed.compose(1.0)
    assert len(few) == len(many) <= 4


@pytest.mark.django_db(transaction=True)
def test_each_change_is_told_once_it_is_committed(customer, doors):
    with scope.scope(tenant_id=customer.tenant.pk):
        key, _ = create_key(customer.test, Key.Kind.PUBLISHABLE, by=None)
        revoke_key(key, now=NOW)
        assert doors.get(feed.DOCUMENT) is None
    assert key.pk in known(doors).revoked
    with scope.scope(tenant_id=customer.tenant.pk):
        change_environment(
            customer.test, name="Test", retention_days=30, accuracy_bound_m=20, speed_bound_mps=50
        )
    facts = facts_of(known(doors), customer.test.pk)
    assert (facts.retention_days, facts.accuracy_bound_m, facts.speed_bound_mps) == (30, 20, 50)


@pytest.mark.django_db(transaction=True)
def test_limits_that_staff_set_reach_the_doors(customer, doors, signed_in):
    staff = signed_in(User.objects.create_superuser("staff@example.com", PASSWORD))
    page = f"/admin/tracker/tenant/{customer.tenant.pk}/change/"
    assert staff.post(page, {"name": "ours", "reports_per_second": "0"}).status_code == 200  # refused
    assert staff.post(page, {"name": "ours", "reports_per_second": "123"}).status_code == 302
    limits = {"key_reports_per_second": 10, "reports_per_second": 20, "registrations_per_second": 3}
    bounds = {"retention_days": 90, "accuracy_bound_m": 50, "speed_bound_mps": 100}
    page = f"/admin/tracker/environment/{customer.test.pk}/change/"
    assert staff.post(page, limits | bounds).status_code == 302
    told = known(doors)
    assert tenant_limit(told, customer.tenant.pk) == 123
    facts = facts_of(told, customer.test.pk)
    assert {name: getattr(facts, name) for name in limits} == limits


@pytest.mark.django_db(transaction=True)
def test_what_did_not_change_is_not_written_again(customer, doors):
    feed.publish()
    doors.set(feed.DOCUMENT, "left as it is")
    feed.publish()
    assert doors.get(feed.DOCUMENT) == b"left as it is"
    doors.delete(feed.DOCUMENT)
    feed.publish()
    assert facts_of(known(doors), customer.test.pk).tenant == customer.tenant.pk


@pytest.mark.django_db(transaction=True)
def test_a_change_is_kept_while_redis_is_away(customer, settings, caplog):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    with scope.scope(tenant_id=customer.tenant.pk):
        key, _ = create_key(customer.test, Key.Kind.PUBLISHABLE, by=None)
        assert revoke_key(key, now=NOW)
    assert "the doors are not told yet" in caplog.text


@pytest.fixture
def bucket(monkeypatch):
    """An emulated S3 with a bucket, and the address of the feed in it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=endpoint, region_name="eu-west-1")
    client.create_bucket(
        Bucket="milepost-feed", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    yield client, f"s3://milepost-feed/edge/feed.json?region=eu-west-1&endpoint={endpoint}"
    server.stop()


@pytest.mark.django_db(transaction=True)
def test_doors_without_redis_read_the_same_feed_from_a_bucket(customer, doors, bucket, settings):
    client, settings.EDGE_FEED_URL = bucket
    environ = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    version = feed.publish()
    door = S3Feed(settings.EDGE_FEED_URL, environ=environ)
    assert door.look()
    assert door.version == version
    assert facts_of(door, customer.test.pk).tenant == customer.tenant.pk
    written = client.head_object(Bucket="milepost-feed", Key="edge/feed.json")["LastModified"]
    feed.publish()
    assert client.head_object(Bucket="milepost-feed", Key="edge/feed.json")["LastModified"] == written
    assert not door.look()
    with scope.scope(tenant_id=customer.tenant.pk):
        key, _ = create_key(customer.test, Key.Kind.PUBLISHABLE, by=None)
        revoke_key(key, now=NOW)
    assert door.look()
    assert key.pk in door.revoked
