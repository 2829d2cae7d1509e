"""What the map's playback asks for: a device's day, and where the fleet was as known at a time."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point

from tests.tracker.caller import a_device, a_position, yesterday
from tests.tracker.geofences.places import a_geofence, a_visit
from tracker.geofences.models import MembershipGeofence
from tracker.live.playback import day_bounds
from tracker.tenants import scope
from tracker.tenants.models import Membership, Role

NORTH = 52.4


@pytest.fixture
def van(customer):
    """Stood from eight to half past, then reported from Purmerend; that report was stored three hours late."""
    van = a_device(customer.test, "van-1", name="Van 1", metadata={"hub": "North"})
    for minute in range(0, 31, 5):
        a_position(van, yesterday(8, minute))
    late = yesterday(12)
    a_position(van, yesterday(9), location=Point(4.95, 52.5, srid=4326), received_at=late, stored_at=late)
    type(van).objects.for_environment(customer.test).filter(pk=van.pk).update(registered_at=yesterday(7))
    return van


def _day(client, van, **query):
    day = yesterday().date().isoformat()
    return client.get(f"/map/devices/{van.public_id}/day", {"date": day, "tz": "UTC"} | query)


def test_a_day_has_the_track_with_its_times_and_what_happened_on_it(signed_in, customer, van):
    a_visit(van, a_geofence(customer.test), yesterday(7), yesterday(9))
    found = _day(signed_in(customer.owner), van).json()
    assert found["track"]["properties"]["positions"] == 8
    assert len(found["track"]["geometry"]["coordinates"]) == len(found["track"]["properties"]["times"]) == 8
    assert found["track"]["properties"]["times"][0] == yesterday(8).timestamp() * 1000
    assert [segment["kind"] for segment in found["segments"]] == ["stopped", "moving"]
    assert found["visits"][0]["name"] == "depot"
    assert found["distance_m"] == pytest.approx(found["segments"][1]["distance_m"])


def test_as_known_then_a_report_that_came_late_is_not_there(signed_in, customer, van):
    client = signed_in(customer.owner)
    assert (
        _day(client, van, known_at=yesterday(11).isoformat()).json()["track"]["properties"]["positions"] == 7
    )
    assert (
        _day(client, van, known_at=yesterday(12).isoformat()).json()["track"]["properties"]["positions"] == 8
    )


@pytest.mark.parametrize(
    "wrong", [{"date": "today"}, {"date": ""}, {"known_at": "then"}, {"date": "9999-12-31"}]
)
def test_a_day_that_is_none_is_refused_with_a_sentence(signed_in, customer, van, wrong):
    answer = _day(signed_in(customer.owner), van, **wrong)
    assert answer.status_code == 400
    assert "2026-05-01" in answer.json()["detail"]


def test_the_fleet_is_shown_where_it_was_known_to_be(signed_in, customer, van):
    client = signed_in(customer.owner)

    def at(hour: int) -> list[tuple[str, float]]:
        found = client.get("/map/as-known", {"at": yesterday(hour).isoformat()}).json()
        return [(device["external_id"], device["latitude"]) for device in found["devices"]]

    assert at(7) == []
    assert at(10) == [("van-1", 52.3702)]
    assert at(13) == [("van-1", 52.5)]


def test_a_device_as_known_has_what_the_map_shows_of_a_live_one(signed_in, customer, van):
    at = {"at": yesterday(10).isoformat()}
    (device,) = signed_in(customer.owner).get("/map/as-known", at).json()["devices"]
    assert device["hub"] == "North"
    assert device["offline_after_s"] == 900
    assert device["recorded_at"] == yesterday(8, 30).timestamp() * 1000
    assert device["moved_at"] <= device["recorded_at"]


def test_whoever_is_limited_to_a_geofence_sees_only_those_inside(signed_in, customer, van):
    depot = a_geofence(customer.test)
    other = a_device(customer.test, "van-2")
    a_position(other, yesterday(8))
    type(van).objects.for_environment(customer.test).update(registered_at=yesterday(7))
    a_visit(other, depot, yesterday(8))
    person = customer.member(Role.SUPERVISOR)
    with scope.scope(tenant_id=customer.tenant.pk):
        membership = Membership.objects.for_tenant(customer.tenant).get(user=person)
        MembershipGeofence.objects.create(tenant=customer.tenant, membership=membership, geofence=depot)
    client = signed_in(person)
    found = client.get("/map/as-known", {"at": yesterday(10).isoformat()}).json()
    assert [device["external_id"] for device in found["devices"]] == ["van-2"]
    assert _day(client, van).status_code == 404
    assert _day(client, other).status_code == 200


def test_a_stranger_sees_nothing(client, van):
    assert _day(client, van).status_code == 302
    assert client.get("/map/as-known").status_code == 302


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-01", 24)])
def test_a_day_in_which_clocks_change_is_as_long_as_it_was(day, hours):
    begin, end = day_bounds(day, "Europe/Amsterdam")
    assert end - begin == timedelta(hours=hours)
