"""What a plan is made of: who can drive, what can be planned, and the reasons for what cannot."""

from datetime import timedelta
from typing import Any

import pytest

from dispatch.fleet.models import DeviceHolding, ShiftChange, VehicleHolding
from dispatch.fleet.models import Vehicle as FleetVehicle
from dispatch.intake.doubts import doubt_of
from dispatch.manifests.orders import stops_on
from dispatch.manifests.releasing import release
from dispatch.manifests.services import begin, finish
from dispatch.optimiser.problem import Problem
from dispatch.planning.assembling import assemble
from dispatch.planning.brief import packed, unpacked
from dispatch.planning.errors import Unplannable
from dispatch.planning.frames import Job, framed
from dispatch.planning.services import settings_of
from dispatch.shipments.authors import system
from dispatch.shipments.commands import AllowAttempt, CorrectAddress, FailAttempt, Reschedule
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import execute
from tests.dispatch.fleet.ground import PUNE
from tests.dispatch.planning.town import MORNING, OFFICE, a_town
from tests.tracker.caller import a_device, a_state

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BY = system("test")


@pytest.fixture
def town(box):
    return a_town(box)


def read(town):
    return assemble(town.environment.pk, town.hub, service_date=MORNING.date(), now=town.now)


def reasons(made):
    return {one.shipment_id: [reason.code for reason in one.reasons] for one in made.left}


def does(town, shipment, *commands):
    for command in commands:
        execute(town.environment.pk, shipment, command, author=OFFICE, now=town.now)


def test_drivers_on_shift_are_vehicles_with_their_hours_in_seconds_of_the_local_day(town):
    made = read(town)
    assert len(made.brief.vehicles) == 3
    vehicle = made.brief.vehicles[0]
    assert (vehicle.shift_start_s, vehicle.shift_end_s) == (9 * 3600, 18 * 3600)
    assert vehicle.capacity == {"parcels": 30_000}
    assert made.brief.now_s == 6 * 3600


def test_a_driver_without_a_vehicle_carries_what_the_settings_say(town):
    VehicleHolding.objects.for_environment(town.environment).filter(driver=town.drivers[0]).delete()
    assert read(town).brief.vehicles[0].capacity == {"parcels": 10_000, "kg": 15_000}
    prices = settings_of(town.environment.pk)
    prices.weights = {"foot_parcels": 4, "foot_kg": 2.5}
    prices.save()
    made = read(town)
    assert [one.capacity for one in made.brief.vehicles[:2]] == [
        {"parcels": 4000, "kg": 2500},
        {"parcels": 30_000},
    ]
    town.parcels(70)
    run = town.plan()
    assert (run.facts["on_foot"], run.facts["foot_room"]) == (1, {"parcels": 4.0, "kg": 2.5})
    [mine] = [draft for draft in town.manifests() if draft.driver_id == town.drivers[0].pk]
    assert len(town.order(mine)) == 4


def test_one_who_is_out_without_a_vehicle_keeps_what_they_have(town):
    town.parcels(30)
    VehicleHolding.objects.for_environment(town.environment).delete()
    for other in town.drivers[1:]:
        ShiftChange.objects.create(environment=town.environment, driver=other, date=MORNING.date())
    prices = settings_of(town.environment.pk)
    prices.weights = {"foot_parcels": 30}
    prices.save()
    town.plan(releases=True)
    [manifest] = town.manifests("released")
    town.now = MORNING + 4 * HOUR
    begin(town.environment.pk, manifest.pk, at=town.now, by=BY, now=town.now)
    prices.weights = {}
    prices.save()
    assert read(town).brief.vehicles[0].capacity == {}
    run = town.plan()
    assert (run.state, run.facts["planned"], run.facts["on_foot"]) == ("done", 30, 0)


def test_a_driver_who_is_absent_today_is_not_there(town):
    ShiftChange.objects.create(environment=town.environment, driver=town.drivers[0], date=MORNING.date())
    assert len(read(town).brief.vehicles) == 2


def test_a_shift_of_no_length_is_no_shift(box):
    town = a_town(box, shift=("09:00", "09:00"))
    with pytest.raises(Unplannable, match="No driver of Pune East is on shift"):
        read(town)


def test_a_place_that_nobody_knows_or_somebody_doubts_is_left_with_a_reason(town):
    unknown, doubtful, good = town.parcels(3)
    does(town, unknown, CorrectAddress(place_by="gazetteer"))
    does(town, doubtful, CorrectAddress(place_by="gazetteer", longitude=73.8, latitude=18.5, doubtful=True))
    made = read(town)
    assert reasons(made) == {unknown: ["place_unknown"], doubtful: ["place_doubtful"]}
    assert [one.row.pk for one in made.parcels.values()] == [good]


def test_each_doubtful_place_is_left_with_its_own_doubt(town):
    far, swapped, marked, unsure = town.parcels(4)
    places: tuple[tuple[Any, dict[str, Any]], ...] = (
        (far, {"longitude": 2.35, "latitude": 48.85, "place_by": "given"}),
        (swapped, {"longitude": PUNE[1], "latitude": PUNE[0], "place_by": "given"}),
        (marked, {"longitude": PUNE[0], "latitude": PUNE[1], "place_by": "given"}),
        (unsure, {"longitude": PUNE[0], "latitude": PUNE[1], "place_by": "gazetteer", "confidence": 0.4}),
    )
    for parcel, place in places:
        does(town, parcel, CorrectAddress(**place, doubtful=True))
    said = {one.shipment_id: one.reasons[0].text for one in read(town).left}
    for parcel in (far, swapped, marked, unsure):
        assert (
            said[parcel]
            == f"{doubt_of(town.environment.pk, town.state(parcel))}: a person must look at its place first."
        )
    assert said[unsure].startswith("Gazetteer is only 40% sure of it")
    assert said[marked].startswith("Somebody marked it as doubtful")
    assert len(set(said.values())) == 4


@pytest.mark.parametrize("vast", [2**64, 10**24])
def test_a_size_from_before_there_was_a_bound_is_left_with_a_reason_and_the_rest_is_planned(town, vast):
    first, good = town.parcels(2)
    ShipmentState.objects.for_environment(town.environment).filter(pk=first).update(size={"parcels": vast})
    run = town.plan()
    assert run.state == "done", run.failure
    [left] = run.unserved
    assert [reason["code"] for reason in left["reasons"]] == ["size_too_large"]
    assert "more than the 1,000,000 that can be planned" in left["reasons"][0]["text"]
    assert [town.order(draft) for draft in town.manifests()] == [[good]]


def test_room_without_bounds_is_said_in_numbers_that_a_solver_can_count_with(town):
    FleetVehicle.objects.for_environment(town.environment).update(capacities={"parcels": 1e24})
    town.parcels(2)
    assert framed(Job(read(town).brief, 1, 1))


def test_a_slot_that_is_over_is_a_reason_and_one_of_tomorrow_is_for_tomorrow(town):
    past, tomorrow, night, good = town.parcels(4)
    slots = {
        past: (MORNING - 3 * HOUR, MORNING - HOUR),
        tomorrow: (MORNING + DAY, MORNING + DAY + HOUR),
        night: (MORNING + 16 * HOUR, MORNING + 20 * HOUR),  # from ten in the evening over midnight
        good: (MORNING + 4 * HOUR, MORNING + 6 * HOUR),
    }
    for parcel, slot in slots.items():
        does(town, parcel, Reschedule(slots=(slot,)))
    town.now += MINUTE
    made = read(town)
    assert reasons(made) == {past: ["slot_past"]}
    assert made.later == 1
    assert {one.row.pk for one in made.parcels.values()} == {night, good}


def test_of_several_slots_those_that_are_to_come_count(town):
    [parcel] = town.parcels(1)
    slots = (
        (MORNING - HOUR, MORNING),
        (MORNING + 4 * HOUR, MORNING + 5 * HOUR),
        (MORNING + 8 * HOUR, MORNING + 9 * HOUR),
    )
    does(town, parcel, Reschedule(slots=slots))
    town.now += MINUTE
    [stop] = read(town).brief.stops
    assert [(slot.earliest_s // 3600, slot.latest_s // 3600) for slot in stop.slots] == [(10, 11), (14, 15)]
    assert {slot.late_price for slot in stop.slots} == {None}


def test_a_price_on_lateness_makes_slots_soft(town):
    town.parcels(1, slots=((MORNING + 4 * HOUR, MORNING + 5 * HOUR),))
    prices = settings_of(town.environment.pk)
    prices.weights = {"late_per_minute": 2, "speed_kmh": "fast"}
    prices.save()
    [stop] = read(town).brief.stops
    assert stop.slots[0].late_price == 1200


def test_sizes_are_whole_thousandths_and_a_parcel_is_one_parcel(town):
    town.parcels(1, size={"kg": 2.5})
    [stop] = read(town).brief.stops
    assert stop.deliver == {"parcels": 1000, "kg": 2500}


def test_groups_of_the_metadata_go_together_or_apart(town):
    first, second = (
        town.parcels(2, seed=s, metadata=m)
        for s, m in ((1, {"go_with": "order 7"}), (2, {"keep_apart": ["food"]}))
    )
    made = read(town)
    names = {one.row.pk: one.public_id for one in made.parcels.values()}
    assert made.brief.together == (tuple(names[parcel] for parcel in first),)
    assert made.brief.apart == (tuple(names[parcel] for parcel in second),)


def test_a_driver_starts_where_they_are_if_that_is_known_and_fresh(town):
    town.now = MORNING + 4 * HOUR
    for number, age in enumerate((MINUTE, HOUR)):
        device = a_device(town.environment, f"phone-{number}")
        a_state(device, town.now - age)  # in Amsterdam
        DeviceHolding.objects.create(
            environment=town.environment, driver=town.drivers[number], device=device, since=MORNING - DAY
        )
    made = read(town)
    places = [made.brief.places[vehicle.start].longitude for vehicle in made.brief.vehicles]
    assert places == [4.8952, PUNE[0], PUNE[0]]


def test_a_driver_who_is_out_has_what_is_done_behind_them_and_the_rest_aboard(town):
    town.parcels(6)
    town.plan(releases=True)
    manifest = next(m for m in town.manifests("released") if len(town.order(m)) > 1)
    town.now = MORNING + 4 * HOUR
    begin(town.environment.pk, manifest.pk, at=town.now, by=BY, now=town.now)
    first = stops_on(manifest)[0]
    town.now += 10 * MINUTE
    does(town, first.shipment_id, FailAttempt(reason="nobody_home"))
    finish(town.environment.pk, first.pk, "failed", at=town.now, by=BY, now=town.now)
    does(town, first.shipment_id, AllowAttempt(not_before=town.now + HOUR))
    made = read(town)
    vehicle = next(v for v in made.brief.vehicles if v.id == manifest.driver.public_id)
    assert [visit.stop for visit in vehicle.begun] == [first.public_id]
    assert vehicle.load_at is None
    again = next(one for one in made.parcels.values() if one.row.pk == first.shipment_id)
    stop = next(stop for stop in made.brief.stops if stop.id == again.public_id)
    assert stop.only == {vehicle.id}  # the parcel is still on board
    assert stop.slots[0].earliest_s == made.brief.second(town.now + HOUR)


def test_what_another_hub_has_is_not_touched(box, town):
    town.parcels(3)
    other = a_town(box, drivers=1)
    other.hub.name = "Pune West"
    other.hub.save()
    other.parcels(2, seed=5)
    assert len(read(town).parcels) == 3
    assert len(read(other).parcels) == 2


def test_a_brief_survives_its_way_into_the_database_and_back(town):
    town.parcels(5, slots=((MORNING + 4 * HOUR, MORNING + 6 * HOUR),), skills=("cold",))
    brief = read(town).brief
    assert unpacked(packed(brief)) == brief
    assert isinstance(unpacked(packed(brief)).problem(), Problem)


def test_release_after_reading_is_a_change_of_who_has_what(town):
    town.parcels(4)
    town.plan()
    before = read(town).holdings
    release(town.environment.pk, [m.pk for m in town.manifests("draft")], by=BY, now=town.now)
    assert read(town).holdings != before
