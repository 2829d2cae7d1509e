"""A fix as text for the reasons page: the JSON its sender would recognise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec

from ingest_lambda.report import MAX_RAW_BYTES, PositionReport

_EPOCH = datetime.fromtimestamp(0, UTC)


def payload_text(fix: PositionReport) -> str:
    """The native JSON of a fix, ASCII, unknown facts left out, cut at MAX_RAW_BYTES."""
    facts = {name: value for name, value in msgspec.structs.asdict(fix).items() if value is not None}
    recorded_at_us = facts.pop("recorded_at_us")
    try:
        shown = (_EPOCH + timedelta(microseconds=recorded_at_us)).isoformat()
    except OverflowError:
        shown = recorded_at_us
    return json.dumps({"recorded_at": shown, **facts})[:MAX_RAW_BYTES]
