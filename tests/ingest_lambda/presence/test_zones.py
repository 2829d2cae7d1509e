"""The index of a set: for every place the zones that cover it, as GEOS says, borders included."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.presence.fold import fold
from ingest_lambda.presence.state import Fix
from ingest_lambda.presence.zone import Zone
from ingest_lambda.presence.zones import Versions, Zones
from tests.ingest_lambda.presence.world import circle, corridor, square, stories, zone

MINUTE_US = 60_000_000


def a_zone(geofence_id, shape, margin_m=None):
    return Zone(geofence_id, f"{geofence_id:032x}", None, "somewhere", shape, margin_m)


def asked(zones, longitudes, latitudes):
    keys = zones.find(np.array(longitudes), np.array(latitudes)).keys
    return [zones.covered_by(int(key)) for key in keys]


def by_hand(zones, longitudes, latitudes):
    places = [shapely.Point(*place) for place in zip(longitudes, latitudes, strict=True)]
    return [
        frozenset(one.geofence_id for one in zones.zones if one.geometry.intersects(place))
        for place in places
    ]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([50.0, 5_000.0, 500_000.0]))
def test_the_grid_says_of_every_place_what_geos_says(seed, spread_m):
    chance = np.random.default_rng(seed)
    shapes = [
        circle(
            chance.uniform(-spread_m, spread_m),
            chance.uniform(-spread_m, spread_m),
            chance.uniform(5, spread_m / 2),
        )
        for _ in range(8)
    ]
    shapes.append(corridor(*chance.uniform(-spread_m, spread_m, (4, 2)), half=spread_m / 20))
    shapes.append(shapes[0].difference(shapes[1].buffer(-spread_m / 100)))
    zones = Zones(1, 0, [zone(at, shape) for at, shape in enumerate(shapes) if not shape.is_empty])
    corners = shapely.get_coordinates([one.geometry for one in zones.zones])
    west, south, east, north = shapely.total_bounds([one.geometry for one in zones.zones])
    x = np.r_[chance.uniform(west - 0.1, east + 0.1, 300), corners[:, 0]]
    y = np.r_[chance.uniform(south - 0.1, north + 0.1, 300), corners[:, 1]]
    assert asked(zones, x, y) == by_hand(zones, x, y)


def test_the_border_is_inside():
    zones = Zones(1, 0, [a_zone(1, shapely.box(0, 0, 1, 1)), a_zone(2, shapely.box(1, 0, 2, 1))])
    assert asked(zones, [1.0, 0.0, 2.0, 1.5, 3.0], [0.5, 0.0, 1.0, 0.5, 0.5]) == [
        {1, 2},
        {1},
        {2},
        {2},
        frozenset(),
    ]


def test_zones_all_over_the_world_and_none_at_all_can_be_asked():
    zones = Zones(
        1, 0, [a_zone(1, shapely.box(-179, -80, -178, -70)), a_zone(2, shapely.box(170, 60, 171, 61))]
    )
    assert asked(zones, [-178.5, 170.5, 0.0, 180.0], [-75.0, 60.5, 0.0, 0.0]) == [{1}, {2}, set(), set()]
    assert asked(Zones(1, 0, []), [0.0], [0.0]) == [set()]


@pytest.mark.parametrize("margin_m", [None, 0.0])
def test_a_way_over_180_degrees_neither_sweeps_the_world_nor_leaves_the_zone_that_is_cut_there(margin_m):
    fiji = shapely.MultiPolygon([shapely.box(179.9, -17, 180, -16), shapely.box(-180, -17, -179.9, -16)])
    zones = [a_zone(1, fiji, margin_m), a_zone(2, shapely.box(-10, -20, 10, -10), margin_m)]
    beyond = a_zone(3, shapely.box(-179.89, -17, -179.88, -16), margin_m)
    places = (179.95, 179.99, 179.9999, -179.9999, -179.98, -179.95)
    fixes = [Fix(at * MINUTE_US, longitude, -16.5, None, None, 0) for at, longitude in enumerate(places)]
    versions = Versions([Zones(1, 0, [*zones, beyond])])
    assert stories(fold(None, fixes, versions)[1]) == [("first_fix", None, 1)]
    way = [
        Fix(at * MINUTE_US, longitude, -16.5, None, None, 0)
        for at, longitude in enumerate((179.985, -179.98, -179.94))
    ]
    island = shapely.MultiPolygon([shapely.box(179.995, -17, 180, -16), shapely.box(-180, -17, -179.99, -16)])
    passed = fold(None, way, Versions([Zones(1, 0, [a_zone(4, island, margin_m), zones[1]])]))[1]
    assert stories(passed) == [("passed", None, 4), ("passed", 4, None)]
    assert [round(one.longitude, 3) for one in passed] == [179.995, -179.99]


def test_a_zone_is_known_by_its_own_number_whatever_its_place_in_the_set():
    zones = Zones(1, 0, [zone(77, square(0, 0, 10, 10)), zone(5, square(0, 0, 10, 10))])
    assert zones.covered_by(int(zones.find(np.array([73.85001]), np.array([18.52001])).keys[0])) == {5, 77}
