"""Distances on the globe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.geometry import EARTH_RADIUS_M, distance_m, farthest_m

longitudes, latitudes = st.floats(-180, 180), st.floats(-90, 90)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((0, 0), (0, 1), 111_195),
        ((0, 60), (1, 60), 55_597),
        ((179.9, 0), (-179.9, 0), 22_239),
        ((4.9, 52.37), (4.9, 52.37), 0),
        ((0, 90), (180, -90), 20_015_115),
    ],
)
def test_known_distances_hold(one, other, metres):
    assert distance_m(*one, *other) == pytest.approx(metres, rel=1e-4)


@given(longitudes, latitudes, longitudes, latitudes)
def test_a_distance_is_the_same_both_ways_and_at_most_half_round(
    longitude, latitude, longitude_2, latitude_2
):
    there = distance_m(longitude, latitude, longitude_2, latitude_2)
    assert there == pytest.approx(distance_m(longitude_2, latitude_2, longitude, latitude), abs=1e-3)
    assert 0 <= there <= 3.1416 * EARTH_RADIUS_M


@given(longitudes, latitudes, longitudes, latitudes)
def test_the_cheap_bound_is_never_exceeded(longitude, latitude, longitude_2, latitude_2):
    places = (longitude, latitude, longitude_2, latitude_2)
    assert distance_m(*places) <= farthest_m(*places) * (1 + 1e-9) + 1e-3
