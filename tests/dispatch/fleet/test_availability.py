"""Who can be sent out when, with what and from where; and why somebody cannot."""

from datetime import date, time, timedelta

from dispatch.fleet.models import Driver, Hub, ShiftChange, Vehicle
from dispatch.fleet.selectors import crew, last_places, located, on_shift
from dispatch.fleet.services import give_device, give_vehicle
from tests.dispatch.fleet.ground import NOW, a_driver, a_hub, a_shift, a_vehicle
from tests.tracker.caller import a_device, a_state
from tracker.devices.services import delete_device
from tracker.tenants import scope

HOUR = timedelta(hours=1)


def test_a_driver_on_shift_comes_with_vehicle_device_breaks_and_capacities(box):
    asha = a_driver(a_hub(box, "Pune"), skills=["cash"], ends_at="anywhere")
    a_shift(asha, breaks=[{"from": "12:00", "to": "14:00", "duration_s": 1800}])
    phone, bike = a_device(box, "phone"), a_vehicle(box)
    give_vehicle(asha, bike, NOW)
    give_device(asha, phone, NOW)
    (one,) = on_shift(box, None, NOW, NOW + HOUR)
    assert (one.driver, one.vehicle, one.device_id, one.ends_at) == (asha, bike, phone.pk, "anywhere")
    assert one.capacities == {"parcels": 30.0, "kg": 40.0}
    assert one.skills == {"cash"}
    assert (one.end - one.start, one.breaks[0].duration_s) == (9 * HOUR, 1800)
    Vehicle.objects.for_environment(box).update(capacities={"kg": 5})
    assert on_shift(box, None, NOW, NOW + HOUR)[0].capacities == {"kg": 5.0}


def test_two_shifts_a_day_are_two_entries_and_only_those_of_the_span(box):
    asha = a_driver(a_hub(box, "Pune"))
    a_shift(asha, "06:00", "10:00")
    a_shift(asha, "17:00", "22:00")
    day = NOW.replace(hour=0)
    assert len(on_shift(box, None, day, day + 24 * HOUR)) == 2
    assert len(on_shift(box, None, day, day + 6 * HOUR)) == 1


def test_of_whoever_cannot_be_sent_out_it_is_said_why(box):
    hub = a_hub(box, "Pune")
    free, ill, late = (a_driver(hub, name) for name in ("No shift", "Ill", "Late"))
    a_shift(ill)
    ShiftChange.objects.create(environment=box, driver=ill, date=date(2026, 5, 4))
    a_shift(late, "20:00", "23:00")
    odd = a_driver(hub, "Odd")
    a_shift(odd, "09:00", "09:00")
    lost = a_driver(a_hub(box, "Mars", timezone="Mars/Olympus"), "Lost")
    a_shift(lost)
    found = {one.driver.name: one.reason for one in crew(box, None, NOW, NOW + HOUR).off}
    assert found == {
        "No shift": "no shift is set",
        "Ill": "absent on this day",
        "Late": "no shift at this time",
        "Odd": "the shift has no length: it starts and ends at the same time",
        "Lost": "the time zone 'Mars/Olympus' is not known",
    }
    Driver.objects.for_environment(box).filter(pk=free.pk).update(retired_at=NOW)
    assert "No shift" not in {one.driver.name for one in crew(box, None, NOW, NOW + HOUR).off}


def test_other_hours_of_a_date_take_the_place_of_the_week(box):
    asha = a_driver(a_hub(box, "Pune"))
    a_shift(asha, "20:00", "23:00")
    ShiftChange.objects.create(
        environment=box, driver=asha, date=date(2026, 5, 4), starts=time(10), ends=time(14)
    )
    (one,) = on_shift(box, None, NOW, NOW + HOUR)
    assert one.end - one.start == 4 * HOUR


def test_hubs_narrow_and_a_rival_sees_nobody(box, rival):
    pune, mumbai = a_hub(box, "Pune"), a_hub(box, "Mumbai")
    for hub in (pune, mumbai):
        a_shift(a_driver(hub, hub.name))
    assert [one.driver.name for one in on_shift(box, [mumbai.pk], NOW, NOW + HOUR)] == ["Mumbai"]
    assert on_shift(box, [], NOW, NOW + HOUR) == []
    with scope.scope(environment_id=rival.test.pk):
        assert on_shift(rival.test, None, NOW, NOW + HOUR) == []


def test_the_last_place_is_that_of_the_device_in_hand_with_its_age(box):
    asha, ben = (a_driver(a_hub(box, name), name) for name in ("Asha", "Ben"))
    phone = a_device(box, "phone")
    a_state(phone, NOW - HOUR)
    give_device(asha, phone, NOW - 2 * HOUR)
    found = last_places(box, [asha.pk, ben.pk], now=NOW)
    assert set(found) == {asha.pk}
    assert (found[asha.pk].age_s, found[asha.pk].device_id) == (3600.0, phone.pk)
    give_device(ben, phone, NOW)
    assert set(last_places(box, [asha.pk, ben.pk], now=NOW)) == {ben.pk}
    delete_device(phone, now=NOW)
    assert last_places(box, [asha.pk, ben.pk], now=NOW) == {}


def test_vehicles_load_at_the_hub_or_where_the_nearest_one_above_is(box):
    west = a_hub(box, "West", kind="region", longitude=73.0, latitude=18.0)
    pune = a_hub(box, "Pune", west, kind="centre")
    zone = a_hub(box, "Aundh", pune)
    assert located(zone) == (73.0, 18.0)
    Hub.objects.for_environment(box).filter(pk=pune.pk).update(longitude=74.0, latitude=18.5)
    assert located(zone) == (74.0, 18.5)
    assert located(a_hub(box, "Nowhere")) is None
