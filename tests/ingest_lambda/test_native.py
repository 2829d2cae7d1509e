"""Our own JSON: what is kept, what is dropped, and that one bad fix costs only itself."""

import json

import pytest

from ingest_lambda.formats import native
from ingest_lambda.report import MAX_EXTRA_BYTES, MAX_RAW_BYTES, DeviceInfo
from tests.ingest_lambda.door import FIX

NOON_US = 1_795_348_800_000_000  # 2026-11-22T12:00:00Z


def read(*positions, **more):
    return native.read_body(json.dumps({"device_id": "van-1", "positions": list(positions), **more}).encode())


def one(**facts):
    """The one position of a body with FIX and these facts; both ways of reading must agree on it."""
    fast = read(FIX | facts)
    careful = native._read_with_care(json.dumps({"device_id": "van-1", "positions": [FIX | facts]}).encode())
    assert fast == careful
    assert fast.refused == [], fast.refused
    return fast.positions[0]


def refusal(fix):
    result = read(FIX, fix, FIX)
    assert len(result.positions) == 2
    [refused] = result.refused
    assert refused.index == 1
    return refused


@pytest.mark.parametrize(
    ("value", "microseconds"),
    [
        ("2026-11-22T12:00:00Z", NOON_US),
        ("2026-11-22T12:00:00z", NOON_US),
        ("2026-11-22t12:00:00Z", NOON_US),
        ("2026-11-22 12:00:00+00:00", NOON_US),
        (" 2026-11-22T12:00:00Z ", NOON_US),
        ("2026-11-22T17:30:00+05:30", NOON_US),
        ("2026-11-22T17:30:00+0530", NOON_US),
        ("20261122T120000Z", NOON_US),
        ("2026-11-22T12:00:00", NOON_US),
        ("2026-11-22T12:00:00.123Z", NOON_US + 123_000),
        ("2026-11-22T12:00:00,123Z", NOON_US + 123_000),
        ("2026-11-22T12:00:00.123456789Z", NOON_US + 123_456),
        ("2026-11-22T11:59:60Z", NOON_US),
        (1_795_348_800, NOON_US),
        (1_795_348_800.5, NOON_US + 500_000),
        (1_795_348_800_123, NOON_US + 123_000),
        (1_795_348_800_123.0, NOON_US + 123_000),
        ("1795348800", NOON_US),
        ("1795348800.5", NOON_US + 500_000),
        ("1795348800123", NOON_US + 123_000),
        (0, 0),
        (99_999_999_999, 99_999_999_999_000_000),
        (100_000_000_000, 100_000_000_000_000),
    ],
)
def test_the_time_is_read_from_iso_seconds_or_milliseconds(value, microseconds):
    assert one(recorded_at=value).recorded_at_us == microseconds


@pytest.mark.parametrize(
    "value",
    ["", "now", "2026-11-22", "2026-13-01T00:00:00Z", "2026-11-22T25:00:00Z", -1, 1e14, 10**30, "99999999999999999999",
     True, [], {}, "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60Z",
     "٢٠٢٦-11-22T12:00:00Z", "1e9", "0x10", "\x00", "2026-11-22T12:00:00+25:00", "12:00", "-5", "1\n2"],
)  # fmt: skip
def test_a_time_that_is_none_is_refused_alone_and_shown(value):
    refused = refusal(FIX | {"recorded_at": value})
    assert refused.reason == "bad_recorded_at"
    assert refused.detail.startswith("recorded_at ")
    assert json.loads(refused.raw)["recorded_at"] == value


@pytest.mark.parametrize(
    ("fix", "reason", "words"),
    [
        (5, "not_an_object", "5"),
        (None, "not_an_object", "null"),
        ([FIX], "not_an_object", "not an object"),
        ("x" * 5000, "not_an_object", "xxx"),
        ({}, "missing_recorded_at", "recorded_at is missing"),
        (FIX | {"recorded_at": None}, "missing_recorded_at", "recorded_at is missing"),
        ({"recorded_at": 1, "longitude": 1}, "missing_latitude", "latitude is missing"),
        ({"recorded_at": 1, "latitude": 1}, "missing_longitude", "longitude is missing"),
        (FIX | {"latitude": 90.0000001}, "bad_latitude", "latitude 90.0000001 is outside -90..90"),
        (FIX | {"latitude": -91}, "bad_latitude", "-91"),
        (FIX | {"latitude": "52.1"}, "bad_latitude", 'latitude "52.1" is not a finite number'),
        (FIX | {"latitude": True}, "bad_latitude", "true"),
        (FIX | {"longitude": 180.5}, "bad_longitude", "longitude 180.5 is outside -180..180"),
        (FIX | {"longitude": []}, "bad_longitude", "[]"),
        (FIX | {"longitude": 10**400}, "bad_longitude", "is outside -180..180"),
    ],
)
def test_a_position_that_cannot_be_read_is_refused_alone_with_its_reason(fix, reason, words):
    refused = refusal(fix)
    assert refused.reason == reason
    assert words in refused.detail
    assert len(refused.raw) <= MAX_RAW_BYTES
    assert refused.raw.isascii()


def test_a_number_beyond_a_double_costs_only_its_position():
    body = b'{"device_id":"a","positions":[{"recorded_at":1,"latitude":1e999,"longitude":1},%s]}'
    result = native.read_body(body % json.dumps(FIX).encode())
    assert len(result.positions) == 1
    assert (result.refused[0].reason, result.refused[0].detail) == (
        "bad_latitude",
        'latitude "1e999" is not a finite number',
    )


def test_only_refused_positions_are_still_a_report():
    result = read(1, 2)
    assert [refused.index for refused in result.refused] == [0, 1]


def test_all_facts_of_a_fix_are_kept():
    fix = one(
        accuracy_m=5, altitude_m=-3.5, speed_mps=2.5, heading_deg=359.5, battery=1, charging=False,
        activity="walking", permissions={"location": "always"}, extra={"a": [1]},
    )  # fmt: skip
    assert (fix.accuracy_m, fix.altitude_m, fix.speed_mps, fix.heading_deg, fix.battery) == (
        5,
        -3.5,
        2.5,
        359.5,
        1,
    )
    assert (fix.charging, fix.activity) == (False, "walking")
    assert (fix.permissions, fix.extra) == ('{"location":"always"}', '{"a":[1]}')


@pytest.mark.parametrize("name", ["accuracy_m", "speed_mps", "heading_deg"])
def test_a_negative_measure_means_unknown(name):
    fix = one(**{name: -1})
    assert getattr(fix, name) is None
    assert fix.extra is None


@pytest.mark.parametrize(("sent", "kept"), [(360, 0.0), (0, 0.0), (359.99, 359.99)])
def test_north_has_one_heading(sent, kept):
    assert one(heading_deg=sent).heading_deg == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [("battery", 1.5), ("battery", -0.1), ("battery", "full"), ("heading_deg", 361), ("speed_mps", "5"),
     ("accuracy_m", True), ("altitude_m", 1e300), ("charging", 1), ("activity", 5), ("activity", ["walking"])],
)  # fmt: skip
def test_an_optional_fact_that_makes_no_sense_is_dropped_and_kept_aside(name, value):
    fix = one(**{name: value})
    assert getattr(fix, name) is None
    assert json.loads(fix.extra) == {"dropped": {name: value}}


def test_an_absurd_accuracy_stays_bad_instead_of_unknown():
    assert one(accuracy_m=1e300).accuracy_m == 1e8


def test_a_number_too_small_for_the_database_is_zero():
    assert one(speed_mps=1e-300, altitude_m=-1e-300).speed_mps == 0.0


def test_unknown_fields_are_kept_beside_the_callers_extra():
    assert json.loads(one(odometer=5, extra={"a": 1}).extra) == {"odometer": 5, "a": 1}
    assert json.loads(one(extra=[1, 2]).extra) == {"extra": [1, 2]}


def test_an_extra_that_is_too_large_keeps_what_fits_and_names_the_rest():
    extra = json.loads(
        one(extra={"big": "x" * 5000, "small": 1} | {f"n{n}": "y" * 300 for n in range(40)}).extra
    )
    assert extra["small"] == 1
    assert extra["left_out"][0] == "big"
    assert "n0" in extra
    assert "n39" not in extra


@pytest.mark.parametrize("extra", [{"é" * 3000: 1}, {f"{n}" * 200: "\x01" * 600 for n in range(10)}])
def test_no_extra_is_ever_over_its_bound(extra):
    assert len(one(extra=extra).extra.encode()) <= MAX_EXTRA_BYTES


def test_what_the_database_cannot_hold_is_taken_out_of_strings_only():
    fix = one(
        activity="wal\x00king\x1b", extra={"a\x00": "b\x00c", "literal": "\\u0000"}, permissions=["\x00"]
    )
    assert fix.activity == "walking"
    assert json.loads(fix.extra) == {"a": "bc", "literal": "\\u0000"}
    assert fix.permissions == '[""]'


def test_an_integer_over_64_bits_is_kept_as_it_came():
    assert json.loads(one(extra={"n": 10**30}).extra) == {"n": 10**30}


def test_half_a_surrogate_pair_is_replaced_and_costs_nothing():
    fix = one(activity="\ud800x", extra={"\udc00": "\ud800"})
    assert fix.activity == "\ufffdx"
    assert json.loads(fix.extra) == {"\ufffd": "\ufffd"}


def test_deep_extra_is_left_out_and_the_fix_stays():
    deep: object = 5
    for _ in range(100):
        deep = [deep]
    assert json.loads(one(extra={"deep": deep, "ok": 1}).extra) == {"ok": 1, "left_out": ["deep"]}


def test_permissions_over_their_bound_are_dropped_and_named():
    fix = one(permissions=["x" * 2000])
    assert fix.permissions is None
    assert "permissions" in json.loads(fix.extra)["dropped"]


@pytest.mark.parametrize(
    ("sent", "kept"), [(5, "5"), (-1, "-1"), (1.5, "1.5"), (10**30, "1" + "0" * 30), (0, "0")]
)
def test_a_number_as_device_id_is_its_text(sent, kept):
    assert read(FIX, device_id=sent).device == kept


@pytest.mark.parametrize(
    ("device", "info"),
    [
        ({"name": "Van", "model": "M", "os": "o", "app_version": "1"}, DeviceInfo("Van", "M", "o", "1")),
        ({"name": 5, "model": "M"}, DeviceInfo(model="M")),
        ({"name": " \x00 ", "other": 1}, None),
        ({"name": "x" * 500}, DeviceInfo(name="x" * 200)),
        ({}, None),
        (None, None),
        (5, None),
        ([], None),
        ("van", None),
    ],
)
def test_what_a_device_says_of_itself_is_never_worth_a_refusal(device, info):
    assert read(FIX, device=device).device_info == info


def test_of_a_repeated_name_the_last_one_counts():
    body = b'{"device_id":"a","device_id":"b","positions":[{"recorded_at":1,"latitude":1,"latitude":2,"longitude":3}]}'
    result = native.read_body(body)
    assert (result.device, result.positions[0].latitude) == ("b", 2.0)


def test_a_byte_order_mark_is_ignored():
    assert read(FIX) == native.read_body(
        b"\xef\xbb\xbf" + json.dumps({"device_id": "van-1", "positions": [FIX]}).encode()
    )


def test_unknown_fields_beside_the_positions_are_ignored():
    assert read(FIX, sdk="1.0", key="pk_x") == read(FIX)
