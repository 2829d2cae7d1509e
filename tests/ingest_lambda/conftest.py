"""What tests of the edge share."""

import pytest

from tests.ingest_lambda.redis_process import RedisProcess


@pytest.fixture
def redis_process():
    """A Redis of this test's own, running, that it may stop and start."""
    process = RedisProcess()
    process.start()
    yield process
    process.remove()
