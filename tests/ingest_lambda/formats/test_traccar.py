"""Traccar Client in its three forms: knots where it sends knots, m/s where it sends m/s, and an empty answer."""

from typing import Any

import pytest

from ingest_lambda.formats import traccar
from tests.ingest_lambda.formats.apps import NOON, NOON_S, App, extra

FLAT = {
    "id": "482341", "timestamp": str(NOON_S), "lat": "18.5308", "lon": "73.8475", "speed": "24.298056",
    "bearing": "90", "altitude": "560", "accuracy": "8", "batt": "64", "charge": "true",
}  # fmt: skip
OBJECT: Any = {
    "device_id": "482341",
    "location": {
        "timestamp": NOON,
        "coords": {"latitude": 18.5308, "longitude": 73.8475, "accuracy": 8, "speed": 12.5, "heading": 90,
                   "altitude": 560},
        "is_moving": True, "odometer": 1200, "event": "motionchange", "mock": True,
        "activity": {"type": "in_vehicle"}, "battery": {"level": 0.64, "is_charging": True}, "extras": {},
    },
}  # fmt: skip
FORMS = {
    "query": App(query=FLAT),
    "query by GET": App(query=FLAT, method="GET"),
    "form body": App(form=FLAT),
    "form body labelled as JSON": App(form=FLAT, headers={"Content-Type": "application/json"}),
    "flat object": App(body=FLAT),
    "array": App(body=[FLAT]),
    "object": App(body=OBJECT),
    "object labelled as a form": App(
        body=OBJECT, headers={"Content-Type": "application/x-www-form-urlencoded"}
    ),
}


@pytest.mark.parametrize("app", FORMS.values(), ids=FORMS)
async def test_one_place_is_the_same_fix_in_every_form(app):
    fix, envelope = await app.one()
    assert (envelope.device, envelope.format) == ("482341", "traccar")
    assert (fix.latitude, fix.longitude, fix.recorded_at_us) == (18.5308, 73.8475, NOON_S * 1_000_000)
    assert fix.speed_mps == pytest.approx(12.5, rel=1e-6)
    assert (fix.heading_deg, fix.altitude_m, fix.accuracy_m) == (90, 560, 8)
    assert (fix.battery, fix.charging) == (0.64, True)
    assert envelope.speed_unit == ("mps" if app.body.startswith(b'{"device_id"') else "knots")


@pytest.mark.parametrize("app", FORMS.values(), ids=FORMS)
async def test_the_answer_is_200_and_no_word_which_could_be_a_command(app):
    reply, _ = await app.reports()
    assert (reply.status, reply.body) == (200, b"")


async def test_the_objects_metres_a_second_are_not_divided_as_if_they_were_knots():
    fix, _ = await App(body=OBJECT).one()
    assert fix.speed_mps == 12.5


async def test_minus_one_is_unknown_and_the_mock_mark_is_kept():
    coords = OBJECT["location"]["coords"] | {"speed": -1, "heading": -1}
    location = OBJECT["location"] | {"coords": coords, "battery": {"level": -1, "is_charging": False}}
    fix, _ = await App(body={"device_id": "1", "location": location}).one()
    assert (fix.speed_mps, fix.heading_deg, fix.battery, fix.charging) == (None, None, None, False)
    assert extra(fix)["mock"] is True
    assert extra(fix)["odometer"] == 1200


async def test_accuracy_zero_is_unknown():
    fix, _ = await App(query=FLAT | {"accuracy": "0"}).one()
    assert fix.accuracy_m is None


@pytest.mark.parametrize(
    "app",
    [
        App(query={"id": "1", "timestamp": "1795337970", "batt": "50"}),
        App(form={"id": "1", "notificationToken": "abc"}),
        App(body={"device_id": "1", "location": {"timestamp": NOON, "battery": {"level": 0.5}}}),
        App(body=[{"id": "1", "timestamp": NOON_S, "batt": 50}]),
    ],
    ids=["heartbeat", "push token", "heartbeat as object", "heartbeat in an array"],
)
async def test_a_message_without_a_place_is_taken_and_is_no_fix(app):
    reply, envelopes = await app.reports()
    assert (reply.status, envelopes) == (200, [])
    assert (await app.explained())["device_id"] == "1"


@pytest.mark.parametrize(
    "time", [str(NOON_S), f"{NOON_S}000", NOON, "2026-11-22 08:59:30", "2026-11-22T10:59:30+02:00"]
)
async def test_the_time_is_read_in_every_way_it_is_sent(time):
    fix, _ = await App(query=FLAT | {"timestamp": time}).one()
    assert fix.recorded_at_us == NOON_S * 1_000_000


async def test_what_is_not_known_is_kept_with_its_type():
    fix, _ = await App(query=FLAT | {"ignition": "true", "rpm": "933", "vin": "007", "note": "a,b"}).one()
    assert extra(fix) == {"ignition": True, "rpm": 933, "vin": "007", "note": "a,b"}


async def test_a_place_may_come_in_one_parameter():
    fix, _ = await App(query={"id": "1", "location": "18.5308,73.8475", "timestamp": NOON_S}).one()
    assert (fix.latitude, fix.longitude) == (18.5308, 73.8475)


async def test_the_array_keeps_its_order_and_its_devices_apart():
    batch = [FLAT | {"timestamp": NOON_S + n, "id": f"d{n % 2}"} for n in range(6)]
    _, envelopes = await App(body=batch).reports()
    assert [(e.device, e.part) for e in envelopes] == [("d0", 0), ("d1", 1)]
    assert [fix.recorded_at_us // 1_000_000 - NOON_S for fix in envelopes[1].positions] == [1, 3, 5]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lat": "91"}, "bad_latitude"),
        ({"lat": "90.0000001"}, "bad_latitude"),
        ({"lat": "NaN"}, "bad_latitude"),
        ({"lat": "1e308"}, "bad_latitude"),
        ({"lat": "18,5308"}, "bad_latitude"),
        ({"lon": "Infinity"}, "bad_longitude"),
        ({"lon": ""}, "missing_longitude"),
        ({"timestamp": "yesterday"}, "bad_recorded_at"),
        ({"valid": "false"}, "marked_invalid"),
    ],
)
async def test_what_is_wrong_with_a_fix_is_answered_as_if_it_were_right_and_set_aside(change, reason):
    reasons, reply = await App(query=FLAT | change).refused()
    assert (reasons, reply.status, reply.body) == ([reason], 200, b"")


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        (App(query={"lat": "60.0", "lon": "30.0", "timestamp": "1377177267"}), "missing_device_id"),
        (App(query=FLAT | {"id": "9" * 5000}), "bad_device_id"),
    ],
)
async def test_a_fix_of_nobody_stays_in_the_app_until_somebody_names_it(app, reason):
    reasons, reply = await app.refused()
    assert (reasons, reply.status, reply.code) == ([reason], 400, reason)


async def test_a_fix_without_a_time_was_taken_when_it_came_and_says_so():
    app = App(query={name: value for name, value in FLAT.items() if name != "timestamp"})
    fix, envelope = await app.one()
    assert fix.recorded_at_us == envelope.received_at_us
    assert extra(fix)["recorded_at_is"] == "received"


async def test_a_repeated_parameter_counts_as_it_came_first():
    fix, _ = await App(query=f"id=1&lat=18.5&lat=19.0&lon=73.8&timestamp={NOON_S}").one()
    assert (fix.latitude, fix.longitude) == (18.5, 73.8)


def test_names_of_gpsloggers_templates_are_not_taken_for_traccars():
    assert not set(traccar._OF_OTHERS) & {
        "id",
        "lat",
        "lon",
        "timestamp",
        "speed",
        "bearing",
        "accuracy",
        "batt",
    }
