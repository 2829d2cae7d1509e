"""What one device did: distance, moves and stops, trips and stays, over the API."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point

from tests.tracker.caller import a_device, a_position, problem, yesterday
from tests.tracker.geofences.places import a_geofence, a_visit
from tracker.trips.models import Trip

METRE = 1 / 111_195.0


@pytest.fixture
def device(customer):
    """Stands from eight to nine, drives 6 km in ten minutes, stands for an hour."""
    device = a_device(customer.test)
    at, metres = yesterday(8), 0.0
    for minute in range(130):
        metres += 600 if 60 <= minute < 70 else 0
        place = Point(4.9, 52.0 + metres * METRE, srid=4326)
        a_position(device, at + timedelta(minutes=minute), location=place)
    return device


def test_a_day_is_told_as_moves_and_stops_with_their_distance(api, device):
    found = api.json(
        f"devices/{device.public_id}/history", from_=yesterday(0).isoformat(), to=yesterday(23).isoformat()
    )
    assert [segment["kind"] for segment in found["segments"]] == ["stopped", "moving", "stopped"]
    assert found["distance_m"] == pytest.approx(6000, rel=0.01)
    assert found["moving_s"] + found["stopped_s"] == pytest.approx(129 * 60)
    assert found["positions"] == 130
    assert found["segments"][0]["latitude"] == pytest.approx(52.0, abs=1e-4)


def test_only_what_was_stored_by_then_is_told_with_known_at(api, device):
    path, span = (
        f"devices/{device.public_id}/history",
        {"from_": yesterday(0).isoformat(), "to": yesterday(23).isoformat()},
    )
    found = api.json(path, **span, known_at=(yesterday(8) + timedelta(minutes=30)).isoformat())
    assert [segment["kind"] for segment in found["segments"]] == ["stopped"]
    assert found["positions"] == 30


def test_trips_and_stays_of_the_span_are_told_and_others_are_not(api, customer, device):
    span = {"from_": yesterday(8).isoformat(), "to": yesterday(9).isoformat()}
    depot = a_geofence(customer.test, "depot")
    a_visit(device, depot, yesterday(7), yesterday(8, 30))
    a_visit(device, depot, yesterday(10))
    trip = Trip.objects.create(
        environment=customer.test,
        device=device,
        destination_name="Harbour",
        started_at=yesterday(8, 15),
        state="active",
    )
    Trip.objects.create(environment=customer.test, device=device, started_at=yesterday(11))
    Trip.objects.create(
        environment=customer.test,
        device=device,
        started_at=yesterday(5),
        ended_at=yesterday(6),
        state="cancelled",
    )
    found = api.json(f"devices/{device.public_id}/history", **span)
    assert [(stay["name"], stay["geofence"]) for stay in found["visits"]] == [("depot", depot.public_id)]
    assert found["visits"][0]["exited_at"]
    assert [(one["id"], one["destination"]) for one in found["trips"]] == [(trip.public_id, "Harbour")]


def test_a_device_that_was_nowhere_has_an_empty_history(api, customer):
    found = api.json(f"devices/{a_device(customer.test, 'parked').public_id}/history")
    assert (found["segments"], found["distance_m"], found["positions"]) == ([], 0, 0)


def test_more_than_a_week_at_once_is_refused(api, device):
    answer = api.get(f"devices/{device.public_id}/history", from_="2026-01-01", to="2026-01-09")
    assert "7 days" in problem(answer, 400, "invalid_parameter", "from")


def test_a_span_that_ends_before_it_begins_is_refused(api, device):
    problem(
        api.get(f"devices/{device.public_id}/history", from_="2026-01-02", to="2026-01-01"),
        400,
        "invalid_parameter",
        "from",
    )
