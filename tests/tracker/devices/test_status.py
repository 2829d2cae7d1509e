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


def _name(case: dict) -> str:
    return "-".join(str(value) for value in case.values())


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_the_status_follows_from_position_movement_cadence_and_risk(case):
    status = status_of(
        _ago(case["recorded_ago_ms"]),
        _ago(case["moved_ago_ms"]),
        now=NOW,
        cadence_s=case.get("cadence_s"),
        risk=case.get("risk", ""),
    )
    assert status == case["status"]
