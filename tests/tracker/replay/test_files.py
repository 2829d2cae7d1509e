"""Files as they come: packed or not, CSV or GPX; and every recording we have is replayed or refused with its option."""

import gzip
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tracker.replay.reading import read
from tracker.replay.recording import Unreadable
from tracker.replay.table import Reading

TRACES = Path(__file__).resolve().parents[4] / "shared" / "data" / "traces"
POINT = '<trkpt lat="52.6" lon="-8.6"><ele>19.5</ele><time>2019-02-18T07:45:{:02d}Z</time></trkpt>'
GPX = '<?xml version="1.0"?>\n<gpx xmlns="http://www.topografix.com/GPX/1/1">{}</gpx>'


def gpx(tmp_path: Path, inside: str) -> Path:
    path = tmp_path / "ride.gpx"
    path.write_text(GPX.format(inside))
    return path


def test_a_packed_table_is_unpacked_whatever_its_name(tmp_path):
    path = tmp_path / "day.csv"
    path.write_bytes(gzip.compress(b"ts,lat,lon\n2024-05-01T10:00:00Z,1,2\n"))
    assert [fix.device for fix in read(path, Reading()).fixes] == ["day"]


def test_a_gpx_track_is_one_device_named_by_the_file(tmp_path):
    path = gpx(
        tmp_path, f"<trk><name>Morning</name><trkseg>{POINT.format(1)}{POINT.format(2)}</trkseg></trk>"
    )
    fixes = read(path, Reading()).fixes
    assert [(fix.device, fix.facts) for fix in fixes] == [("ride", {"altitude_m": 19.5})] * 2
    assert fixes[1].at_us - fixes[0].at_us == 1_000_000


def test_several_gpx_tracks_are_several_devices_unless_one_is_named(tmp_path):
    tracks = "".join(f"<trk><name>{n}</name><trkseg>{POINT.format(1)}</trkseg></trk>" for n in ("a", ""))
    path = gpx(tmp_path, tracks)
    assert [fix.device for fix in read(path, Reading()).fixes] == ["ride-a", "ride-2"]
    assert [fix.device for fix in read(path, Reading(device="me")).fixes] == ["me", "me"]


def test_a_bad_track_point_is_left_out_with_its_line(tmp_path):
    too_far_north = '<trkpt lat="91" lon="0"><time>2019-02-18T07:45:01Z</time></trkpt>'
    path = gpx(tmp_path, f"<trk><trkseg>\n{POINT.format(1)}\n{too_far_north}</trkseg></trk>")
    recording = read(path, Reading())
    assert [str(fault) for fault in recording.faults] == ["line 4, column lat/lon: lat 91.0 lies outside ±90"]
    assert len(recording.fixes) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<gpx><trk></gpx>", "no readable GPX"),
        (GPX.format("").encode(), "no track points"),
        (GPX.format('<trk><trkseg><trkpt lat="1" lon="1"/></trkseg></trk>').encode(), "no <time>"),
        (b'<!DOCTYPE g [<!ENTITY a "b">]><gpx>&a;</gpx>', "entities"),
        (b"\x1f\x8b\x08broken", "damaged"),
        (b"ts,lat,lon\nx,1,2\n", "not one row could be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(tmp_path, content, says):
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=f"{path}.*{says}"):
        read(path, Reading())


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(Unreadable, match=r"none\.csv: cannot be opened"):
        read(tmp_path / "none.csv", Reading())


REPLAYED = {
    "capmetro_fleet_2015-03-08.csv.gz": 12_354,
    "capmetro_fleet_2015-06-07.csv.gz": 45_134,
    "capmetro_fleet_2016-11-25.csv.gz": 32_038,
    "capmetro_fleet_2017-03-21.csv.gz": 45_386,
    "emission_phones.csv.gz": 5_633,
    "phone_bus_ride_limerick.gpx.gz": 2_144,
    "ssi_nl_phones.csv.gz": 200_102,
    "zone_truth_capmetro_2015-06-07.csv.gz": 11_648,
    "zone_truth_ssi_amsterdam.csv.gz": 221,
}
REFUSED = {
    "emission_phones_events.csv.gz": "--latitude-column",
    "emission_phones_trips.csv.gz": "--latitude-column",
    "goal_delivery_agents.csv.gz": "--relative-times",
    "gotrack_aracaju.csv.gz": "--time-zone",
    "gotrack_aracaju_tracks.csv.gz": "--latitude-column",
    "osm_world_1hz.csv.gz": "--relative-times",
    "osm_world_1hz_index.csv.gz": "--latitude-column",
    "ssi_nl_phones_segments.csv.gz": "--latitude-column",
}
needs_traces = pytest.mark.skipif(not TRACES.is_dir(), reason="the recordings are not beside this checkout")


@needs_traces
@pytest.mark.parametrize(("name", "count"), REPLAYED.items())
def test_every_row_of_a_real_recording_is_read(name, count):
    recording = read(TRACES / name, Reading())
    assert (len(recording.fixes), recording.fault_count) == (count, 0)


@needs_traces
@pytest.mark.parametrize(("name", "option"), REFUSED.items())
def test_a_recording_that_needs_an_option_is_refused_with_it(name, option):
    with pytest.raises(Unreadable, match=option):
        read(TRACES / name, Reading())


@needs_traces
def test_with_its_option_it_is_read():
    for name, reading, count in (
        ("osm_world_1hz.csv.gz", Reading(relative=True), 146_423),
        ("goal_delivery_agents.csv.gz", Reading(relative=True), 29_016),
        ("gotrack_aracaju.csv.gz", Reading(zone=ZoneInfo("America/Maceio")), 8_398),
    ):
        recording = read(TRACES / name, reading)
        assert (len(recording.fixes), recording.fault_count) == (count, 0)


@needs_traces
def test_no_recording_is_without_a_test():
    assert {path.name for path in TRACES.glob("*.gz")} <= {*REPLAYED, *REFUSED}
