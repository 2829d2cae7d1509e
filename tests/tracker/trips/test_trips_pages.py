"""The trips pages of the console: what they show, who makes and revokes links, how a trip is ended."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tests.tracker.caller import a_device
from tests.tracker.pages import Page, naughty
from tests.tracker.trips.journeys import a_trip as begin
from tests.tracker.trips.journeys import again, drive, fix, report
from tracker.tenants.models import Role
from tracker.trips import doorstep
from tracker.trips.models import TripShare
from tracker.trips.ticking import progress_trips

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(monkeypatch) -> datetime:
    at = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
    monkeypatch.setattr("tests.tracker.trips.journeys.START", at)
    return at


@pytest.fixture
def trip(customer, begun):
    made = begin(a_device(customer.test, name="Van 1"), now=begun, scheduled_at=begun + timedelta(hours=1))
    report(made.device, drive(-3000, -1500))
    progress_trips(now=begun + timedelta(minutes=3))
    return again(made)


def page_of(browser: Client, path: str) -> Page:
    answer = browser.get(path)
    assert answer.status_code == 200
    page = Page(answer.content.decode())
    assert page.faults == []
    return page


def test_the_list_shows_trips_and_narrows_by_state_and_device(customer, signed_in, trip):
    browser = signed_in(customer.owner)
    assert "The goal" in page_of(browser, "/console/trips/").text
    assert "The goal" in page_of(browser, f"/console/trips/?state=active&device={trip.device.public_id}").text
    assert "No trip matches" in page_of(browser, "/console/trips/?state=completed").text
    assert "No trip matches" in page_of(browser, "/console/trips/?device=dev_x").text


def test_a_trip_shows_its_estimate_and_what_was_told_and_later_its_summary(customer, signed_in, trip, begun):
    browser = signed_in(customer.owner)
    text = page_of(browser, f"/console/trips/{trip.public_id}/").text
    for words in (
        "On its way",
        "Four in five by",
        "learned pace",
        "trip.eta_changed",
        "1,500 m in a straight line",
    ):
        assert words in text
    report(trip.device, [*drive(-1400, 0, at_s=160), fix(320, 0)])
    progress_trips(now=begun + timedelta(minutes=6))
    assert browser.post(f"/console/trips/{trip.public_id}/complete/").status_code == 302
    text = page_of(browser, f"/console/trips/{trip.public_id}/").text
    for words in ("Completed", "Summary", "trip.arrived", "its links with it"):
        assert words in text


def test_a_link_is_shown_once_opens_and_is_revoked(customer, signed_in, trip):
    browser = signed_in(customer.member(Role.SUPERVISOR))
    answer = browser.post(f"/console/trips/{trip.public_id}/shares/", {"lasts": "4", "near": ""})
    [path] = set(re.findall(r"http://[^/]+(/t/[A-Za-z0-9]{22})<", answer.content.decode()))
    assert answer["Cache-Control"] == "no-store"
    assert path not in browser.get(f"/console/trips/{trip.public_id}/").content.decode()
    assert Client().get(path).status_code == 200
    share = TripShare.objects.for_environment(customer.test).get()
    assert share.created_by is not None
    browser.post(f"/console/trips/{trip.public_id}/shares/{share.public_id}/revoke/")
    doorstep._kept.clear()
    assert Client().get(path).status_code == 404
    assert "Revoked" in page_of(browser, f"/console/trips/{trip.public_id}/").text


def test_what_cannot_be_is_said_on_the_page(customer, signed_in, trip):
    browser = signed_in(customer.owner)
    browser.post(f"/console/trips/{trip.public_id}/cancel/")
    said = browser.post(f"/console/trips/{trip.public_id}/complete/", follow=True).content.decode()
    assert "cancelled stays so for good" in said
    said = browser.post(
        f"/console/trips/{trip.public_id}/shares/", {"lasts": "4"}, follow=True
    ).content.decode()
    assert not TripShare.objects.for_environment(customer.test).exists()
    assert "nothing to follow" in said


def test_names_from_outside_do_no_harm(customer, signed_in, begun):
    browser = signed_in(customer.owner)
    device = a_device(customer.test, "van-9")
    for text in naughty()[:40]:
        made = begin(device, now=begun)
        made.destination_name = text
        made.save(update_fields=["destination_name"])
        assert page_of(browser, f"/console/trips/{made.public_id}/").faults == []
    page_of(browser, "/console/trips/")
