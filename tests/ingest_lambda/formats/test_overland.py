"""Overland: features in a batch, several devices if it must be, and the one word it waits for."""

import json

import pytest

from tests.ingest_lambda.formats.apps import NOON, NOON_S, App, extra

OK = b'{"result":"ok"}'


def feature(lon=73.8475, lat=18.5308, **properties):
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {
        "type": "Feature",
        "geometry": point,
        "properties": {"timestamp": NOON, "device_id": "r7"} | properties,
    }


def batch(*features, **more):
    return App(
        body={"locations": list(features), **more}, headers={"Authorization": "Bearer of another house"}
    )


async def test_all_facts_of_a_feature_are_read_in_their_units():
    fix, envelope = await batch(
        feature(
            speed=12.5, course=90, altitude=0, horizontal_accuracy=30, vertical_accuracy=-1,
            motion=["driving", "stationary"], battery_state="charging", battery_level=0.8, wifi="",
        )
    ).one()  # fmt: skip
    assert (envelope.device, envelope.format, envelope.speed_unit) == ("r7", "overland", "mps")
    assert (fix.longitude, fix.latitude, fix.recorded_at_us) == (73.8475, 18.5308, NOON_S * 1_000_000)
    assert (fix.speed_mps, fix.heading_deg, fix.altitude_m, fix.accuracy_m) == (12.5, 90, 0, 30)
    assert (fix.battery, fix.charging, fix.activity) == (0.8, True, "driving")
    assert extra(fix) == {"vertical_accuracy": -1, "motion": ["driving", "stationary"]}


@pytest.mark.parametrize(
    ("state", "charging"),
    [("charging", True), ("full", True), ("unplugged", False), ("unknown", None), ([], None)],
)
async def test_full_counts_as_charging_and_unknown_as_unknown(state, charging):
    assert (await batch(feature(battery_state=state)).one())[0].charging is charging


async def test_below_zero_is_unknown():
    fix, _ = await batch(feature(speed=-1, course=-1, horizontal_accuracy=-1, battery_level=-1)).one()
    assert (fix.speed_mps, fix.heading_deg, fix.accuracy_m, fix.battery) == (None, None, None, None)


@pytest.mark.parametrize(
    "app",
    [
        batch(feature()),
        batch(),
        batch(feature(lat=91)),
        batch(5, None),
        batch(feature(), 5, None, "x", [], {}),
        batch({"type": "Feature", "geometry": None, "properties": {}}),
        batch(*[feature()] * 1500),
    ],
    ids=["one", "none", "impossible", "junk", "junk beside", "a visit", "more than we send"],
)
async def test_the_answer_is_exactly_the_word_it_waits_for(app):
    reply, _ = await app.reports()
    assert (reply.status, reply.body, dict(reply.headers)["content-type"]) == (200, OK, "application/json")


async def test_a_bad_feature_costs_itself_and_the_others_keep_their_order():
    at = [f"2026-11-22T08:59:{second}Z" for second in (10, 20, 30)]
    reply, envelopes = await batch(
        feature(timestamp=at[2]), feature(lat=173.8), feature(timestamp=at[0]), None, feature(timestamp=at[1])
    ).reports()
    fixes = [fix.recorded_at_us % 60_000_000 // 1_000_000 for e in envelopes for fix in e.positions]
    assert fixes == [30, 10, 20]
    refused = [(r.index, r.reason, e.device) for e in envelopes for r in e.refused]
    assert refused == [(1, "bad_latitude", "r7"), (3, "not_an_object", "")]
    assert reply.body == OK


async def test_the_devices_of_a_batch_travel_apart():
    app = batch(
        feature(device_id="a"),
        feature(device_id=""),
        feature(device_id="a"),
        feature(device_id="", unique_id="u"),
    )
    _, envelopes = await app.reports()
    told = [(e.device, e.part, len(e.positions)) for e in envelopes]
    assert told == [("a", 0, 2), ("unnamed-overland", 1, 1), ("u", 2, 1)]
    assert len({e.request_id for e in envelopes}) == 1


async def test_current_and_trip_beside_the_batch_are_not_stored_twice():
    _, envelopes = await batch(
        feature(), current=feature(lat=18.6), trip={"start_location": feature()}
    ).reports()
    assert sum(e.count for e in envelopes) == 1


async def test_a_batch_larger_than_an_envelope_travels_in_several():
    _, envelopes = await batch(*[feature()] * 1500).reports()
    assert [(e.part, len(e.positions)) for e in envelopes] == [(0, 1000), (1, 500)]


async def test_a_template_in_the_url_is_read_when_the_batch_is_empty():
    query = f"ts={NOON}&lat=37.3318&lon=-122.030581&acc=30&spd=-1&bat=0.8&alt=12"
    fix, envelope = await App(query=query, body={"locations": []}).one()
    assert (fix.latitude, fix.speed_mps, fix.battery, fix.altitude_m) == (37.3318, None, 0.8, 12)
    assert envelope.device == "unnamed-overland"
    _, both = await App(query=query, body={"locations": [feature()]}).reports()
    assert [len(e.positions) for e in both] == [1]


async def test_points_under_another_name_are_no_batch():
    reasons, reply = await App(body={"points": []}).refused()
    assert (reasons, reply.status) == (["unrecognised"], 400)


async def test_explain_lists_them_in_the_order_they_were_recorded():
    late, early = feature(timestamp="2026-11-22T08:59:40Z"), feature(timestamp="2026-11-22T08:59:20Z")
    told = await batch(late, feature(lat=173.8), early).explained()
    assert [p["recorded_at"] for p in told["positions"]] == ["2026-11-22T08:59:20Z", "2026-11-22T08:59:40Z"]
    assert [(v["outcome"], v["reason"]) for v in told["verdicts"]] == [
        ("accepted", None), ("accepted", None), ("quarantined", "bad_latitude"),
    ]  # fmt: skip
    assert json.loads(told["reply"]["body"]) == {"result": "ok"}
