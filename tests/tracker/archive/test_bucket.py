"""The archive in a bucket: the same days, whole objects, and errors that leave the day as it was."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.tracker.archive.conftest import archived, day_before, later, read, store, table_of
from tracker.archive.nightly import archive_due
from tracker.archive.restoring import into_positions
from tracker.archive.shelf import NotThere, open_shelf
from tracker.archive.trouble import trouble_of
from tracker.devices.services import delete_device
from tracker.positions.models import ArchivedDay, Position

DAY = day_before(3)
NOW = later(DAY)
BUCKET = "milepost-archive"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An emulated S3 on a port of its own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, settings, monkeypatch) -> Iterator[object]:
    """An empty bucket, which the settings name."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    client = boto3.client("s3", endpoint_url=endpoint, region_name="eu-west-1")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    settings.ARCHIVE = True
    settings.ARCHIVE_URL = f"s3://{BUCKET}/days/of/ours?endpoint={endpoint}&region=eu-west-1"
    yield client
    for key in keys(client):
        client.delete_object(Bucket=BUCKET, Key=key)
    client.delete_bucket(Bucket=BUCKET)


def keys(client) -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_a_day_goes_into_the_bucket_is_replaced_there_and_comes_back(bucket, vans, customer, tmp_path):
    store(vans[0], DAY, 20)
    archive_due(now=NOW)
    old = archived(customer.test, DAY)
    assert keys(bucket) == [f"days/of/ours/{old.location}"]
    store(vans[1], DAY, 3, stored_at=NOW)
    archive_due(now=later(DAY, 40))
    row = archived(customer.test, DAY)
    assert keys(bucket) == [f"days/of/ours/{row.location}"]
    assert row.location != old.location
    assert len(read(row)) == 23
    before = table_of(customer.test, DAY)
    Position.objects.for_environment(customer.test).delete()
    assert into_positions(row) == (23, 23)
    assert table_of(customer.test, DAY) == before


def test_a_deleted_device_leaves_the_bucket(bucket, vans, customer, tmp_path):
    store(vans[0], DAY, 4)
    store(vans[1], DAY, 4)
    archive_due(now=NOW)
    delete_device(vans[1], now=NOW)
    archive_due(now=NOW)
    row = archived(customer.test, DAY)
    assert {one["device"] for one in read(row)} == {vans[0].public_id}
    assert keys(bucket) == [f"days/of/ours/{row.location}"]


def test_a_bucket_out_of_reach_fails_the_day_and_is_told(bucket, vans, customer, settings, endpoint):
    store(vans[0], DAY)
    good = settings.ARCHIVE_URL
    settings.ARCHIVE_URL = f"s3://no-such-bucket/x?endpoint={endpoint}&region=eu-west-1"
    assert archive_due(now=NOW).failed == 1
    assert not ArchivedDay.objects.for_environment(customer.test).exists()
    trouble = trouble_of(customer.test.pk)
    assert trouble is not None
    assert trouble.day == DAY
    assert "bucket" in trouble.error
    settings.ARCHIVE_URL = good
    assert archive_due(now=NOW).archived == 1
    assert trouble_of(customer.test.pk) is None


def test_an_object_that_is_gone_is_told_by_name(bucket, tmp_path):
    with pytest.raises(NotThere):
        open_shelf().fetch("tenant=x/nothing.parquet", tmp_path / "x")
    open_shelf().remove("tenant=x/nothing.parquet")
    assert open_shelf().listing("tenant=x") == []
