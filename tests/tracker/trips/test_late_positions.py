"""However positions come, in whatever order and with whatever looks in between, a trip ends with the same facts."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

from tests.tracker.caller import a_device
from tests.tracker.trips.journeys import a_trip, again, drive, fix, report
from tracker.http.times import moment_text
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.positions.models import Position
from tracker.trips.models import Trip
from tracker.trips.ticking import progress_trips
from tracker.webhooks.published import schema_of

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
FACTS = ("state", "arrived_at", "exited_at", "summary")


@pytest.fixture
def begun(monkeypatch) -> datetime:
    at = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
    monkeypatch.setattr("tests.tracker.trips.journeys.START", at)
    return at


def facts(trip: Trip) -> dict[str, object]:
    row = again(trip)
    return {name: getattr(row, name) for name in FACTS}


def standing(trip: Trip, kind: str) -> list[OutboxEvent]:
    """The events of a kind that no later one corrects."""
    rows = OutboxEvent.objects.for_environment(trip.environment_id).filter(
        device_id=trip.device_id, kind=kind
    )
    events = list(rows.order_by("pk"))
    corrected = {event.data.get("corrects") for event in events}
    return [event for event in events if event.public_id not in corrected]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_any_looks_end_the_same(customer, begun, seed):
    dice = random.Random(seed)
    way = [*drive(-800, 0), fix(90, 3), fix(100, -4), *drive(0, 600, at_s=300), fix(95, -900), fix(30, 0)]
    way = sorted({one.at_us: one for one in way}.values())
    straight = a_trip(a_device(customer.test, "ordered"), now=begun, complete_on="exit")
    report(straight.device, way)
    progress_trips(now=begun + 10 * MINUTE)
    shuffled = a_trip(a_device(customer.test, "shuffled"), now=begun, complete_on="exit")
    left, at = dice.sample(way, len(way)), begun + 10 * MINUTE
    while left:
        some, left = left[: (size := dice.randint(1, 6))], left[size:]
        at += timedelta(seconds=dice.choice([1, 5, 40]))
        report(shuffled.device, some, stored_at=at)
        if dice.random() < 0.6:
            progress_trips(now=at)
    for _ in range(3):  # the last ones are found by the looks that time asks for
        at += 2 * MINUTE
        progress_trips(now=at)
    assert facts(shuffled) == facts(straight)
    [arrived] = standing(shuffled, "trip.arrived")
    [exited] = standing(shuffled, "trip.exited")
    assert arrived.occurred_at == again(straight).arrived_at
    assert exited.occurred_at == again(straight).exited_at
    for event in OutboxEvent.objects.for_environment(customer.test):
        body = {
            "id": event.public_id, "type": event.kind, "timestamp": moment_text(event.occurred_at),
            "environment": customer.test.public_id, "data": event.data,
        }  # fmt: skip
        Draft202012Validator(schema_of(Kind(event.kind))).validate(body)


def test_an_arrival_whose_positions_are_withdrawn_is_taken_back(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun)
    report(device, [fix(0, -1000), fix(10, -900), fix(20, 0), fix(30, 0), fix(40, -880)])
    progress_trips(now=begun + MINUTE)
    assert again(trip).state == "arrived"
    wrong = Position.objects.for_environment(customer.test).filter(
        recorded_at__in=[begun + timedelta(seconds=s) for s in (20, 30)]
    )
    wrong.delete()
    progress_trips(now=begun + 3 * MINUTE)
    trip = again(trip)
    assert (trip.state, trip.arrived_at) == ("active", None)
    [taken_back] = standing(trip, "trip.arrived")
    assert taken_back.data["withdrawn"] is True
    assert taken_back.data["arrived_at"] is None
    assert trip.eta_at is not None


def test_what_comes_days_after_the_end_is_no_longer_looked_for(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun, complete_on="arrival")
    report(device, [*drive(-800, 0), fix(90, 3)])
    progress_trips(now=begun + 2 * MINUTE)
    at = begun + 2 * MINUTE
    for _ in range(8):
        at = again(trip).due_at or at
        progress_trips(now=at)
    assert again(trip).due_at is None
    assert at - begun > timedelta(days=3) - MINUTE
