"""OwnTracks over HTTP: km/h, seconds, the device out of topic or headers, and an empty array for everything."""

import pytest

from tests.ingest_lambda.door import PUBLISHABLE
from tests.ingest_lambda.formats.apps import NOON_S, App, extra

LOCATION = {
    "_type": "location", "lat": 18.5308, "lon": 73.8475, "tst": NOON_S, "tid": "P1", "acc": 15, "alt": 440,
    "vel": 45, "cog": 271, "batt": 46, "bs": 2, "t": "u", "conn": "w", "created_at": NOON_S + 60,
}  # fmt: skip


async def test_all_facts_of_a_location_are_read_in_their_units():
    fix, envelope = await App(body=LOCATION).one()
    assert (envelope.device, envelope.format, envelope.speed_unit) == ("P1", "owntracks", "kmh")
    assert fix.recorded_at_us == NOON_S * 1_000_000
    assert fix.speed_mps == pytest.approx(12.5)
    assert (fix.accuracy_m, fix.altitude_m, fix.heading_deg, fix.battery) == (15, 440, 271, 0.46)
    assert (extra(fix)["t"], extra(fix)["conn"]) == ("u", "w")


@pytest.mark.parametrize(
    ("bs", "charging"), [(0, None), (1, False), (2, True), (3, True), ("x", None), (None, None)]
)
async def test_the_battery_state_says_whether_it_charges(bs, charging):
    assert (await App(body=LOCATION | {"bs": bs}).one())[0].charging is charging


@pytest.mark.parametrize(
    "message",
    [
        LOCATION,
        LOCATION | {"lat": 91},
        {"_type": "lwt", "tst": 1},
        {"_type": "transition", "tid": "us", "lat": 45.0, "lon": 90.0, "event": "leave", "tst": NOON_S},
        {"_type": "waypoint", "lat": 9, "lon": 47, "rad": 50, "tst": 4},
        {"_type": "waypoints", "waypoints": []},
        {"_type": "status"},
        {"_type": "cmd", "action": "dump"},
        {"_type": "encrypted", "data": "Fs2lUnUcU0Y="},
        {"_type": 5},
        {"_type": "location"},
    ],
    ids=lambda message: str(message["_type"]),
)
async def test_every_message_is_answered_with_an_empty_array(message):
    reply, _ = await App(body=message).reports()
    assert (reply.status, reply.body, dict(reply.headers)["content-type"]) == (200, b"[]", "application/json")


@pytest.mark.parametrize(
    "kind", ["lwt", "transition", "waypoint", "waypoints", "status", "card", "cmd", "steps"]
)
async def test_only_a_location_holds_a_fix(kind):
    _, envelopes = await App(body=LOCATION | {"_type": kind}).reports()
    assert envelopes == []


async def test_an_encrypted_message_is_set_aside_so_that_the_console_says_so():
    reasons, _ = await App(body={"_type": "encrypted", "data": "Fs2l"}).refused()
    assert reasons == ["encrypted"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"tst": None}, "missing_recorded_at"),
        ({"tst": NOON_S * 1000}, "bad_recorded_at"),
        ({"tst": "now"}, "bad_recorded_at"),
        ({"lon": "east"}, "bad_longitude"),
        ({"lat": None}, "missing_latitude"),
    ],
)
async def test_a_location_that_cannot_be_read_is_set_aside_with_its_reason(message, reason):
    reasons, reply = await App(body=LOCATION | message).refused()
    assert (reasons, reply.body) == ([reason], b"[]")


@pytest.mark.parametrize(
    ("message", "headers", "query", "device"),
    [
        ({"topic": "owntracks/ckrey/My Phone"}, {"X-Limit-D": "other"}, "", "owntracks/ckrey/My Phone"),
        ({}, {"X-Limit-U": "jjolie", "X-Limit-D": "myphone"}, "", "owntracks/jjolie/myphone"),
        ({}, {}, "u=jjolie&d=myphone", "owntracks/jjolie/myphone"),
        ({}, {"X-Limit-D": "myphone"}, "", "owntracks/myphone"),
        ({"topic": f"owntracks/{PUBLISHABLE}/phone"}, {}, "", "owntracks/phone"),
        ({}, {"X-Limit-U": PUBLISHABLE, "X-Limit-D": "phone"}, "", "owntracks/phone"),
        ({}, {}, "", "P1"),
        ({"tid": None}, {}, "", "unnamed-owntracks"),
        ({"topic": 5}, {}, "", "P1"),
    ],
)
async def test_the_device_is_the_topics_else_the_headers_else_the_tid_and_never_a_key(
    message, headers, query, device
):
    _, envelope = await App(body=LOCATION | message, headers=headers, query=query).one()
    assert envelope.device == device


async def test_a_body_of_no_length_is_nothing():
    reply, envelopes = await App(headers={"X-Limit-U": "u", "X-Limit-D": "d"}).reports()
    assert (reply.status, reply.body, envelopes) == (200, b"[]", [])
