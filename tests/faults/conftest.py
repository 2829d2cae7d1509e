"""A product of its own to break: what dies here must not disturb the other end-to-end tests."""

from collections.abc import Iterator

import pytest
from box.throwaway import Throwaway


@pytest.fixture(scope="session")
def stack() -> Iterator[Throwaway]:
    """Everything `make run` starts, as durable as in production: the append-only file is on."""
    with Throwaway(durable=True, with_fleet=False) as running:
        yield running
