"""The tick of trips: from positions to arrivals and events, with late ones corrected, at a constant cost."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.gis.geos import LineString
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.tracker.caller import a_device
from tests.tracker.trips.journeys import a_trip, again, drive, east_m, fix, report
from tracker.outbox.models import OutboxEvent
from tracker.trips import ticking
from tracker.trips.advance import EPOCH, MICROSECOND
from tracker.trips.models import LearnedPace, Trip
from tracker.trips.services import cancel_trip, complete_trip
from tracker.trips.ticking import progress_trips

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def begun() -> datetime:
    """Yesterday, so that there is a partition for it."""
    return datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)


@pytest.fixture(autouse=True)
def shifted(monkeypatch, begun):
    """Journeys begin yesterday."""
    monkeypatch.setattr("tests.tracker.trips.journeys.START", begun)


def told(trip: Trip) -> list[str]:
    rows = OutboxEvent.objects.for_environment(trip.environment_id).filter(kind__startswith="trip.")
    return [kind.removeprefix("trip.") for kind in rows.order_by("pk").values_list("kind", flat=True)]


def events(trip: Trip, kind: str) -> list[OutboxEvent]:
    rows = OutboxEvent.objects.for_environment(trip.environment_id).filter(kind=f"trip.{kind}")
    return list(rows.order_by("pk"))


def test_a_drive_to_the_goal_arrives_is_completed_and_told(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun, complete_on="arrival", scheduled_at=begun + 30 * MINUTE)
    report(device, drive(-3000, -1500))
    progress_trips(now=begun + 3 * MINUTE)
    trip = again(trip)
    assert (trip.state, round(trip.remaining_m or 0)) == ("active", 1500)
    assert trip.eta_at and trip.eta_earliest_at and trip.eta_latest_at  # noqa: PT018  for the types of the next line
    assert begun + 3 * MINUTE < trip.eta_earliest_at < trip.eta_at < trip.eta_latest_at
    report(device, drive(-1400, 0, at_s=160))
    report(device, [fix(310, 3), fix(320, 1)])
    progress_trips(now=begun + 6 * MINUTE)
    trip = again(trip)
    assert trip.state == "completed"
    assert trip.arrived_at == begun + timedelta(seconds=300)
    assert trip.summary is not None
    assert trip.summary["on_time"] is True
    assert 2900 < trip.summary["distance_m"] < 3100
    assert trip.eta_at is None
    assert told(trip) == ["created", "eta_changed", "arrived", "completed"]
    arrived = events(trip, "arrived")[0]
    assert arrived.occurred_at == trip.arrived_at
    assert arrived.data["trip"]["id"] == trip.public_id
    assert arrived.data["late_by_s"] == -1500.0
    assert "corrects" not in arrived.data
    learned = LearnedPace.objects.for_environment(customer.test).get(hour=8)
    assert (learned.samples, round(learned.street_factor, 2)) == (1, 1.26)


def test_a_second_look_changes_nothing(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun)
    report(device, drive(-3000, -1500))
    assert progress_trips(now=begun + 3 * MINUTE).trips == 1
    assert progress_trips(now=begun + 3 * MINUTE).trips == 0
    assert told(trip) == ["created", "eta_changed"]


def test_one_bad_fix_at_the_goal_does_not_arrive(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun)
    report(device, [fix(0, -3000), fix(10, 0), fix(20, -2900)])
    progress_trips(now=begun + 30 * MINUTE)
    assert again(trip).state == "active"


def test_silence_at_the_goal_is_arriving(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun)
    report(device, [fix(0, -300), fix(30, -10)])
    progress_trips(now=begun + MINUTE)
    assert again(trip).state == "active"
    assert again(trip).due_at <= begun + timedelta(seconds=150)
    progress_trips(now=begun + timedelta(seconds=151))
    assert again(trip).arrived_at == begun + timedelta(seconds=30)


def test_fixes_that_come_late_correct_the_arrival_and_name_what_they_correct(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun)
    way = [*drive(-1000, 0), fix(110, 0), fix(120, 2), fix(130, 1)]
    early = [way[0], *way[-2:]]
    report(device, early)
    progress_trips(now=begun + 3 * MINUTE)
    assert again(trip).arrived_at == begun + timedelta(seconds=120)
    report(device, way[1:-2], stored_at=begun + 4 * MINUTE, move=False)
    progress_trips(now=begun + 5 * MINUTE)
    ordered = a_trip(a_device(customer.test, "van-2"), now=begun)
    report(ordered.device, way)
    progress_trips(now=begun + 5 * MINUTE)
    assert again(trip).arrived_at == again(ordered).arrived_at == begun + timedelta(seconds=100)
    first, second = (event for event in events(trip, "arrived") if event.device_id == device.pk)
    assert second.data["corrects"] == first.public_id
    assert second.data["previous_arrived_at"] == first.data["arrived_at"]
    assert second.data["withdrawn"] is False


def test_fixes_that_come_late_withdraw_an_arrival_that_was_none(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun)
    report(device, [fix(0, -1000), fix(30, 0)])
    progress_trips(now=begun + 5 * MINUTE)
    assert again(trip).state == "arrived"
    report(device, [fix(40, -900), fix(50, -890)], stored_at=begun + 6 * MINUTE)
    progress_trips(now=begun + 7 * MINUTE)
    # the newest moved on, so only a look behind it shows that silence was none
    assert again(trip).state == "arrived"
    assert again(trip).exited_at == begun + timedelta(seconds=40)


def test_positions_taken_back_change_what_a_completed_trip_was(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun, complete_on="arrival")
    way = [*drive(-1000, 0), fix(110, 0), fix(120, 2)]
    report(device, way)
    progress_trips(now=begun + 3 * MINUTE)
    assert again(trip).state == "completed"
    late = [fix(95, -20), fix(97, -10)]
    report(device, late, stored_at=begun + 4 * MINUTE, move=False)
    progress_trips(now=begun + 5 * MINUTE)
    trip = again(trip)
    assert trip.arrived_at == begun + timedelta(seconds=95)
    assert (trip.summary or {})["duration_s"] == 95.0
    assert told(trip)[-2:] == ["arrived", "completed"]
    first, second = events(trip, "completed")
    assert second.data["corrects"] == first.public_id


def test_being_late_and_on_time_again_is_told_once_each(customer, begun):
    device = a_device(customer.test)
    trip = a_trip(device, now=begun, scheduled_at=begun + 10 * MINUTE)
    report(device, [fix(0, -20000)])
    for seconds in range(5, 200, 5):
        progress_trips(now=begun + timedelta(seconds=seconds))
    assert told(trip).count("delayed") == 1
    assert again(trip).delayed_since is not None
    report(device, [fix(200, -500), fix(210, -450), fix(230, -400)])
    for seconds in range(231, 400, 5):
        progress_trips(now=begun + timedelta(seconds=seconds))
    assert told(trip).count("back_on_time") == 1
    assert told(trip).count("delayed") == 1
    assert again(trip).delayed_since is None


def test_leaving_the_corridor_and_coming_back_is_told_once_each(customer, begun):
    from_goal = drive(-3000, -2000)
    device = a_device(customer.test)
    trip = a_trip(
        device, now=begun, corridor=LineString(east_m(-4000), east_m(0), srid=4326), corridor_m=100.0
    )
    report(device, from_goal)
    progress_trips(now=begun + 2 * MINUTE)
    report(device, [fix(130, -1900, north_m=105), fix(140, -1800, north_m=105)])
    progress_trips(now=begun + 3 * MINUTE)
    assert again(trip).off_corridor_since is None
    report(device, [fix(150, -1800, north_m=300), fix(160, -1700, north_m=300)])
    progress_trips(now=begun + 3 * MINUTE)
    assert again(trip).off_corridor_since == begun + timedelta(seconds=150)
    report(device, [fix(170, -1800, north_m=105), fix(180, -1700, north_m=105)])
    progress_trips(now=begun + 4 * MINUTE)
    assert again(trip).off_corridor_since is not None
    report(device, [fix(190, -1800, north_m=50), fix(200, -1700, north_m=50)])
    progress_trips(now=begun + 4 * MINUTE)
    assert [kind for kind in told(trip) if "corridor" in kind] == ["off_corridor", "back_on_corridor"]


def test_a_memory_of_another_form_begins_anew(customer, begun):
    trip = a_trip(a_device(customer.test), now=begun)
    Trip.objects.for_environment(customer.test).update(fold={"progress": {"fixes": "many"}})
    report(trip.device, drive(-3000, -1500))
    progress_trips(now=begun + 3 * MINUTE)
    assert round(again(trip).remaining_m or 0) == 1500


def test_a_trip_that_cannot_be_looked_at_does_not_hold_up_the_others(customer, begun, caplog, monkeypatch):
    broken, well = (a_trip(a_device(customer.test, name), now=begun) for name in ("broken", "well"))
    advance = getattr(ticking, "advance")  # noqa: B009  it is imported there and not exported

    def breaking(trip, given, *, now):
        if trip.pk != broken.pk:
            return advance(trip, given, now=now)
        trip.state = "arrived"
        raise ArithmeticError("half way")

    monkeypatch.setattr(ticking, "advance", breaking)
    for trip in (broken, well):
        report(trip.device, drive(-3000, -1500))
    progress_trips(now=begun + 3 * MINUTE)
    assert again(well).seen_at == begun + timedelta(seconds=150)
    assert (again(broken).due_at, again(broken).state) == (begun + 8 * MINUTE, "active")
    assert broken.public_id in str(caplog.records[-1].__dict__)
    assert progress_trips(now=begun + 3 * MINUTE).trips == 0


def test_ended_trips_are_left_alone(customer, begun):
    device = a_device(customer.test)
    done, off = a_trip(device, now=begun), a_trip(device, now=begun)
    report(device, drive(-3000, -1500))
    progress_trips(now=begun + 3 * MINUTE)
    complete_trip(done, now=begun + 4 * MINUTE)
    cancel_trip(off, now=begun + 4 * MINUTE)
    report(device, drive(-1400, 0, at_s=300))
    assert progress_trips(now=begun + timedelta(minutes=4, seconds=30)).trips == 0
    assert again(done).arrived_at is None
    assert (again(done).summary or {})["positions"] == 16


def test_a_look_at_many_costs_no_more_queries_than_a_look_at_one(customer, begun):
    def look(count: int, minute: int) -> int:
        for number in range(count):
            device = a_device(customer.test, f"van-{minute}-{number}")
            a_trip(device, now=begun)
            report(device, drive(-3000, -1500))
        progress_trips(now=begun + minute * MINUTE)  # the first estimates are told, at a query each
        for number in range(count):
            device = again(
                Trip.objects.for_environment(customer.test).get(device__external_id=f"van-{minute}-{number}")
            ).device
            report(device, drive(-1400, -1300, at_s=160))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert progress_trips(now=begun + minute * MINUTE + timedelta(seconds=2)).trips == count
        return len(captured)

    few = look(1, 3)
    Trip.objects.for_environment(customer.test).delete()
    assert look(12, 4) == few
    assert few < 14


def test_times_reach_the_database_to_the_microsecond():
    moment = EPOCH + 1_777_622_400_123_457 * MICROSECOND
    assert moment == datetime(2026, 5, 1, 8, 0, 0, 123457, tzinfo=UTC)
