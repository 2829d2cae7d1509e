"""A door to post to."""

from collections.abc import Iterator

import pytest

from tests.tracker.replay.fake_door import FakeDoor, fake_door


@pytest.fixture
def door() -> Iterator[FakeDoor]:
    """An ingest endpoint that takes everything until told otherwise."""
    with fake_door() as opened:
        yield opened
