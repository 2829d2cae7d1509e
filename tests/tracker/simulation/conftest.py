"""A door to report to."""

from tests.tracker.replay.conftest import door

__all__ = ["door"]
