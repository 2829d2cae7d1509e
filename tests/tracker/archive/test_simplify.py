"""A day's line: no position farther off than it says, wherever on Earth, and quickly however long the day."""

import gzip
from csv import DictReader
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.archive.simplify import ERROR_BOUND_M, NEAR_A_POLE_DEG, Line, simplified, travelled_m

FLEET = Path(__file__).resolve().parents[4] / "shared/data/traces/capmetro_fleet_2015-06-07.csv.gz"
OWN_FLEET = Path(__file__).resolve().parents[2] / "data/fleet_day.csv.gz"
SECONDS = 86_400


def farthest_m(line: Line, longitudes, latitudes) -> float:
    """How far the positions lie from the drawn line at most, found another way: each against all of its segments.

    The line is laid into a plane around each position on a sphere of the ellipsoid's largest size, by GEOS.
    """
    farthest = 0.0
    for longitude, latitude in zip(np.unwrap(longitudes, period=360), latitudes, strict=True):
        scale = np.array([np.cos(np.radians(latitude)), 1.0]) * 111_694
        corners = np.column_stack([line.longitudes - longitude, line.latitudes - latitude]) * scale
        farthest = max(farthest, float(shapely.distance(shapely.linestrings(corners), shapely.Point(0, 0))))
    return farthest


def drive(count, *, longitude=4.9, latitude=52.3, step=1e-4, seed=1):
    """A wandering drive."""
    heading = np.cumsum(np.random.default_rng(seed).normal(0, 0.1, count))
    return longitude + np.cumsum(np.cos(heading)) * step, latitude + np.cumsum(np.sin(heading)) * step


def test_no_position_lies_farther_from_the_line_than_it_says():
    x, y = drive(2_000)
    line = simplified(x, y)
    assert len(line.longitudes) < 300
    assert line.error_bound_m <= ERROR_BOUND_M
    assert farthest_m(line, x, y) <= line.error_bound_m * 1.01
    assert (line.longitudes[0], line.latitudes[-1]) == (x[0], y[-1])


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-89.8, 89.8),
    st.floats(-180, 180),
    st.sampled_from([1e-6, 1e-4, 1e-2, 0.3]),
    st.integers(0, 10_000),
    st.integers(1, 120),
)
def test_the_bound_holds_anywhere_on_earth(latitude, longitude, step, seed, count):
    x, y = drive(count, longitude=longitude, latitude=latitude, step=step, seed=seed)
    x, y = (x + 180) % 360 - 180, np.clip(y, -90, 90)
    line = simplified(x, y)
    assert line.error_bound_m <= ERROR_BOUND_M
    assert farthest_m(line, x, y) <= line.error_bound_m * 1.02 + 1e-6
    assert len(line.longitudes) >= 2


def test_every_corner_is_a_position_that_was_there():
    x, y = drive(500)
    line = simplified(x, y)
    assert set(zip(line.longitudes, line.latitudes, strict=True)) <= set(zip(x, y, strict=True))


def test_a_day_of_one_position_is_that_place_twice():
    line = simplified(np.array([4.9]), np.array([52.3]))
    assert (list(line.longitudes), list(line.latitudes)) == ([4.9, 4.9], [52.3, 52.3])
    assert (line.distance_m, line.error_bound_m) == (0, 0)
    with pytest.raises(ValueError, match="needs a position"):
        simplified(np.array([]), np.array([]))


def test_a_way_over_the_antimeridian_does_not_go_round_the_globe():
    x = np.array([179.98, 179.99, -180.0, -179.99, -179.98])
    line = simplified(x, np.full(5, -17.0))
    assert list(line.longitudes) == pytest.approx([179.98, 180.02])
    assert line.distance_m == pytest.approx(4253, rel=0.01)


def test_near_a_pole_every_position_stays():
    y = 90 - np.abs(np.linspace(-0.5, 0.5, 101))
    x = np.where(np.linspace(-0.5, 0.5, 101) < 0, 20.0, -160.0)
    line = simplified(x, y)
    assert np.count_nonzero(line.latitudes > NEAR_A_POLE_DEG) == np.count_nonzero(y > NEAR_A_POLE_DEG)
    assert farthest_m(line, x, y) < 1e-6


def test_a_straight_flight_over_an_ocean_is_a_few_corners_and_a_curved_one_keeps_to_its_curve():
    x, y = np.linspace(-70, 5, 5_000), np.linspace(40, 52, 5_000)
    assert len(simplified(x, y).longitudes) < 60  # a cut wherever the metres of a degree have changed
    curved = y + 12 * np.sin(np.linspace(0, np.pi, 5_000))
    line = simplified(x, curved)
    assert 60 < len(line.longitudes) < 2_000
    assert farthest_m(line, x[::50], curved[::50]) <= ERROR_BOUND_M


@pytest.mark.parametrize("width", [0, 3e-5, 3e-4])
def test_a_full_day_of_a_parked_phone(width):
    """A position a second, all around one place: the worst shape for a search by the farthest point."""
    noise = np.random.default_rng(2).normal(0, 1, (2, SECONDS)) * width
    line = simplified(4.9 + noise[0], 52.3 + noise[1])
    assert line.error_bound_m <= ERROR_BOUND_M
    assert len(line.longitudes) < SECONDS


def test_a_full_day_of_jumps_round_the_globe():
    """Nothing real, and it must end all the same."""
    random = np.random.default_rng(3)
    line = simplified(random.uniform(-180, 180, SECONDS), random.uniform(-90, 90, SECONDS))
    assert line.error_bound_m <= ERROR_BOUND_M


def test_a_comb_does_not_exhaust_the_stack():
    """Each tooth longer than the one before: the recursion goes one tooth deep at a time."""
    turn = np.arange(SECONDS, dtype=np.float64)
    x, y = 4.9 + turn * 1e-6, 52.3 + (turn % 2) * turn * 1e-5
    assert simplified(x, y).error_bound_m <= ERROR_BOUND_M


def test_the_way_travelled_is_along_the_positions_and_not_along_the_line():
    x = np.tile(np.array([4.9, 4.90001]), 500)
    y = np.full(1_000, 52.3)
    assert travelled_m(x, y) == pytest.approx(999 * 0.68, rel=0.01)
    assert simplified(x, y).distance_m == travelled_m(x, y)
    assert travelled_m(np.array([0.0, 0.0]), np.array([0.0, 90.0])) == pytest.approx(10_007_557, rel=1e-6)


@pytest.mark.parametrize("file", [OWN_FLEET, FLEET], ids=["ours", "shared"])
def test_real_fleets_keep_their_shape_in_a_fraction_of_their_positions(file):
    if not file.is_file():
        pytest.skip(f"{file.name} is not at hand")
    with gzip.open(file, "rt") as text:
        rows = sorted(DictReader(text), key=lambda row: (row["vehicle"], row["ts"]))
    positions = corners = 0
    grouped = groupby(rows, key=lambda row: row["vehicle"])
    for _, fixes in islice(grouped, 20):
        places = [(float(f["lon"]), float(f["lat"])) for f in fixes]
        x, y = np.array(places).T
        line = simplified(x, y)
        assert farthest_m(line, x[::7], y[::7]) <= line.error_bound_m * 1.01 <= ERROR_BOUND_M * 1.01
        positions, corners = positions + len(x), corners + len(line.longitudes)
    assert corners < positions
