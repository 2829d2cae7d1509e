"""OsmAnd, GPSLogger and OpenGTS: apps whose users write the URL themselves."""

import pytest

from tests.ingest_lambda.formats.apps import NOON, NOON_S, App, extra

OSMAND = {
    "lat": "52.37", "lon": "4.9", "timestamp": f"{NOON_S}000", "hdop": "7.5", "altitude": "3", "speed": "12.5",
    "bearing": "90",
}  # fmt: skip
GPSLOGGER = {
    "lat": "12.193", "lon": "19.111", "sat": "9", "desc": "blah", "alt": "45.0", "acc": "8.0", "dir": "359.0",
    "prov": "gps", "spd_kph": "45", "spd": "12.5", "time": NOON, "battery": "91.0", "androidId": "22",
    "serial": "SRS11", "activity": "",
}  # fmt: skip
SENTENCE = "$GPRMC,085930,A,2255.1234,S,04310.5678,W,10.0,45.0,221126,,*19"
OPENGTS = {"id": "77", "gprmc": SENTENCE}


async def test_osmands_speed_is_metres_a_second_and_its_hdop_the_accuracy():
    fix, envelope = await App(query=OSMAND, method="GET", path="/van-1").one()
    assert (envelope.device, envelope.format, envelope.speed_unit) == ("van-1", "osmand", "mps")
    assert (fix.speed_mps, fix.accuracy_m, fix.heading_deg, fix.altitude_m) == (12.5, 7.5, 90, 3)
    assert fix.recorded_at_us == NOON_S * 1_000_000


async def test_osmands_zeros_are_values_but_for_its_accuracy():
    fix, _ = await App(query=OSMAND | {"hdop": "0.0", "speed": "0.0", "bearing": "0.0"}).one()
    assert (fix.accuracy_m, fix.speed_mps, fix.heading_deg) == (None, 0, 0)


@pytest.mark.parametrize(
    "change",
    [{"timestamp": str(NOON_S)}, {"accuracy": "7.5"}, {"hdop": ""}],
    ids=["seconds", "accuracy", "no hdop"],
)
async def test_what_is_not_osmands_shape_is_traccars_query_in_knots(change):
    fix, envelope = await App(query=OSMAND | {"id": "1"} | change).one()
    assert (envelope.format, envelope.speed_unit) == ("traccar", "knots")
    assert fix.speed_mps == pytest.approx(6.4306, abs=1e-3)


async def test_osmand_without_a_name_is_not_refused_for_it_would_send_again_at_once():
    _, envelope = await App(query=OSMAND).one()
    assert envelope.device == "unnamed-osmand"


@pytest.mark.parametrize(
    "app",
    [App(query=GPSLOGGER, method="GET"), App(form=GPSLOGGER), App(body=GPSLOGGER), App(body=[GPSLOGGER])],
    ids=["query", "form", "object", "array"],
)
async def test_all_facts_of_gpslogger_are_read_in_their_units(app):
    fix, envelope = await app.one()
    assert (envelope.device, envelope.format, envelope.speed_unit) == ("22", "gpslogger", "mps")
    assert (fix.latitude, fix.longitude, fix.recorded_at_us) == (12.193, 19.111, NOON_S * 1_000_000)
    assert (fix.altitude_m, fix.accuracy_m, fix.heading_deg, fix.speed_mps) == (45, 8, 359, 12.5)
    assert (fix.battery, fix.activity) == (0.91, None)
    assert extra(fix) == {"sat": 9, "desc": "blah", "prov": "gps", "spd_kph": 45, "serial": "SRS11"}


@pytest.mark.parametrize(
    ("name", "value", "mps", "unit"),
    [("spd", "10", 10, "mps"), ("s", "10", 10, "mps"), ("speed", "10", 10, "mps"), ("SPD_KPH", "36", 10, "kmh"),
     ("spd_mph", "10", 4.4704, "mph"), ("spd", "-1", None, "mps"), ("spd", "fast", None, "mps")],
)  # fmt: skip
async def test_the_unit_of_a_speed_is_told_by_the_name_its_user_gave_it(name, value, mps, unit):
    fix, envelope = await App(query={"lat": "1.5", "lon": "2.5", name: value}).one()
    assert fix.speed_mps == (None if mps is None else pytest.approx(mps))
    assert envelope.speed_unit == unit


@pytest.mark.parametrize(
    "facts",
    [
        {"lat": "1.5", "longitude": "2.5", "time": NOON, "s": "3"},
        {"Latitude": "1.5", "LNG": "2.5", "ts": str(NOON_S)},
        {"lat": "1.5", "long": "2.5", "epoch": f"{NOON_S}"},
        {"lat": "1.5", "lon": "2.5", "timeoff": "2026-11-22T10:59:30.000+02:00"},
    ],
)
async def test_the_usual_names_of_place_and_time_are_known(facts):
    fix, _ = await App(query=facts).one()
    assert (fix.latitude, fix.longitude, fix.recorded_at_us) == (1.5, 2.5, NOON_S * 1_000_000)


async def test_a_plus_sign_that_came_through_as_a_space_is_still_an_offset():
    fix, _ = await App(query="lat=1.5&lon=2.5&timeoff=2026-11-22T10:59:30.000+02:00").one()
    assert fix.recorded_at_us == NOON_S * 1_000_000


@pytest.mark.parametrize(
    ("facts", "reason"), [({"date": "2026-11-22"}, "bad_recorded_at"), ({"time": "8:59"}, "bad_recorded_at")]
)
async def test_a_date_alone_is_not_midnight(facts, reason):
    reasons, reply = await App(query={"lat": "1.5", "lon": "2.5"} | facts).refused()
    assert (reasons, reply.status) == ([reason], 200)


@pytest.mark.parametrize(
    "facts", [{}, {"stst": "0"}, {"horizontal": "", "vertical": "19"}, {"dist": "27"}, {"time": ""}]
)
async def test_a_fix_that_tells_no_time_was_taken_when_it_came(facts):
    fix, envelope = await App(query={"lat": "1.5", "lon": "2.5"} | facts).one()
    assert fix.recorded_at_us == envelope.received_at_us
    assert envelope.device == "unnamed-gpslogger"


@pytest.mark.parametrize(
    "query", ["lat=%25LAT&lon=%25LON&time=%25TIME", "lat={0}&lon={1}&timestamp={2}&id=1"]
)
async def test_placeholders_that_no_app_filled_are_told_to_whoever_opened_the_address(query):
    reasons, reply = await App(query=query, method="GET").refused()
    assert (reasons, reply.status, reply.code) == (["unrecognised"], 400, "unrecognised")
    assert b"as it stands in the template" in reply.body


async def test_a_placeholder_elsewhere_costs_nothing():
    fix, _ = await App(query=f"lat=1.5&lon=2.5&time={NOON}&desc=%25DESC").one()
    assert extra(fix) == {"desc": "%DESC"}


async def test_a_sentence_is_read_in_knots_degrees_and_minutes():
    fix, envelope = await App(
        query=OPENGTS | {"alt": "160.5", "batt": "50", "code": "0xF020"}, method="GET"
    ).one()
    assert (envelope.device, envelope.format, envelope.speed_unit) == ("77", "opengts", "knots")
    assert (fix.latitude, fix.longitude) == (pytest.approx(-22.9187233), pytest.approx(-43.17613))
    assert (fix.speed_mps, fix.heading_deg) == (pytest.approx(5.14444, abs=1e-4), 45)
    assert (fix.recorded_at_us, fix.altitude_m, fix.battery) == (NOON_S * 1_000_000, 160.5, 0.5)
    assert extra(fix) == {"code": "0xF020"}


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        (SENTENCE.replace(",A,", ",V,"), "marked_invalid"),
        ("$GPRMC", "missing_recorded_at"),
        (SENTENCE[:30], "bad_recorded_at"),
        (SENTENCE.replace(",W,", ",,"), "bad_longitude"),
        (SENTENCE.replace("2255.1234", "2275.1234"), "bad_latitude"),
        (SENTENCE.replace("04310.5678", "19010.5678"), "bad_longitude"),
        (SENTENCE.replace("221126", "991326"), "bad_recorded_at"),
        ("\x00" * 50, "missing_recorded_at"),
    ],
)  # fmt: skip
async def test_a_sentence_that_cannot_be_read_is_set_aside(sentence, reason):
    reasons, reply = await App(query=OPENGTS | {"gprmc": sentence}).refused()
    assert (reply.status, reply.body) == (200, b"OK")
    assert reasons == [reason]


@pytest.mark.parametrize("app", [App(query=OSMAND), App(query=GPSLOGGER), App(query=OPENGTS)])
async def test_these_apps_look_at_the_status_alone(app):
    reply, _ = await app.reports()
    assert (reply.status, reply.body) == (200, b"OK")


async def test_other_bad_checksums_are_taken_for_widespread_apps_send_them():
    fix, _ = await App(query=OPENGTS | {"gprmc": SENTENCE.replace("*19", "*00")}).one()
    assert fix.heading_deg == 45
