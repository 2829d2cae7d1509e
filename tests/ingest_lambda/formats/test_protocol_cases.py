"""The collected requests of apps in the field, through the one address and through explain, each to its expectation."""

import json
import math
from datetime import datetime
from pathlib import Path

import pytest

from tests.ingest_lambda.formats.apps import App

SOURCE = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "protocols" / "protocol_cases.json"
CASES = json.loads(SOURCE.read_text()) if SOURCE.exists() else []
FACTS = {
    "lat": "latitude",
    "lon": "longitude",
    "accuracy_m": "accuracy_m",
    "altitude_m": "altitude_m",
    "speed_mps": "speed_mps",
    "heading_deg": "heading_deg",
    "charging": "charging",
    "activity": "activity",
}
# Kept beside the known facts, under the app's own names.
KEPT = {"moving": "is_moving", "event": "event", "trigger": "t", "odometer_m": "odometer", "mock": "mock"}
# No retry mends what is wrong with a fix, and it would block the fixes behind it: where a case would have these
# refused they are answered as if they were right, and set aside with a reason.
TAKEN_AND_SET_ASIDE = {
    "osmand-16": "bad_latitude",
    "osmand-18": "bad_latitude",
    "osmand-20": "bad_latitude",
    "owntracks-24": "missing_recorded_at",
}

cases = pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
pytestmark = pytest.mark.skipif(not CASES, reason="the collected cases are not at hand")


def app_of(case):
    asked = case["request"]
    return App(
        query=asked.get("query", ""),
        body=(asked.get("body") or "").encode(),
        headers=asked.get("headers"),
        method=asked["method"],
    )


@cases
async def test_what_was_understood_is_what_was_sent(case):
    told, expected = await app_of(case).explained(), case["expect"]
    fixes, outcome = expected.get("fixes") or [], expected["outcome"]
    if expected.get("device"):
        assert told["device_id"] == expected["device"]
    if outcome.startswith("reject"):
        assert all(verdict["outcome"] != "accepted" for verdict in told["verdicts"])
        return
    if "_or_" in outcome and not told["positions"]:
        return
    assert len(told["positions"]) == len(fixes)
    for got, fix in zip(told["positions"], fixes, strict=True):
        _assert_same(got, fix)


def _assert_same(got, fix):
    for name, value in fix.items():
        if name in FACTS:
            _assert_equal(got[FACTS[name]], value, name)
        elif name in KEPT:
            assert got["extra"].get(KEPT[name]) == value, name
    if "ts" in fix:
        wanted = datetime.fromisoformat(fix["ts"])
        assert abs((datetime.fromisoformat(got["recorded_at"]) - wanted).total_seconds()) < 0.002
    if "battery_pct" in fix:
        _assert_equal(None if got["battery"] is None else got["battery"] * 100, fix["battery_pct"], "battery")
    for name, value in fix.get("extra", {}).items():
        assert got["extra"][name] == value


def _assert_equal(got, wanted, name):
    if wanted is None or isinstance(wanted, bool | str):
        assert got == wanted, name
    else:
        assert got is not None, name
        assert math.isclose(got, wanted, rel_tol=1e-4, abs_tol=1e-4), (name, got, wanted)


@cases
async def test_the_app_gets_the_answer_it_needs(case):
    reply, envelopes = await app_of(case).reports()
    expected = case["expect"].get("response", {})
    if case["id"] in TAKEN_AND_SET_ASIDE:
        [envelope] = envelopes
        assert [refused.reason for refused in envelope.refused] == [TAKEN_AND_SET_ASIDE[case["id"]]]
        assert (reply.status, envelope.positions) == (200, [])
        return
    wanted = str(expected.get("status", ""))
    if wanted:
        assert str(reply.status) == wanted or (wanted == "4xx" and reply.status == 400)
    if "body_json" in expected:
        assert json.loads(reply.body) == expected["body_json"]
    assert reply.status in {200, 400}


@cases
async def test_what_explain_says_the_app_would_get_is_what_it_gets(case):
    told, (reply, envelopes) = await app_of(case).explained(), await app_of(case).reports()
    assert told["reply"]["status"] == reply.status
    if reply.status == 200:
        assert told["reply"]["body"] == reply.body.decode()
    assert len(told["verdicts"]) == sum(envelope.count for envelope in envelopes)


@cases
async def test_sent_again_after_a_failure_it_is_the_same_report(case):
    (_, first), (_, again) = await app_of(case).reports(), await app_of(case).reports()
    assert [(e.device, e.positions) for e in first] == [(e.device, e.positions) for e in again]


def test_all_cases_are_here():
    assert len(CASES) >= 57
