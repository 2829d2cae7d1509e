"""What a request means, told to whoever sets up an app: everything the door would do with it, and nothing stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ingest_lambda.alone import alone
from ingest_lambda.exchange import Reply
from ingest_lambda.feed import EnvironmentFacts
from ingest_lambda.formats import DeviceReports, unrecognised
from ingest_lambda.formats.catalogue import Understood
from ingest_lambda.judgement import Bounds, judge
from ingest_lambda.outcomes import Verdict, quarantined
from ingest_lambda.problems import OPEN_TO_BROWSERS
from ingest_lambda.report import MICROSECONDS, SPEED_UNITS, PositionReport

# of an environment that the door does not know yet: what a new one has
DEFAULT_BOUNDS = Bounds(accuracy_m=50.0, speed_mps=100.0, retention_us=90 * 86_400 * MICROSECONDS)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def explain(
    understood: Understood,
    would_be: Reply,
    facts: EnvironmentFacts | None,
    received_at_us: int,
    request_id: str,
) -> Reply:
    """The document: form, device, positions in the order they were recorded, their verdicts, the app's answer.

    `verdicts` stand in the order of `positions`; those of refused fixes, which have no position, follow. Each fix is
    judged alone: whether it is a repeat, or a jump, depends on what the device sent before.
    """
    told = sorted(
        ((fix, reports) for reports in understood.reports for fix in reports.positions),
        key=lambda pair: pair[0].recorded_at_us,
    )
    bounds = _bounds(facts)
    verdicts = [_judged(fix, received_at_us, bounds) for fix, _ in told]
    verdicts += [quarantined(r.reason, r.detail) for reports in understood.reports for r in reports.refused]
    devices = list(dict.fromkeys(reports.device for reports in understood.reports if reports.device))
    units = facts.speed_units if facts is not None else {}
    document = {
        "format": None if understood.form is unrecognised else understood.form.NAME,
        "device_id": devices[0] if devices else None,
        "positions": [_shown(fix, reports, units, several=len(devices) > 1) for fix, reports in told],
        "verdicts": [
            {"outcome": v.outcome, "reason": v.reason or None, "detail": v.detail or None} for v in verdicts
        ],
        "reply": {
            "status": would_be.status,
            "headers": dict(would_be.headers),
            "body": would_be.body.decode("utf-8", "replace"),
        },
    }
    return _reply(document, request_id)


def _reply(document: dict[str, Any], request_id: str) -> Reply:
    headers = [
        ("content-type", "application/json"),
        ("x-request-id", request_id),
        ("cache-control", "no-store"),
        *OPEN_TO_BROWSERS,
    ]
    return Reply(200, headers, msgspec.json.format(msgspec.json.encode(document), indent=1))


def _bounds(facts: EnvironmentFacts | None) -> Bounds:
    if facts is None:
        return DEFAULT_BOUNDS
    retention_us = facts.retention_days * 86_400 * MICROSECONDS
    return Bounds(facts.accuracy_bound_m, facts.speed_bound_mps, retention_us)


def _judged(fix: PositionReport, received_at_us: int, bounds: Bounds) -> Verdict:
    return alone(fix, received_at_us, received_at_us, bounds) or judge(None, fix, bounds)[1]


def _shown(
    fix: PositionReport, reports: DeviceReports, units: dict[str, str], *, several: bool
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        name: getattr(fix, name) for name in fix.__struct_fields__ if name != "recorded_at_us"
    }
    moment = _EPOCH + timedelta(microseconds=fix.recorded_at_us)
    facts["speed_mps"] = overridden(fix.speed_mps, reports, units)
    for name in ("permissions", "extra"):
        facts[name] = None if facts[name] is None else msgspec.json.decode(facts[name])
    shown = {"recorded_at": moment.isoformat().replace("+00:00", "Z"), **facts}
    return shown | {"device_id": reports.device} if several else shown


def overridden(speed_mps: float | None, reports: DeviceReports, units: dict[str, str]) -> float | None:
    """The speed in m/s once the device's own setting has its say about the unit that the app's number is in."""
    unit = units.get(reports.device)
    if speed_mps is None or unit not in SPEED_UNITS or reports.speed_unit not in SPEED_UNITS:
        return speed_mps
    return speed_mps * SPEED_UNITS[unit] / SPEED_UNITS[reports.speed_unit]
