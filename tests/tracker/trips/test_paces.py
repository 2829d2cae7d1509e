"""What completed trips teach: pace and street factor by hour, and how far estimates lie off."""

import random
from datetime import UTC, datetime, timedelta
from math import exp

import pytest

from tests.tracker.caller import a_device
from tests.tracker.trips.journeys import a_trip, again, drive, fix, report
from tracker.trips import paces
from tracker.trips.estimate import HOUSE
from tracker.trips.models import LearnedPace
from tracker.trips.paces import Lesson, paces_of
from tracker.trips.ticking import progress_trips

pytestmark = pytest.mark.django_db


def teach(environment_id: int, lessons: list[Lesson], monkeypatch) -> None:
    rest = iter(lessons)
    monkeypatch.setattr(paces, "lesson_of", lambda trip: next(rest))

    class Made:
        pass

    for _ in lessons:
        trip = Made()
        trip.environment_id = environment_id  # type: ignore[attr-defined]  # stands for a trip
        paces.learn([trip])  # type: ignore[list-item]  # the same


def test_learned_values_near_the_truth_and_one_strange_trip_moves_them_little(customer, monkeypatch):
    dice = random.Random(4)
    lessons = []
    for _ in range(120):
        seconds = 5000 * 1.5 / 8.0 * exp(dice.gauss(0, 0.2))
        lessons.append(Lesson(9, 5000 * 1.5 / seconds, 1.5, seconds, 5000))
    teach(customer.test.pk, lessons, monkeypatch)
    learned = paces_of([customer.test.pk])[customer.test.pk][9]
    assert learned.speed_mps == pytest.approx(8.0, rel=0.1)
    assert learned.street_factor == pytest.approx(1.5, rel=0.05)
    assert learned.spread == pytest.approx(0.2, abs=0.06)
    teach(customer.test.pk, [Lesson(9, 0.4, 4.9, 60_000, 5000)], monkeypatch)
    assert paces_of([customer.test.pk])[customer.test.pk][9].speed_mps == pytest.approx(
        learned.speed_mps, rel=0.05
    )


def test_the_first_trip_is_weighed_against_the_house(customer, monkeypatch):
    teach(customer.test.pk, [Lesson(9, 9.0, 1.35, 750, 5000)], monkeypatch)
    learned = LearnedPace.objects.for_environment(customer.test).get()
    assert learned.speed_mps == pytest.approx(HOUSE.speed_mps + (9.0 - HOUSE.speed_mps) / 4)
    assert (learned.hour, learned.samples) == (9, 1)
    assert paces_of([customer.live.pk]) == {}


def test_short_trips_and_such_that_never_arrived_teach_nothing(customer, monkeypatch):
    begun = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
    monkeypatch.setattr("tests.tracker.trips.journeys.START", begun)
    short = a_trip(a_device(customer.test, "a"), now=begun, complete_on="arrival")
    report(short.device, [*drive(-300, 0), fix(60, 0)])
    progress_trips(now=begun + timedelta(minutes=5))
    assert again(short).state == "completed"
    assert not LearnedPace.objects.for_environment(customer.test).exists()
