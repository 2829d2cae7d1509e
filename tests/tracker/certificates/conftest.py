"""An authority of the test's own, and a device to certify."""

from datetime import UTC, datetime

import pytest
import redis
from django.db import connection

from tests.tracker.caller import a_device
from tracker.certificates.announcement import DOCUMENT, VERSION
from tracker.certificates.broker_files import AuthorityFiles, make_authority
from tracker.certificates.denials import WAITING
from tracker.tenants import scope


@pytest.fixture
def authority(settings, tmp_path):
    """The files of a fresh authority."""
    settings.CA_CERT, settings.CA_KEY = tmp_path / "ca" / "ca.pem", tmp_path / "ca" / "ca.key"
    files = AuthorityFiles(settings.CA_CERT, settings.CA_KEY)
    make_authority(files, now=datetime.now(UTC))
    return files


@pytest.fixture
def device(customer):
    """A device of the customer's test environment, in whose scope the test runs if it is one transaction."""
    if connection.in_atomic_block:
        scope.enter(tenant_id=customer.tenant.pk, environment_id=customer.test.pk)
    return a_device(customer.test, "van-1")


@pytest.fixture
def told(settings):
    """The Redis where brokers look, without what another test left."""
    client = redis.Redis.from_url(settings.REDIS_URL, protocol=2)
    client.delete(DOCUMENT, VERSION, WAITING)
    yield client
    client.delete(DOCUMENT, VERSION, WAITING)
    client.close()
