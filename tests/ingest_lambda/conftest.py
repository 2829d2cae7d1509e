"""What tests of the edge share."""

import pytest

from tests.ingest_lambda.moto_process import MotoProcess
from tests.ingest_lambda.redis_process import RedisProcess


@pytest.fixture
def redis_process():
    """A Redis of this test's own, running, that it may stop and start."""
    process = RedisProcess()
    process.start()
    yield process
    process.remove()


@pytest.fixture(scope="session")
def moto_process():
    """AWS as moto has it, for the whole run of this worker."""
    process = MotoProcess()
    yield process
    process.stop()
