"""Two workers tick at once: no trip is looked at twice, nothing is told twice. First the race, then the guard."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from tests.tracker.caller import a_device
from tests.tracker.trips.journeys import a_trip, again, drive, fix, report
from tracker.outbox.models import OutboxEvent
from tracker.trips import ticking
from tracker.trips.services import cancel_trip
from tracker.trips.ticking import progress_trips

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def begun(monkeypatch) -> datetime:
    at = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
    monkeypatch.setattr("tests.tracker.trips.journeys.START", at)
    return at


@pytest.fixture
def trip(customer, begun):
    device = a_device(customer.test)
    made = a_trip(device, now=begun)
    report(device, [*drive(-500, 0), fix(60, 1), fix(70, 0)])
    return made


def arrivals(trip) -> int:
    return OutboxEvent.objects.for_environment(trip.environment_id).filter(kind="trip.arrived").count()


def two_at_once(now, monkeypatch) -> list[int]:
    """Two ticks of which each has taken its trips before either looks at them; how many each took."""
    met = threading.Barrier(2, timeout=20)
    look_at, took = ticking.look_at, []

    def look_together(trips, *, now):
        met.wait()
        return look_at(trips, now=now)

    monkeypatch.setattr(ticking, "look_at", look_together)

    def tick() -> None:
        try:
            took.append(progress_trips(now=now).trips)
        finally:
            connection.close()

    workers = [threading.Thread(target=tick) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return sorted(took)


def test_without_the_lock_one_arrival_would_be_told_twice(trip, begun, monkeypatch):
    for name in ("TAKE_DUE", "TAKE_MOVED"):
        statement = getattr(ticking, name)
        monkeypatch.setattr(ticking, name, statement.partition(" FOR UPDATE")[0])
    assert two_at_once(begun + 2 * MINUTE, monkeypatch) == [1, 1]
    assert arrivals(trip) == 2


def test_with_it_only_one_worker_looks_and_it_is_told_once(trip, begun, monkeypatch):
    assert two_at_once(begun + 2 * MINUTE, monkeypatch) == [0, 1]
    assert arrivals(trip) == 1
    assert again(trip).state == "arrived"


def test_a_trip_that_somebody_is_just_ending_is_passed_over_and_stays_ended(trip, begun):
    with transaction.atomic():
        cancel_trip(trip, now=begun + MINUTE)
        told: list[int] = []

        def tick() -> None:
            try:
                told.append(progress_trips(now=begun + 2 * MINUTE).trips)
            finally:
                connection.close()

        worker = threading.Thread(target=tick)
        worker.start()
        worker.join(30)
        assert told == [0]
    progress_trips(now=begun + 2 * MINUTE)
    assert again(trip).state == "cancelled"
    assert arrivals(trip) == 0
