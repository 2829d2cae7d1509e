"""Distances for trips: to lines and borders, over long pieces and over 180 degrees."""

import pytest

from tracker.trips.ground import Lines, Target, distance_m


def test_a_degree_along_the_equator_is_a_sixtieth_of_sixty_nautical_miles_and_a_bit():
    assert distance_m((0, 0), (1, 0)) == pytest.approx(111_195, abs=1)


def test_the_way_to_a_line_is_the_way_to_its_nearest_piece():
    road = Lines([[(4.0, 52.0), (5.0, 52.0), (5.0, 53.0)]])
    assert road.away_m((4.5, 52.0)) == pytest.approx(0, abs=0.01)
    assert road.away_m((4.5, 52.001)) == pytest.approx(111.2, abs=0.1)
    assert road.away_m((5.001, 52.5)) == pytest.approx(67.7, abs=0.1)
    assert road.away_m((3.999, 52.0)) == pytest.approx(68.5, abs=0.1)


def test_a_line_may_pass_180_degrees():
    ferry = Lines([[(179.9, -17.0), (-179.9, -17.0)]])
    for longitude in (179.95, 180.0, -180.0, -179.95):
        assert ferry.away_m((longitude, -17.0)) == pytest.approx(0, abs=0.01)
        assert ferry.away_m((longitude, -17.01)) == pytest.approx(1112, abs=1)
    assert ferry.away_m((0.0, -17.0)) > 1e6


def test_a_line_of_one_place_twice_is_a_place():
    assert Lines([[(4.0, 52.0), (4.0, 52.0)]]).away_m((4.0, 52.001)) == pytest.approx(111.2, abs=0.1)
    with pytest.raises(ValueError, match="two places"):
        Lines([[(4.0, 52.0)]])


def test_inside_an_area_is_negative_and_a_hole_is_outside():
    outer = [(4.0, 52.0), (4.1, 52.0), (4.1, 52.1), (4.0, 52.1), (4.0, 52.0)]
    hole = [(4.04, 52.04), (4.06, 52.04), (4.06, 52.06), (4.04, 52.06), (4.04, 52.04)]
    area = Target((4.02, 52.02), 50.0, [outer, hole])
    assert area.outside_m((4.02, 52.02)) < -1000
    assert area.outside_m((4.05, 52.05)) > 500
    assert area.outside_m((4.05, 51.99)) == pytest.approx(1112, abs=1)


def test_without_an_area_the_radius_is_the_border():
    place = Target((4.0, 52.0), 100.0)
    assert place.outside_m((4.0, 52.0)) == pytest.approx(-100)
    assert place.outside_m((4.0, 52.002)) == pytest.approx(122.4, abs=0.1)
