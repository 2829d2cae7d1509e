"""Which devices are inside a geofence, now and at a time."""

import pytest

from tests.tracker.caller import a_device, a_state, problem, yesterday
from tests.tracker.geofences.places import a_geofence, a_visit


@pytest.fixture
def depot(customer):
    """Van 1 came at eight and is there, van 2 was there from nine to ten."""
    depot = a_geofence(customer.test, "depot/north")
    for number, (begin, end) in enumerate([(8, None), (9, 10)], start=1):
        device = a_device(customer.test, f"van-{number}")
        a_state(device, yesterday(12))
        a_visit(device, depot, yesterday(begin), yesterday(end) if end else None)
    return depot


def _inside(api, depot, **query) -> list[str]:
    return [
        row["device"]["external_id"]
        for row in api.json(f"geofences/{depot.public_id}/devices", **query)["data"]
    ]


@pytest.mark.parametrize(
    ("hour", "inside"), [(7, []), (8, ["van-1"]), (9, ["van-1", "van-2"]), (10, ["van-1"]), (11, ["van-1"])]
)
def test_at_a_time_those_are_told_that_had_come_and_not_left(api, depot, hour, inside):
    assert _inside(api, depot, at=yesterday(hour).isoformat()) == inside


def test_now_those_are_told_that_have_not_left(api, depot):
    assert _inside(api, depot) == ["van-1"]


def test_the_owners_id_names_the_geofence_too_even_with_a_slash(api, depot):
    found = api.json("geofences/external:depot/north/devices")
    assert [row["device"]["external_id"] for row in found["data"]] == ["van-1"]
    assert found["data"][0]["device"]["latest_position"]


def test_pages_follow_each_other(api, depot):
    path = f"geofences/{depot.public_id}/devices"
    first = api.json(path, at=yesterday(9).isoformat(), limit=1)
    second = api.json(path, at=yesterday(9).isoformat(), limit=1, cursor=first["next_cursor"])
    assert [page["data"][0]["device"]["external_id"] for page in (first, second)] == ["van-1", "van-2"]
    assert second["next_cursor"] is None


def test_a_deleted_device_is_not_inside(api, customer, depot):
    assert api.delete("devices/external:van-1").status_code == 204
    assert _inside(api, depot) == []


@pytest.mark.parametrize("name", ["gf_" + "0" * 32, "external:nowhere", "nonsense"])
def test_an_unknown_geofence_is_a_404(api, depot, name):
    problem(api.get(f"geofences/{name}/devices"), 404, "not_found")
