"""Lines are cut where the map ends, and only there."""

import pytest

from tracker.positions.antimeridian import cut


def test_a_line_within_the_map_is_one_part():
    assert cut([(4.9, 52.3), (5.0, 52.4)]) == [[(4.9, 52.3), (5.0, 52.4)]]
    assert cut([(180.0, 1.0), (180.0, 1.0)]) == [[(180.0, 1.0), (180.0, 1.0)]]


@pytest.mark.parametrize(("far", "near"), [(181.0, -179.0), (-181.0, 179.0)])
def test_a_crossing_is_cut_at_the_latitude_in_between(far, near):
    edge = 180.0 if far > 0 else -180.0
    parts = cut([(edge - (far - edge), 10.0), (far, 12.0)])
    assert parts == [[(edge - (far - edge), 10.0), (edge, 11.0)], [(-edge, 11.0), (near, 12.0)]]


def test_there_and_back_is_three_parts():
    parts = cut([(179.0, 0.0), (181.0, 0.0), (179.0, 0.0)])
    assert [part[0][0] for part in parts] == [179.0, -180.0, 180.0]
    assert all(-180 <= longitude <= 180 for part in parts for longitude, _ in part)


def test_round_the_globe_is_cut_at_each_turn():
    parts = cut([(longitude, 0.0) for longitude in range(0, 800, 100)])
    assert len(parts) == 3
    assert all(-180 <= longitude <= 180 for part in parts for longitude, _ in part)
