"""The alerts page and the map's own data: lists, taking an alert on, expecting a device; all without a script."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from tests.tracker.alerts.events import a_geofence, minutes
from tests.tracker.alerts.test_alerts_api import an_alert
from tests.tracker.caller import a_device
from tests.tracker.pages import Page, nasty
from tracker.alerts.models import Alert, ExpectedPresence
from tracker.alerts.services import AlreadyAcknowledged, acknowledge
from tracker.geofences.models import GeofenceVersion
from tracker.tenants.models import Role


@pytest.fixture
def van(customer):
    return a_device(customer.test, "van", name="Van")


def test_the_page_lists_alerts_whatever_they_are_called(customer, signed_in, van):
    for number, text in enumerate(nasty(60)):
        an_alert(van, number, subject=str(number), text=text, note=text)
    page = Page(signed_in(customer.owner).get("/console/alerts/").content.decode())
    assert page.faults == []
    older = next(values["href"] for tag, values in page.tags if values.get("rel") == "next")
    assert Page(signed_in(customer.owner).get(f"/console/alerts/{older}").content.decode()).faults == []


def test_an_alert_is_taken_on_with_a_note_and_the_list_stays_as_it_was(customer, signed_in, van):
    alert = an_alert(van)
    browser = signed_in(customer.member(Role.SUPERVISOR))
    back = "/console/alerts/?state=open&kind=silent"
    assert "Acknowledge" in browser.get(back).content.decode()
    answer = browser.post(
        f"/console/alerts/{alert.public_id}/acknowledge/", {"note": "calling them", "back": back}
    )
    assert answer.headers["Location"] == back
    page = Page(browser.get("/console/alerts/?state=acknowledged").content.decode())
    assert "calling them" in page.text
    assert "Van is silent." not in Page(browser.get(back).content.decode()).text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/console/alerts/", "/console/keys/", ""]
)
def test_going_back_leads_nowhere_else(customer, signed_in, van, back):
    alert = an_alert(van)
    browser = signed_in(customer.owner)
    answer = browser.post(f"/console/alerts/{alert.public_id}/acknowledge/", {"back": back})
    assert answer.headers["Location"] == "/console/alerts/"


def test_whoever_comes_second_is_told_who_was_first(customer, signed_in, van):
    alert = an_alert(van)
    first = customer.member(Role.SUPERVISOR, "first@example.com")
    assert (
        signed_in(first).post(f"/map/alerts/{alert.public_id}/acknowledge", {"note": "mine"}).status_code
        == 200
    )
    again = signed_in(first).post(f"/map/alerts/{alert.public_id}/acknowledge")
    assert (again.status_code, again.json()["alert"]["note"]) == (200, "mine")
    second = signed_in(customer.owner).post(f"/map/alerts/{alert.public_id}/acknowledge")
    assert second.status_code == 409
    assert "first@example.com" in second.json()["error"]
    assert second.json()["alert"]["acknowledged_by"] == "first@example.com"
    page = signed_in(customer.owner).post(f"/console/alerts/{alert.public_id}/acknowledge/", follow=True)
    assert "first@example.com has acknowledged this alert already" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_has_it_and_the_others_learn_who(customer, van):
    alert = an_alert(van)
    people = [customer.member(Role.SUPERVISOR, f"person{number}@example.com") for number in range(5)]
    told: list[str] = []
    begin = threading.Barrier(len(people))

    def take(person):
        begin.wait()
        try:
            acknowledge(alert, by=person, now=timezone.now())
            told.append("mine")
        except AlreadyAcknowledged as refusal:
            told.append(str(refusal.alert.acknowledged_by))
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = Alert.objects.for_environment(customer.test).get().acknowledged_by
    assert sorted(told) == sorted(["mine", *[str(winner)] * 4])
    connections.close_all()


@pytest.mark.parametrize("path", ["/map/alerts/{}/acknowledge", "/console/alerts/{}/acknowledge/"])
def test_a_viewer_takes_no_alert_on_and_nobody_does_without_the_token(customer, signed_in, van, path):
    alert = an_alert(van)
    assert signed_in(customer.member(Role.VIEWER)).post(path.format(alert.public_id)).status_code == 403
    forged = signed_in(customer.owner)
    forged.handler.enforce_csrf_checks = True
    assert forged.post(path.format(alert.public_id)).status_code == 403
    assert Alert.objects.for_environment(customer.test).get().acknowledged_at is None


def test_the_maps_list_holds_what_is_not_over_with_the_open_ones_first(customer, signed_in, van):
    for number in range(4):
        an_alert(van, number, subject=str(number), text=f"alert {number}")
    rows = Alert.objects.for_environment(customer.test).order_by("raised_at")
    acknowledge(rows[3], by=customer.owner, now=minutes(9))
    rows.filter(pk=rows[2].pk).update(resolved_at=minutes(9))
    answer = signed_in(customer.owner).get("/map/alerts")
    assert [alert["text"] for alert in answer.json()["alerts"]] == ["alert 1", "alert 0", "alert 3"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_geofences_in_force_are_known_again_by_their_tag(customer, signed_in):
    browser = signed_in(customer.owner)
    assert browser.get("/map/geofences.geojson").json() == {
        "type": "FeatureCollection", "version": None, "features": [],
    }  # fmt: skip
    yard = a_geofence(customer.test, 'Yard "<b>" ü')
    a_geofence(customer.test, "Later", version=2)
    rows = GeofenceVersion.objects.for_environment(customer.test).filter(number=2)
    rows.update(effective_at=timezone.now() + timedelta(hours=1))
    answer = browser.get("/map/geofences.geojson")
    assert answer.headers["Content-Type"] == "application/geo+json"
    layer = answer.json()
    [feature] = layer["features"]
    assert (layer["version"], feature["id"]) == (1, yard.public_id)
    assert feature["properties"] == {
        "id": yard.public_id, "external_id": yard.external_id, "name": 'Yard "<b>" ü', "kind": "polygon",
        "colour": "", "radius_m": None,
    }  # fmt: skip
    assert feature["geometry"]["type"] == "MultiPolygon"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert browser.get("/map/geofences.geojson", headers=tag).status_code == 304
    rows.update(effective_at=timezone.now())
    assert browser.get("/map/geofences.geojson", headers=tag).json()["version"] == 2


def test_a_device_is_expected_by_its_name_and_taken_back(customer, signed_in, van):
    a_geofence(customer.test, "Hub")
    browser = signed_in(customer.member(Role.SUPERVISOR))
    wanted = {
        "device": "Van", "geofence": "Hub", "by": "09:10", "time_zone": "Europe/Rome", "weekdays": ["0", "4"],
    }  # fmt: skip
    assert browser.post("/console/alerts/expected/", wanted).status_code == 302
    page = Page(browser.get("/console/alerts/").content.decode())
    assert page.faults == []
    assert "Mon, Fri" in page.text
    expected = ExpectedPresence.objects.for_environment(customer.test).get()
    browser.post(f"/console/alerts/expected/{expected.public_id}/remove/")
    assert not ExpectedPresence.objects.for_environment(customer.test).exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("device", "nobody", "There is no device of that name or id."),
        ("geofence", "nowhere", "There is no geofence of that name or id."),
        ("by", "noon", "valid time"),
        ("time_zone", "Nowhere/Land", "is no time zone"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(customer, signed_in, van, field, value, said):
    a_geofence(customer.test, "Hub")
    wanted = {"device": "van", "geofence": "unit Hub", "by": "09:10", "time_zone": "UTC", field: value}
    page = Page(signed_in(customer.owner).post("/console/alerts/expected/", wanted).content.decode())
    assert said in page.text
    assert page.faults == []
