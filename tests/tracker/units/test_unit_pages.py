"""The doctor at work: what the tick finds, what the device page shows, and the one click that mends it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse

from tests.tracker.caller import a_device, a_position, a_state, problem
from tests.tracker.units.test_doctor import drive
from tracker.devices.models import Device, UnitFinding
from tracker.tenants import scope
from tracker.tenants.models import Role
from tracker.units import services

NOW = datetime.now(UTC).replace(microsecond=0)
START = NOW - timedelta(minutes=30)


@pytest.fixture
def van(customer):
    """A device whose app sends kilometres an hour where metres a second are read."""
    device = a_device(customer.test)
    keep(device, drive(sent_in="kmh"))
    state = a_state(device, NOW)
    state.speed_mps = 40.0
    state.save()
    return device


def keep(device, fixes, start=START):
    for fix in fixes:
        place = Point(fix.longitude, fix.latitude, srid=4326)
        at = start + timedelta(seconds=fix.at_s)
        a_position(device, at, location=place, speed_mps=fix.speed_mps, accuracy_m=fix.accuracy_m)


def findings(device):
    return list(
        UnitFinding.objects.for_environment(device.environment_id).values_list("likely_unit", "dismissed_at")
    )


def examine(device):
    with scope.scope(environment_id=device.environment_id):
        return services.examine(device, now=NOW)


def test_the_tick_finds_the_device_and_says_what_it_sends(van):
    assert services.examine_all(now=NOW) == (1, 1)
    assert findings(van) == [("kmh", None)]


def test_the_page_says_so_and_one_click_mends_it(van, customer, signed_in):
    services.examine_all(now=NOW)
    browser = signed_in(customer.owner)
    page = reverse("console_device", kwargs={"device_id": van.public_id})
    text = browser.get(page).content.decode()
    assert "sends kilometres an hour in a field that is read as metres a second" in text
    assert 'name="unit" value="kmh">Read it as kilometres an hour' in text
    browser.post(reverse("console_device_speed_unit", kwargs={"device_id": van.public_id}), {"unit": "kmh"})
    assert Device.objects.for_environment(customer.test).get().speed_unit == "kmh"
    assert findings(van) == []
    assert "in a field that is read as" not in browser.get(page).content.decode()


def test_what_was_read_before_the_click_is_not_held_against_the_device(van):
    examine(van)
    services.set_speed_unit(van, "kmh", now=NOW)
    assert examine(van) is None


def test_a_finding_put_aside_stays_so_until_it_is_another(van):
    examine(van)
    assert services.dismiss(van, now=NOW)
    assert examine(van) is None
    UnitFinding.objects.for_environment(van.environment_id).update(likely_unit="mph")
    assert examine(van).likely_unit == "kmh"
    assert findings(van) == [("kmh", None)]


def test_a_finding_that_no_longer_holds_is_forgotten(van):
    examine(van)
    keep(van, drive(legs=600, every_s=2.0), start=NOW - timedelta(minutes=24, seconds=1))
    assert examine(van) is None
    assert findings(van) == []


def test_a_viewer_sees_the_finding_and_may_not_settle_it(van, customer, signed_in):
    services.examine_all(now=NOW)
    browser = signed_in(customer.member(Role.VIEWER))
    text = browser.get(reverse("console_device", kwargs={"device_id": van.public_id})).content.decode()
    assert "in a field that is read as" in text
    assert "Read it as" not in text
    url = reverse("console_device_speed_unit", kwargs={"device_id": van.public_id})
    assert browser.post(url, {"unit": "kmh"}).status_code == 403


def test_a_unit_that_is_none_changes_nothing(van, customer, signed_in):
    url = reverse("console_device_speed_unit", kwargs={"device_id": van.public_id})
    signed_in(customer.owner).post(url, {"unit": "furlongs"})
    assert Device.objects.for_environment(customer.test).get().speed_unit == ""


def test_the_api_shows_and_sets_it(van, api):
    assert api.json("devices/external:van-1")["speed_unit"] == ""
    assert b'"speed_unit":"knots"' in api.patch("devices/external:van-1", {"speed_unit": "knots"}).content
    assert b'"speed_unit":""' in api.patch("devices/external:van-1", {"speed_unit": None}).content
    problem(api.patch("devices/external:van-1", {"speed_unit": "warp"}), 400, "invalid_field", "/speed_unit")


def test_a_device_is_weighed_by_the_unit_its_own_form_states(customer):
    device = a_device(customer.test, wire_format="traccar/knots")
    keep(device, drive(sent_in="mps", read_as="knots"))
    found = examine(device)
    assert (found.stated_unit, found.likely_unit) == ("knots", "mps")


def test_the_form_is_shown_without_the_unit(customer, api):
    a_device(customer.test, "van-2", wire_format="owntracks/kmh")
    assert api.json("devices/external:van-2")["wire_format"] == "owntracks"
