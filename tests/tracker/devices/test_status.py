"""The status rule at its boundaries; the browser's twin is asked the same ones."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker.devices.status import status_of

CASES = json.loads((Path(__file__).parents[1] / "live" / "status_boundaries.json").read_text())
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _ago(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else NOW - timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['recorded_ago_ms']}-{c['moved_ago_ms']}")
def test_the_status_follows_from_the_last_position_and_the_last_movement(case):
    status = status_of(_ago(case["recorded_ago_ms"]), _ago(case["moved_ago_ms"]), now=NOW)
    assert status == case["status"]
