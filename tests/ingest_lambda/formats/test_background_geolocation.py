"""Transistorsoft's background geolocation: one, a batch, either at the root; metres a second, -1 unknown."""

from typing import Any

import pytest

from tests.ingest_lambda.formats.apps import NOON, NOON_S, App, extra

LOCATION: Any = {
    "uuid": "2FB04C65", "timestamp": NOON, "odometer": 1200.5, "is_moving": True, "event": "motionchange",
    "coords": {"latitude": 52.37, "longitude": 4.9, "accuracy": 8, "speed": 12.5, "speed_accuracy": 1,
               "heading": 90, "altitude": 3, "floor": None},
    "activity": {"type": "in_vehicle", "confidence": 100}, "battery": {"level": 0.5, "is_charging": True},
    "geofence": {"identifier": "home", "action": "EXIT"}, "extras": {},
}  # fmt: skip
NAMED = {"device_id": "van-1"}


@pytest.mark.parametrize(
    "app",
    [
        App(body={"location": LOCATION, **NAMED, "company": "acme"}),
        App(body={"location": [LOCATION], "deviceId": "van-1"}),
        App(body={"location": LOCATION}, path="/van-1"),
        App(body=LOCATION | {"device_id": "van-1"}),
        App(body=[LOCATION | {"extras": NAMED}]),
        App(body={"data": LOCATION, "device": {"uuid": "van-1"}}),
        App(body={"locations": [LOCATION], "device": "van-1"}),
        App(body={"location": LOCATION}, query="device_id=van-1"),
    ],
    ids=["single", "batch", "path", "root", "bare array", "another root", "their plural", "query"],
)
async def test_one_place_is_the_same_fix_in_every_form(app):
    fix, envelope = await app.one()
    assert (envelope.device, envelope.format, envelope.speed_unit) == (
        "van-1",
        "background-geolocation",
        "mps",
    )
    assert (fix.latitude, fix.longitude, fix.recorded_at_us) == (52.37, 4.9, NOON_S * 1_000_000)
    assert (fix.speed_mps, fix.heading_deg, fix.altitude_m, fix.accuracy_m) == (12.5, 90, 3, 8)
    assert (fix.battery, fix.charging, fix.activity) == (0.5, True, "in_vehicle")
    assert {"uuid", "odometer", "is_moving", "event", "geofence", "speed_accuracy"} <= extra(fix).keys()


async def test_the_answer_is_200_and_an_empty_object():
    reply, _ = await App(body={"location": [LOCATION, LOCATION], **NAMED}).reports()
    assert (reply.status, reply.body, dict(reply.headers)["content-type"]) == (200, b"{}", "application/json")


async def test_minus_one_is_unknown():
    coords = LOCATION["coords"] | {"speed": -1, "heading": -1, "accuracy": -1}
    fix, _ = await App(
        body={"location": LOCATION | {"coords": coords, "battery": {"level": -1}}, **NAMED}
    ).one()
    assert (fix.speed_mps, fix.heading_deg, fix.accuracy_m, fix.battery, fix.charging) == (None,) * 5


async def test_the_order_of_a_batch_is_kept_and_a_heartbeat_in_it_is_no_fix():
    heartbeat = {"timestamp": NOON, "event": "heartbeat", "battery": {"level": 1}}
    times = [f"2026-11-22T08:59:{second}.000Z" for second in (30, 10, 20)]
    batch = [LOCATION | {"timestamp": time} for time in times]
    _, [envelope] = await App(body={"location": [batch[0], heartbeat, *batch[1:]], **NAMED}).reports()
    assert [fix.recorded_at_us % 60_000_000 // 1_000_000 for fix in envelope.positions] == [30, 10, 20]


async def test_a_bad_location_costs_itself():
    bad: list[Any] = [
        LOCATION | {"coords": value} for value in ({}, 5, "x", {"latitude": "north", "longitude": 4.9})
    ]
    _, envelopes = await App(body={"location": [LOCATION, *bad, 7, LOCATION], **NAMED}).reports()
    assert sum(len(e.positions) for e in envelopes) == 2
    assert sorted(r.index for e in envelopes for r in e.refused) == [1, 2, 3, 4, 5]


async def test_numbers_in_quotes_are_numbers():
    coords = LOCATION["coords"] | {"latitude": "52.37", "longitude": "4.9", "speed": "12.5"}
    fix, _ = await App(body={"location": LOCATION | {"coords": coords}, **NAMED}).one()
    assert (fix.latitude, fix.speed_mps) == (52.37, 12.5)


async def test_without_a_device_it_stays_in_the_app():
    reasons, reply = await App(body={"location": LOCATION}).refused()
    assert (reasons, reply.status, reply.code) == (["missing_device_id"], 400, "missing_device_id")
    assert b"end its URL with /NAME" in reply.body


async def test_what_the_library_says_of_the_phone_is_kept():
    device = {"uuid": "van-1", "model": "Pixel 9", "platform": "Android", "version": "16"}
    _, envelope = await App(body={"location": LOCATION, "device": device}).one()
    assert (envelope.device_info.model, envelope.device_info.os) == ("Pixel 9", "Android 16")
