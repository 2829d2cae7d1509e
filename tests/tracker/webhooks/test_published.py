"""The published schemas: one for each kind, true of the examples and of every event the product tells."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.gis.geos import LineString
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

from tests.tracker.caller import a_count, a_device, a_state
from tests.tracker.trips.journeys import a_trip, again, drive, east_m, fix, report
from tests.tracker.webhooks.contract import all_as_published, faults_of
from tracker.devices import conditions
from tracker.devices.models import DeviceState
from tracker.ingestion import quarantine_rate
from tracker.outbox.catalogue import Kind
from tracker.tenants import scope
from tracker.trips.services import cancel_trip, complete_trip
from tracker.trips.ticking import progress_trips
from tracker.webhooks.examples import example
from tracker.webhooks.lifecycle import note_verified
from tracker.webhooks.published import schema_of
from tracker.webhooks.services import create_endpoint, send_test

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_has_a_valid_schema_and_an_example_that_keeps_it(kind):
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["description"].endswith(".")
    assert faults_of(example(kind)) == []
    [shown] = schema["examples"]
    assert Draft202012Validator(schema).is_valid(shown)
    assert Draft202012Validator(schema).is_valid(shown | {"added_later": 1}), "receivers must live with more"
    assert not Draft202012Validator(schema).is_valid(shown | {"data": {}})


@pytest.mark.django_db
def test_schemas_are_served_to_anybody_under_their_own_addresses(settings):
    listed = json.loads(Client().get("/api/v1/webhook-schemas").content)["data"]
    assert [one["type"] for one in listed] == [kind.value for kind in Kind]
    for one in listed:
        path = one["schema"].removeprefix(settings.BASE_URL.rstrip("/"))
        schema = json.loads(Client().get(path).content)
        assert schema["$id"] == one["schema"]
        assert Draft202012Validator(schema).is_valid(one["example"])
    assert Client().get("/api/v1/webhook-schemas/door.opened").status_code == 404


def test_events_of_devices_are_as_published(customer):
    now = datetime.now(UTC)
    device = a_device(customer.test, name="Van 12")
    a_state(device, now)
    conditions.watch(now=now)
    DeviceState.objects.for_environment(customer.test).update(battery=0.1)
    conditions.watch(now=now)
    DeviceState.objects.for_environment(customer.test).update(battery=None)
    conditions.watch(now=now + 20 * MINUTE)
    assert all_as_published(customer.test) == {"device.online", "device.battery_low", "device.silent"}


def test_the_quarantine_event_is_as_published(customer):
    now = timezone.now().replace(microsecond=0)
    a_count(customer.test, now, "accepted", 50)
    a_count(customer.test, now, "quarantined", 50, reason="bad_latitude")
    quarantine_rate.watch(now=now)
    assert all_as_published(customer.test) == {"quarantine.rate_high"}


def test_the_test_event_is_as_published(customer):
    now, url = timezone.now(), "https://hooks.example.com/"
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        endpoint, _ = create_endpoint(customer.test, url=url, by=None, now=now)
        note_verified(endpoint.pk, customer.test.pk, url, now=now)
        send_test(endpoint, now=now)
    assert all_as_published(customer.test) == {"webhook.test"}


def test_events_of_trips_are_as_published_also_those_that_correct(customer, monkeypatch):
    begun = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
    monkeypatch.setattr("tests.tracker.trips.journeys.START", begun)
    device = a_device(customer.test)
    line = LineString(east_m(-3000), east_m(0), srid=4326)
    trip = a_trip(
        device, now=begun, scheduled_at=begun + 4 * MINUTE, corridor=line, corridor_m=100.0, metadata={"a": 1}
    )
    report(device, [*drive(-3000, -2000), fix(110, -1900, north_m=900), fix(120, -1800, north_m=900)])
    progress_trips(now=begun + 2 * MINUTE)
    report(device, [fix(130, -1700), fix(140, -1600), fix(150, -1500)])
    progress_trips(now=begun + 3 * MINUTE)
    progress_trips(now=begun + 9 * MINUTE)
    report(device, [*drive(-1400, 0, at_s=540), fix(700, 1), fix(710, 2)])
    progress_trips(now=begun + 12 * MINUTE)
    report(device, drive(100, 900, at_s=730))
    progress_trips(now=begun + 15 * MINUTE)
    complete_trip(again(trip), now=begun + 16 * MINUTE)
    cancel_trip(a_trip(a_device(customer.test, "van-2"), now=begun), now=begun + MINUTE)
    report(device, [fix(601, 0), fix(606, 1), fix(611, 1)], stored_at=begun + 17 * MINUTE, move=False)
    progress_trips(now=begun + 18 * MINUTE)
    told = all_as_published(customer.test)
    assert {"trip.created", "trip.arrived", "trip.exited", "trip.completed", "trip.cancelled"} <= told
    assert {"trip.off_corridor", "trip.back_on_corridor", "trip.delayed"} <= told, told
