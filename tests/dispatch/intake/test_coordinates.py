"""Coordinates as people write them, and the places no parcel can be meant to go to."""

import csv
import gzip
from pathlib import Path

import pytest

from dispatch.intake.cells import Wrong
from dispatch.intake.coordinates import degrees, judge, pair
from dispatch.intake.land import is_land

PUNE = (73.8567, 18.5204)
ORDERS = Path(__file__).resolve().parents[4] / "shared/data/orders"


@pytest.mark.parametrize(
    "text",
    ["18.52, 73.85", "18.52 73.85", "18,52; 73,85", "POINT(73.85 18.52)", "geo:18.52,73.85", "18°31'12\"N, 73°51'0\"E",
     "18.52° N 73.85° E", "(18.52,73.85)"],
)  # fmt: skip
def test_a_pair_is_read_however_it_is_written(text):
    assert pair(text) == pytest.approx((18.52, 73.85))


def test_south_and_west_are_negative_and_a_letter_on_the_wrong_axis_is_told():
    assert degrees("22.8 S", "latitude") == -22.8
    assert degrees("W 43°30'0\"", "longitude") == -43.5
    with pytest.raises(Wrong, match="marked E"):
        degrees("18.5 E", "latitude")


@pytest.mark.parametrize(
    ("latitude", "longitude", "why"),
    [
        (0.0, 0.0, "broken software"),
        (121.4, 37.5, "were swapped"),
        (73.85, 18.52, "look swapped"),
        (17.0, 71.5, "in the sea"),
        (48.1, 11.5, "km from the nearest hub"),
        (19.0, 73.0, "whole degrees"),
    ],
)
def test_a_place_that_cannot_be_meant_is_doubted_with_the_reason(latitude, longitude, why):
    assert why in judge(latitude, longitude, [PUNE]).doubt


def test_what_only_fits_the_other_way_round_is_turned_and_what_fits_no_way_refused():
    spot = judge(121.4, 37.5)
    assert (spot.latitude, spot.longitude) == (37.5, 121.4)
    with pytest.raises(Wrong, match="globe"):
        judge(91, 200)


def test_coasts_islands_and_harbours_are_land_and_the_open_sea_is_not():
    land = [
        (72.83, 18.94),
        (103.85, 1.29),
        (73.51, 4.175),
        (-43.2095, -22.7943),
        (-157.86, 21.3),
        (4.9, 52.37),
    ]
    sea = [(0.0, 0.0), (70.0, 17.0), (-40.0, 40.0), (72.6, 18.9), (-140.0, 0.0)]
    assert all(is_land(*place) for place in land)
    assert not any(is_land(*place) for place in sea)


@pytest.mark.skipif(not ORDERS.is_dir(), reason="the real orders are not here")
@pytest.mark.parametrize(
    ("name", "latitude", "longitude", "doubted"),
    [
        ("us_addresses", "lat", "lon", 0),
        ("lade_yantai_day", "deliver_lat", "deliver_lon", 0),
        ("loggibud_rio_cvrp-0-rj-0", "lat", "lon", 0),
        ("in_post_offices", "lat", "lon", 1),  # S R P F Daund, which the directory puts into the Arabian Sea
    ],
)
def test_no_real_order_is_taken_for_the_sea_but_the_one_that_lies_there(name, latitude, longitude, doubted):
    with gzip.open(ORDERS / f"{name}.csv.gz", "rt") as lines:
        places = [
            (float(row[latitude]), float(row[longitude])) for row in csv.DictReader(lines) if row[latitude]
        ]
    assert sum(bool(judge(*place).doubt) for place in places) == doubted
