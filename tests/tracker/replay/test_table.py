"""Tables: columns are guessed and said, times must mean something, bad rows cost only themselves."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.replay.recording import Unreadable
from tracker.replay.table import Reading, read_table


def table(text, **reading):
    return read_table(text.splitlines(keepends=True), Reading(**reading), device="file")


@pytest.mark.parametrize(
    "header",
    [
        "vehicle,ts,lat,lon",
        "Device ID;Time;Latitude;Longitude",
        "imei\trecorded_at\ty\tx",
        "user_id,timestamp,LAT,LNG",
        "\ufefftrack,time,latitude,longitude",
    ],
)
def test_usual_names_are_understood(header):
    separator = next(sign for sign in ",;\t" if sign in header)
    row = separator.join(["bus 7", "2024-05-01T10:00:00Z", "52.1", "4.9"])
    [fix] = table(f"{header}\n{row}\n").fixes
    assert (fix.device, fix.latitude, fix.longitude) == ("bus 7", 52.1, 4.9)
    assert fix.at_us == datetime(2024, 5, 1, 10, tzinfo=UTC).timestamp() * 1_000_000


def test_what_was_understood_is_said():
    recording = table("bus,ts,lat,lon,speed\n1,2024-05-01T10:00:00Z,1,2,36\n", speed_unit="kmh")
    assert recording.notes == [
        "columns: device from bus, time from ts, latitude from lat, longitude from lon, speed from speed",
        "speeds in kmh, as said",
    ]
    assert recording.fixes[0].facts == {"speed_mps": 10.0}


def test_a_guessed_speed_unit_is_never_silent():
    notes = table("ts,lat,lon,speed\n2024-05-01T10:00:00Z,1,2,36\n").notes
    assert "speeds in mps, taken; say --speed-unit if they are not" in notes


def test_a_unit_in_the_columns_name_is_taken():
    [fix] = table("ts,lat,lon,speed_mph\n2024-05-01T10:00:00Z,1,2,10\n").fixes
    assert fix.facts == {"speed_mps": 4.47}


def test_columns_can_be_named():
    text = "when,a,b,who\n2024-05-01T10:00:00Z,1,2,me\n"
    [fix] = table(text, columns={"time": "when", "latitude": "a", "longitude": "b", "device": "who"}).fixes
    assert (fix.device, fix.latitude) == ("me", 1.0)


@pytest.mark.parametrize(
    ("header", "reading", "says"),
    [
        ("ts,lat", {}, "--longitude-column NAME"),
        ("a,b,c", {}, "The file has: a, b, c"),
        ("ts,lat,lon", {"columns": {"speed": "v"}}, "--speed-column v: the file has no such column"),
    ],
)
def test_a_table_that_is_not_understood_is_refused_with_the_option_to_give(header, reading, says):
    with pytest.raises(Unreadable, match=says):
        table(f"{header}\n1,2,3\n", **reading)


def test_an_empty_file_is_refused():
    with pytest.raises(Unreadable, match="empty"):
        table("")


def test_local_times_need_their_zone():
    text = "ts_local,lat,lon\n2014-09-13 13:37:54,1,2\n"
    with pytest.raises(Unreadable, match="--time-zone"):
        table(text)
    [fix] = table(text, zone=ZoneInfo("America/Maceio")).fixes
    assert fix.at_us == datetime(2014, 9, 13, 16, 37, 54, tzinfo=UTC).timestamp() * 1_000_000


def test_seconds_from_a_start_need_to_be_said():
    text = "track,t_s,lat,lon\n0,0,1,2\n0,5.5,1,2\n"
    with pytest.raises(Unreadable, match="--relative-times"):
        table(text)
    assert [fix.at_us for fix in table(text, relative=True).fixes] == [0, 5_500_000]


@pytest.mark.parametrize("epoch", ["1714557600", "1714557600000", "1714557600.000"])
def test_epoch_seconds_and_milliseconds_are_told_apart(epoch):
    [fix] = table(f"ts,lat,lon\n{epoch},1,2\n").fixes
    assert fix.at_us == 1_714_557_600_000_000


def test_a_bad_row_is_left_out_with_its_line_and_column():
    recording = table(
        "ts,lat,lon\n"
        "2024-05-01T10:00:00Z,1,2\n"
        "yesterday,1,2\n"
        "2024-05-01T10:00:02Z,north,2\n"
        "2024-05-01T10:00:03Z,1\n"
        "2024-05-01T10:00:04Z,1,181\n"
        "2024-05-01T10:00:05Z,1,2\n"
    )
    assert [str(fault) for fault in recording.faults] == [
        "line 3, column ts: 'yesterday' is no ISO 8601 date and time",
        "line 4, column lat: 'north' is no number of degrees",
        "line 5, column lon: '' is no number of degrees",
        "line 6, column lon: 181 lies outside ±180",
    ]
    assert len(recording.fixes) == 2


def test_an_optional_fact_that_makes_no_sense_costs_only_itself():
    header = "ts,lat,lon,accuracy,speed,heading,battery,alt"
    [fix] = table(f"{header}\n2024-05-01T10:00:00Z,1,2,-1,n/a,inf,85,-3\n").fixes
    assert fix.facts == {"battery": 0.85, "altitude_m": -3.0}


def test_a_guessed_device_column_that_numbers_rows_is_not_taken():
    rows = "".join(f"{n},2024-05-01T10:00:{n:02d}Z,1,2\n" for n in range(30))
    assert {fix.device for fix in table(f"id,ts,lat,lon\n{rows}").fixes} == {"file"}


def test_one_device_can_be_named_for_all():
    text = "bus,ts,lat,lon\n1,2024-05-01T10:00:00Z,1,2\n2,2024-05-01T10:00:00Z,1,2\n"
    assert {fix.device for fix in table(text, device="me").fixes} == {"me"}


def test_only_the_first_faults_are_kept_in_full():
    recording = table("ts,lat,lon\n2024-05-01T10:00:00Z,1,2\n" + "x,1,2\n" * 500)
    assert (len(recording.faults), recording.fault_count) == (20, 500)


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail_in_any_other_way(text):
    try:
        recording = table("ts,lat,lon\n2024-05-01T10:00:00Z,1,2\n" + text)
    except Unreadable:
        return
    for fix in recording.fixes:
        assert abs(fix.latitude) <= 90
        assert abs(fix.longitude) <= 180
