"""Recorded fleets against what GEOS says of each fix; and nights of parked phones with borders laid through them."""

import collections
import csv
import datetime
import gzip
import json
from pathlib import Path

import pytest
from shapely.geometry import Point, box, shape

from ingest_lambda.presence.fold import fold_many
from ingest_lambda.presence.state import Cause, Fix
from ingest_lambda.presence.zone import Zone
from ingest_lambda.presence.zones import Versions, Zones
from ingest_lambda.report import PositionReport
from ingest_lambda.standing import stand
from tests.ingest_lambda.presence.world import drive, fix, ground, square, stories, versions, zone

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
FLEETS = [
    (
        "austin_neighbourhoods",
        "capmetro_fleet_2015-06-07",
        "vehicle",
        "zone_truth_capmetro_2015-06-07",
        21_635,
    ),
    ("amsterdam_districts", "ssi_nl_phones", "device", "zone_truth_ssi_amsterdam", 409),
]
recorded = pytest.mark.skipif(not SHARED.exists(), reason="the recorded fleets are not at hand")


def microseconds(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1_000_000)


def rows(name):
    with gzip.open(SHARED / "traces" / f"{name}.csv.gz", "rt") as file:
        yield from csv.DictReader(file)


def fleet(name, column):
    fixes = collections.defaultdict(list)
    for row in rows(name):
        at_us = microseconds(row["ts"])
        fixes[row[column]].append(Fix(at_us, float(row["lon"]), float(row["lat"]), None, None, at_us))
    return fixes


def standing(fixes):
    """The fixes with what the history keeps of each: since when the device stands where it stands."""
    anchor, stood = None, []
    for one in fixes:
        anchor = stand(anchor, PositionReport(one.at_us, one.longitude, one.latitude, None, None, None))
        stood.append(one._replace(moved_at_us=anchor.at_us))
    return stood


@recorded
@pytest.mark.parametrize(("places", "traces", "column", "truth", "count"), FLEETS)
def test_with_hysteresis_off_a_recorded_fleet_crosses_as_geos_says_of_each_fix(
    places, traces, column, truth, count
):
    features = json.loads((SHARED / "geofences" / f"{places}.geojson").read_text())["features"]
    code = dict(enumerate((one["properties"]["code"] for one in features), 1))
    zones = [
        Zone(at, f"{at:032x}", None, code[at], shape(one["geometry"]), 0.0)
        for at, one in enumerate(features, 1)
    ]
    expected = set()
    for row in rows(truth):
        at_us = microseconds(row["ts"])
        expected |= {(row["device"], at_us, one, "in") for one in row["entered"].split("|") if one}
        expected |= {(row["device"], at_us, one, "out") for one in row["left"].split("|") if one}
    found = []
    devices = fleet(traces, column)
    folded = fold_many([(None, fixes) for fixes in devices.values()], Versions([Zones(1, 0, zones)]))
    for device, (_, told) in zip(devices, folded, strict=True):
        for one in told:
            # ways through between two fixes are no business of a fix alone
            if one.cause is not Cause.PASSED:
                if one.entered is not None:
                    found.append((device, one.decided_us, code[one.entered.geofence_id], "in"))
                if one.left is not None:
                    found.append((device, one.decided_us, code[one.left.geofence_id], "out"))
    assert len(found) == len(set(found)) == count
    assert set(found) == expected


@recorded
def test_a_phone_that_lay_on_a_border_for_a_night_tells_nothing():
    """A night in June: 806 fixes, with borders of large and of small zones through the place."""
    begin, end = microseconds("2024-06-08T20:00:00Z"), microseconds("2024-06-09T04:00:00Z")
    night = standing(
        [one for one in fleet("ssi_nl_phones", "device")["Utrecht2"] if begin <= one.at_us <= end]
    )
    middle = (
        sorted(one.longitude for one in night)[len(night) // 2],
        sorted(one.latitude for one in night)[len(night) // 2],
    )
    halves = [box(0, -3000, 6000, 3000), box(-6000, -3000, 0, 3000), box(-3000, 0, 3000, 6000)]
    circles = [Point(radius, 0).buffer(radius) for radius in (30, 50, 100)]
    zones = [
        Zone(at, f"{at:032x}", None, "half", ground(one, *middle))
        for at, one in enumerate([*halves, *circles], 1)
    ]
    ((_, told),) = fold_many([(None, night)], Versions([Zones(1, 0, zones)]))
    assert len(night) > 500
    assert [one for one in told if one.cause is not Cause.FIRST_FIX] == []


def test_a_made_up_bus_crosses_with_hysteresis_off_where_its_fixes_are():
    sets = versions(
        zone(1, square(-1000, -500, 0, 500), margin_m=0.0), zone(2, square(0, -500, 900, 500), margin_m=0.0)
    )
    way = drive((-900, 0), (1000, 0, 10), every_s=45)
    ((_, told),) = fold_many([(None, [*way, fix(400, 1000, 0)])], sets)
    assert stories(told) == [("first_fix", None, 1), ("moved", 1, 2), ("moved", 2, None)]
