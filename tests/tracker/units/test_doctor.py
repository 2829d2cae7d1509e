"""The unit doctor's rule: it names the unit from distance over time, and is silent where it cannot know."""

import csv
import gzip
import math
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from ingest_lambda.report import SPEED_UNITS
from tracker.units.doctor import FEWEST_LEGS, Fix, diagnose

TRACES = Path(__file__).resolve().parents[4] / "shared" / "data" / "traces"
METRES_PER_DEGREE = 111_195.0


def drive(*, sent_in="mps", read_as="mps", legs=60, every_s=5.0, accuracy_m=5.0, mps=12.0):
    """A drive north at a speed that sways by a fifth, as stored after reading `sent_in` numbers as `read_as`."""
    factor = SPEED_UNITS[read_as] / SPEED_UNITS[sent_in]
    fixes, latitude = [], 18.5
    speeds = [mps * (1 + 0.2 * math.sin(n / 5)) for n in range(legs + 1)]
    for n, speed in enumerate(speeds):
        fixes.append(Fix(n * every_s, 73.8, latitude, speed * factor, accuracy_m))
        latitude += speed * every_s / METRES_PER_DEGREE
    return fixes


@pytest.mark.parametrize("sent_in", SPEED_UNITS)
@pytest.mark.parametrize("read_as", SPEED_UNITS)
def test_it_names_the_unit_that_was_sent_whatever_it_was_read_as(sent_in, read_as):
    found = diagnose(drive(sent_in=sent_in, read_as=read_as), read_as)
    near = abs(math.log(SPEED_UNITS[sent_in] / SPEED_UNITS[read_as])) < math.log(1.35)
    # a knot and a mile an hour are too near to accuse anybody
    assert (None if near else sent_in) == (found.likely if found else None)


def test_it_is_silent_where_too_few_legs_can_tell():
    assert diagnose(drive(sent_in="kmh", legs=FEWEST_LEGS - 1), "mps") is None


def test_standing_still_tells_nothing_however_wrong_the_reported_speed():
    parked = [Fix(n * 5.0, 73.8, 18.5 + n % 2 * 0.00002, 9.0, 5.0) for n in range(200)]
    assert diagnose(parked, "mps") is None


def test_positions_worse_than_the_way_between_them_tell_nothing():
    assert diagnose(drive(sent_in="kmh", accuracy_m=45.0), "mps") is None


def test_a_factor_that_is_no_unit_is_no_finding():
    odd = [Fix(f.at_s, f.longitude, f.latitude, f.speed_mps * 9.0, 5.0) for f in drive()]
    assert diagnose(odd, "mps") is None


def test_speeds_that_scatter_are_no_finding():
    wild = [
        Fix(f.at_s, f.longitude, f.latitude, f.speed_mps * (0.5 if n // 7 % 2 else 3.6), 5.0)
        for n, f in enumerate(drive(legs=120))
    ]
    assert diagnose(wild, "mps") is None


def test_unknown_speeds_and_long_gaps_are_left_out():
    fixes = [Fix(f.at_s, f.longitude, f.latitude, None, 5.0) for f in drive()]
    assert diagnose(fixes, "mps") is None
    assert diagnose(drive(sent_in="kmh", every_s=90.0), "mps") is None


def _fleet(name, device, speed, accuracy=None):
    path = TRACES / name
    if not path.is_file():
        pytest.skip("the recorded traces are not beside this checkout")
    fixes = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at_s = datetime.fromisoformat(row["ts"].replace("Z", "+00:00")).timestamp()
            said = float(row[speed]) if row[speed] else None
            doubt = float(row[accuracy]) if accuracy and row[accuracy] else None
            fixes[row[device]].append(Fix(at_s, float(row["lon"]), float(row["lat"]), said, doubt))
    return [sorted(track, key=lambda fix: fix.at_s) for track in fixes.values()]


@pytest.mark.parametrize(
    ("name", "device", "speed", "accuracy"),
    [
        ("capmetro_fleet_2017-03-21.csv.gz", "vehicle", "speed", None),
        ("emission_phones.csv.gz", "session", "speed_mps", "accuracy_m"),
    ],
)
@pytest.mark.parametrize("sent_in", ["kmh", "knots"])
def test_real_fleets_are_told_apart_from_the_same_in_another_unit(name, device, speed, accuracy, sent_in):
    tracks = _fleet(name, device, speed, accuracy)
    assert not any(diagnose(track, "mps") for track in tracks)
    wrong = [
        [f if f.speed_mps is None else Fix(f.at_s, f.longitude, f.latitude, f.speed_mps / SPEED_UNITS[sent_in],
                                           f.accuracy_m) for f in track]
        for track in tracks
    ]  # fmt: skip
    named = [found.likely for track in wrong if (found := diagnose(track, "mps"))]
    assert named
    assert set(named) == {sent_in}


def test_a_fleet_that_really_sends_miles_an_hour_is_found_to():
    named = [
        d.likely
        for t in _fleet("capmetro_fleet_2015-06-07.csv.gz", "vehicle", "speed")
        if (d := diagnose(t, "mps"))
    ]
    assert named
    assert named.count("mph") > len(named) / 2
    assert "kmh" not in named


def test_the_drive_itself_is_as_fast_as_it_says():
    for one, other in pairwise(drive()):
        travelled = (other.latitude - one.latitude) * METRES_PER_DEGREE / (other.at_s - one.at_s)
        assert travelled == pytest.approx(one.speed_mps, rel=1e-6)
