"""Hubs, drivers and vehicles as services make, change and end them; what they refuse and how they say it."""

from datetime import timedelta

import pytest

from dispatch.fleet import services
from dispatch.fleet.models import DeviceHolding, Driver, Hub, VehicleHolding, VehicleType
from dispatch.fleet.refusals import FleetRefusal, InUse, NotATree, Taken
from dispatch.fleet.wishes import driver_wish, hub_wish, type_wish, vehicle_wish
from tests.dispatch.fleet.ground import NOW, a_driver, a_hub, a_manifest, a_shipment, a_vehicle
from tests.tracker.caller import a_device
from tracker.devices.models import Device


def refusal(call):
    with pytest.raises(FleetRefusal) as caught:
        call()
    return type(caught.value), caught.value.field, caught.value.detail


def test_a_hub_is_made_below_another_whose_time_zone_it_takes(box):
    west = services.create_hub(
        box, hub_wish(box, {"name": "West", "kind": "region", "timezone": "Asia/Kolkata"})
    )
    made = services.create_hub(
        box, hub_wish(box, {"name": "Aundh", "parent": west.public_id, "external_id": "a"})
    )
    assert (made.parent, made.kind, made.timezone) == (west, "zone", "Asia/Kolkata")


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        ({}, "timezone", "needed"),
        ({"timezone": "UTC"}, "name", "needed"),
        ({"name": "x", "timezone": "Mars/Olympus"}, "timezone", "no time zone"),
        ({"name": "x", "timezone": "UTC", "kind": "galaxy"}, "kind", "one of"),
        ({"name": "x", "timezone": "UTC", "longitude": 5}, "latitude", "missing"),
        ({"name": "x", "timezone": "UTC", "longitude": 0, "latitude": 0}, "longitude", "sea"),
        ({"name": "x", "timezone": "UTC", "longitude": 181, "latitude": 0}, "longitude", "within"),
        ({"name": "x", "timezone": "UTC", "longitude": "abc", "latitude": 0}, "longitude", "number"),
        ({"name": "x", "timezone": "UTC", "longitude": True, "latitude": 0}, "longitude", "number"),
        ({"name": "x", "timezone": "UTC", "parent": "hub_" + "0" * 32}, "parent", "no hub"),
        ({"name": "x", "timezone": "UTC", "geofence": "gf_" + "0" * 32}, "geofence", "no geofence"),
        ({"name": "x" * 201, "timezone": "UTC"}, "name", "characters"),
        ({"name": 5, "timezone": "UTC"}, "name", "text"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_hub_is_said_by_its_field(box, body, field, word):
    kind, at, detail = refusal(lambda: hub_wish(box, body))
    assert (at, word in detail) == (field, True), detail


def test_a_region_cannot_stand_below_a_zone_nor_become_what_its_children_outrank(box):
    west = a_hub(box, "West", kind="region")
    pune = a_hub(box, "Pune", west, kind="centre")
    zone = a_hub(box, "Aundh", pune)
    wish = hub_wish(box, {"name": "Odd", "kind": "region", "parent": zone.public_id})
    assert refusal(lambda: services.create_hub(box, wish))[1] == "parent"
    smaller = hub_wish(box, {"kind": "zone"}, west)
    assert refusal(lambda: services.change_hub(west, smaller, now=NOW))[1] == "kind"


def test_a_subtree_moves_with_everything_in_it_and_never_below_itself(box):
    west, east = a_hub(box, "West", kind="region"), a_hub(box, "East", kind="region")
    pune = a_hub(box, "Pune", west, kind="region")
    inner = a_hub(box, "Inner", pune, kind="region")
    services.move_hub(pune, east, now=NOW)
    assert Hub.objects.for_environment(box).get(pk=inner.pk).parent_id == pune.pk
    assert Hub.objects.for_environment(box).get(pk=pune.pk).parent_id == east.pk
    with pytest.raises(NotATree):
        services.move_hub(pune, inner, now=NOW)
    with pytest.raises(NotATree):
        services.move_hub(pune, pune, now=NOW)
    assert Hub.objects.for_environment(box).get(pk=pune.pk).parent_id == east.pk


def test_two_things_of_a_kind_do_not_share_an_external_id(box):
    hub = a_hub(box, "Pune", external_id="p")
    other = hub_wish(box, {"name": "Other", "timezone": "UTC", "external_id": "p"})
    assert refusal(lambda: services.create_hub(box, other)) == (
        Taken,
        "external_id",
        "Another hub has the id 'p'.",
    )
    body = {"name": "Asha", "hub": hub.public_id, "external_id": "d"}
    services.create_driver(box, driver_wish(box, body))
    with pytest.raises(Taken):
        services.create_driver(box, driver_wish(box, body))


def test_a_hub_ends_only_when_nothing_rests_on_it(box):
    pune = a_hub(box, "Pune", kind="centre")
    zone = a_hub(box, "Aundh", pune)
    driver, shipment = a_driver(zone), a_shipment(zone)
    assert "1 hubs below" in refusal(lambda: services.retire_hub(pune, now=NOW))[2]
    assert "1 drivers" in refusal(lambda: services.retire_hub(zone, now=NOW))[2]
    services.retire_driver(driver, now=NOW)
    assert "1 shipments" in refusal(lambda: services.retire_hub(zone, now=NOW))[2]
    type(shipment).objects.for_environment(box).update(state="delivered")
    services.retire_hub(zone, now=NOW)
    services.retire_hub(pune, now=NOW)
    assert set(Hub.objects.for_environment(box).values_list("retired_at", flat=True)) == {NOW}


def test_a_driver_with_a_manifest_in_force_is_not_retired(box):
    driver = a_driver(a_hub(box, "Pune"))
    manifest = a_manifest(driver)
    with pytest.raises(InUse, match="1 manifest in force"):
        services.retire_driver(driver, now=NOW)
    type(manifest).objects.for_environment(box).update(state="done")
    services.retire_driver(driver, now=NOW)
    assert Driver.objects.for_environment(box).get().retired_at == NOW


def test_the_built_in_types_are_there_once_and_stay_as_a_customer_changed_them(box):
    services.ensure_types(box)
    two = VehicleType.objects.for_environment(box).get(key="two_wheeler")
    services.change_type(two, type_wish({"capacities": {"parcels": 12}}, two))
    services.ensure_types(box)
    found = VehicleType.objects.for_environment(box).values_list("key", "capacities")
    assert sorted(found)[1] == ("two_wheeler", {"parcels": 12})
    assert len(found) == 2
    with pytest.raises(Taken):
        services.create_type(box, type_wish({"key": "two_wheeler"}))
    with pytest.raises(FleetRefusal, match="cannot be changed"):
        type_wish({"key": "other"}, two)


@pytest.mark.parametrize("amount", [0, -1, "many", True, float("inf")])
def test_a_capacity_of_nothing_is_refused(amount):
    assert refusal(lambda: type_wish({"key": "cart", "capacities": {"kg": amount}}))[1] == "capacities"


def test_a_vehicle_changes_hands_and_its_history_stays(box):
    hub = a_hub(box, "Pune")
    asha, ben, bike = a_driver(hub), a_driver(hub, "Ben"), a_vehicle(box)
    services.give_vehicle(asha, bike, NOW)
    services.give_vehicle(asha, bike, NOW + timedelta(hours=1))  # says nothing new
    services.give_vehicle(ben, bike, NOW + timedelta(hours=2))
    services.give_vehicle(ben, None, NOW + timedelta(hours=3))
    rows = VehicleHolding.objects.for_environment(box).order_by("since")
    hours = [(row.driver.name, row.since - NOW, row.until and row.until - NOW) for row in rows]
    assert hours == [
        ("Asha", timedelta(0), timedelta(hours=2)), ("Ben", timedelta(hours=2), timedelta(hours=3)),
    ]  # fmt: skip


def test_of_two_drivers_who_swap_each_has_the_others_vehicle(box):
    hub = a_hub(box, "Pune")
    asha, ben = a_driver(hub), a_driver(hub, "Ben")
    red, blue = a_vehicle(box, "red"), a_vehicle(box, "blue")
    services.give_vehicle(asha, red, NOW)
    services.give_vehicle(ben, blue, NOW)
    services.give_vehicle(asha, blue, NOW + timedelta(hours=1))
    services.give_vehicle(ben, red, NOW + timedelta(hours=1))
    held = VehicleHolding.objects.for_environment(box).filter(until=None)
    assert {row.driver.name: row.vehicle.plate for row in held} == {"Asha": "blue", "Ben": "red"}


def test_a_device_names_the_hub_of_whoever_carries_it(box):
    pune, aundh = a_hub(box, "Pune"), a_hub(box, "Aundh")
    asha, ben = a_driver(pune), a_driver(aundh, "Ben")
    phone = a_device(box, "phone", metadata={"colour": "red"})

    def metadata():
        return Device.objects.for_environment(box).get(pk=phone.pk).metadata

    services.give_device(asha, phone, NOW)
    assert metadata() == {"colour": "red", "hub": "Pune"}
    services.change_hub(pune, hub_wish(box, {"name": "Pune central"}, pune), now=NOW)
    assert metadata()["hub"] == "Pune central"
    services.give_device(ben, phone, NOW + timedelta(hours=1))
    assert metadata()["hub"] == "Aundh"
    services.change_driver(ben, driver_wish(box, {"hub": pune.public_id}, ben), now=NOW)
    assert metadata()["hub"] == "Pune central"
    ben.refresh_from_db(from_queryset=Driver.objects.for_environment(box))
    services.give_device(ben, None, NOW + timedelta(hours=2))
    assert metadata() == {"colour": "red"}
    assert DeviceHolding.objects.for_environment(box).filter(until=None).count() == 0


def test_what_is_retired_is_in_nobodys_hands_and_cannot_be_given(box):
    hub = a_hub(box, "Pune")
    asha, bike, phone = a_driver(hub), a_vehicle(box), a_device(box, "phone")
    services.give_vehicle(asha, bike, NOW)
    services.give_device(asha, phone, NOW)
    services.retire_vehicle(bike, now=NOW)
    with pytest.raises(FleetRefusal, match="out of service"):
        services.give_vehicle(asha, bike, NOW)
    services.retire_driver(asha, now=NOW)
    for holdings in (VehicleHolding, DeviceHolding):
        assert holdings.objects.for_environment(box).filter(until=None).count() == 0


def test_a_vehicle_may_have_capacities_of_its_own(box):
    services.ensure_types(box)
    wish = vehicle_wish(box, {"type": "four_wheeler", "plate": "X 1", "capacities": {"kg": 200}})
    van = services.create_vehicle(box, wish)
    assert services.change_vehicle(van, vehicle_wish(box, {"capacities": None}, van)).capacities is None
    assert refusal(lambda: vehicle_wish(box, {"type": "rocket"}))[1] == "type"
