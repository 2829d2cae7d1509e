"""Which devices are nearest to a place, and which would be there soonest."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone

from tests.tracker.caller import a_device, a_position, a_state, problem
from tracker.devices.models import DeviceState

HERE = {"longitude": 4.9, "latitude": 52.0}
METRE = 1 / 111_195.0


@pytest.fixture
def at():
    """A moment ago, inside one UTC day with the quarter of an hour before it."""
    now = timezone.now()
    return now - timedelta(seconds=5)


def _van(customer, name, metres_north, at, *, mps=0.0, longitude=4.9):
    """A device so far north of here, that drove with that speed for the last ten minutes."""
    device = a_device(customer.test, name)
    latitude = 52.0 + metres_north * METRE
    a_state(device, at)
    states = DeviceState.objects.for_environment(customer.test).filter(device=device)
    states.update(longitude=longitude, latitude=latitude)
    for minute in range(11):
        place = Point(longitude, latitude + mps * 60 * minute * METRE, srid=4326)
        a_position(device, at - timedelta(minutes=minute), location=place)
    return device


def _names(found) -> list[str]:
    return [row["device"]["external_id"] for row in found["data"]]


def test_the_nearest_come_first_with_their_distance(api, customer, at):
    for name, metres in (("far", 5000), ("near", 300), ("middle", -1200)):
        _van(customer, name, metres, at)
    found = api.json("devices/nearest", **HERE)
    assert _names(found) == ["near", "middle", "far"]
    assert [row["distance_m"] for row in found["data"]] == pytest.approx([300, 1200, 5000], rel=0.005)
    assert found["data"][0]["eta"] is None


def test_the_soonest_may_be_farther_away(api, customer, at):
    _van(customer, "walker", 1500, at, mps=1.2)
    _van(customer, "van", 2500, at, mps=12)
    assert _names(api.json("devices/nearest", **HERE)) == ["walker", "van"]
    found = api.json("devices/nearest", **HERE, by="eta")
    assert _names(found) == ["van", "walker"]
    eta = found["data"][0]["eta"]
    assert eta["earliest_at"] < eta["at"] < eta["latest_at"]


def test_bounds_of_distance_and_age_and_count_hold(api, customer, at):
    _van(customer, "near", 300, at)
    _van(customer, "far", 5000, at)
    _van(customer, "silent", 10, at - timedelta(hours=2))
    assert _names(api.json("devices/nearest", **HERE, within_m=1000)) == ["near"]
    assert _names(api.json("devices/nearest", **HERE, limit=1)) == ["near"]
    assert _names(api.json("devices/nearest", **HERE, heard_within_s=86400, limit=1)) == ["silent"]


def test_across_the_antimeridian_near_is_near(api, customer, at):
    _van(customer, "west", 0, at, longitude=-179.999)
    _van(customer, "far", 0, at, longitude=170.0)
    assert _names(api.json("devices/nearest", longitude=179.999, latitude=52.0)) == ["west", "far"]


def test_another_customers_devices_are_not_near(api, rival_api, customer, at):
    _van(customer, "near", 300, at)
    assert _names(rival_api.json("devices/nearest", **HERE)) == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"latitude": 52}, "longitude"),
        ({"longitude": 4.9, "latitude": 91}, "latitude"),
        ({"longitude": "nan", "latitude": 52}, "longitude"),
        ({"longitude": "x", "latitude": 52}, "longitude"),
        (HERE | {"within_m": -1}, "within_m"),
        (HERE | {"by": "smell"}, "by"),
        (HERE | {"limit": 101}, "limit"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(api, query, param):
    problem(api.get("devices/nearest", **query), 400, "invalid_parameter", param)
