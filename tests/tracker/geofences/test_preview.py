"""What settings would have told of the last day, from stored positions."""

import json
from datetime import UTC, datetime, timedelta

from django.contrib.gis.geos import Point

from tests.tracker.caller import a_device, a_position, a_state
from tests.tracker.geofences.drawing import a_square
from tracker.devices.models import DeviceState
from tracker.geofences.preview import preview

NOW = datetime.now(UTC).replace(microsecond=0)


def a_phone_at_the_border(customer, *, fixes=60):
    """It jitters five metres to and fro across the western border of the square at 73.8, 18.5."""
    device = a_device(customer.test, "parked")
    for number in range(fixes):
        at = NOW - timedelta(hours=3) + timedelta(seconds=30 * number)
        longitude = 73.8 + (0.00005 if number % 2 else -0.00005)
        a_position(device, at, location=Point(longitude, 18.505, srid=4326), accuracy_m=12.0, moved_at=at)
    a_state(device, NOW - timedelta(hours=2))
    DeviceState.objects.for_environment(customer.test).update(longitude=73.8, latitude=18.505)


def test_hysteresis_keeps_a_parked_phone_quiet_and_the_preview_says_how_much_that_is(customer):
    a_phone_at_the_border(customer)
    found = preview(customer.test.pk, a_square("Depot"), None, now=NOW)
    assert (found.devices, found.fixes, found.all_looked_at) == (1, 60, True)
    assert found.crossings == 0
    assert found.without_hysteresis >= 50


def test_a_place_nobody_was_near_has_nothing_to_tell(customer):
    a_phone_at_the_border(customer)
    found = preview(customer.test.pk, a_square("Elsewhere", east=500), None, now=NOW)
    assert (found.devices, found.crossings, found.without_hysteresis) == (0, 0, 0)


def test_a_rivals_phones_do_not_count(customer, rival):
    a_phone_at_the_border(rival)
    assert preview(customer.test.pk, a_square("Depot"), None, now=NOW).devices == 0


def test_the_editor_asks_with_the_fields_of_its_form(customer, signed_in):
    a_phone_at_the_border(customer)
    shape = a_square("Depot")
    body = {"name": "Preview", "geometry": shape.outline.source, "margin_m": 0}
    answer = signed_in(customer.owner).post(
        "/console/geofences/editor/past/", json.dumps(body), content_type="application/json"
    )
    assert answer.json()["crossings"] == answer.json()["without_hysteresis"] >= 50
