"""The made-up cities: the same for a seed, in one piece, with streets of every class."""

import math
from itertools import pairwise

import pytest

from tracker.simulation.city import CITIES, Street, build
from tracker.simulation.routing import route


@pytest.mark.parametrize("name", sorted(CITIES))
def test_every_city_is_one_piece_around_its_centre(name):
    network = build(CITIES[name], seed=3)
    assert len(network.places) > 500
    reached, edge = {0}, [0]
    while edge:
        for street in network.edges[edge.pop()]:
            if street.to not in reached:
                reached.add(street.to)
                edge.append(street.to)
    assert len(reached) == len(network.places)
    for east, north in network.places:
        assert math.hypot(east, north) < CITIES[name].radius_m + 500


def test_there_are_streets_of_every_class_and_small_ones_are_the_most():
    network = build(CITIES["pune"], seed=1)
    classes = [edge.street for edges in network.edges for edge in edges]
    assert set(classes) == set(Street)
    assert classes.count(Street.SMALL) > len(classes) / 2


def test_the_same_seed_is_the_same_city_and_another_is_not():
    pune = CITIES["pune"]
    assert build(pune, seed=1).places == build(pune, seed=1).places
    assert build(pune, seed=1).places != build(pune, seed=2).places


def test_metres_become_degrees_around_the_centre():
    network = build(CITIES["amsterdam"], seed=1)
    longitude, latitude = network.degrees(1000.0, 1000.0)
    assert latitude == pytest.approx(52.3702 + 0.00898, abs=1e-4)
    assert longitude == pytest.approx(4.8952 + 0.01471, abs=1e-4)


def test_a_route_walks_streets_that_exist_and_is_the_quickest():
    network = build(CITIES["austin"], seed=1)

    def seconds(way):
        legs = [network.street_between(a, b) for a, b in pairwise(way)]
        return sum(leg.length_m / leg.street.speed_mps for leg in legs)

    start, goal = 3, len(network.places) - 5
    quickest = route(network, start, goal)
    assert (quickest[0], quickest[-1]) == (start, goal)
    assert len(set(quickest)) == len(quickest)
    for middle in (100, 700, 1300):
        detour = route(network, start, middle) + route(network, middle, goal)[1:]
        assert seconds(quickest) <= seconds(detour) + 1e-6
