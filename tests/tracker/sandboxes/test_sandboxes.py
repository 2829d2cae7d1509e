"""Throw-away environments: made in a moment, driven through the door, refused the moment they are thrown away."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise

import pytest
from django.urls import reverse

from tests.tracker.caller import Caller
from tracker.flags.services import switch
from tracker.http.console import SESSION_KEY
from tracker.sandboxes import services
from tracker.sandboxes.loops import STEP_S, STEPS, fix_at, loops, moments
from tracker.sandboxes.models import SimulatedCity
from tracker.tenants import scope
from tracker.tenants.models import Environment, Role
from tracker.tenants.selectors import environments_of

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def door(settings):
    """Takes every post and keeps it."""
    kept = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.append((self.headers["Authorization"], json.loads(body)))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.BASE_URL = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def make(customer, city="pune", name="Trial"):
    with scope.scope(tenant_id=customer.tenant.pk):
        return services.make_sandbox(customer.tenant, name, city=city, by=customer.owner, now=NOW)


def test_one_is_made_in_well_under_two_seconds_with_keys_that_work(customer):
    begun = time.monotonic()
    made = make(customer)
    assert time.monotonic() - begun < 2
    assert Caller(made.secret_key).get("devices").status_code == 200


def test_its_vehicles_report_through_the_door_and_go_on_where_they_stopped(customer, door):
    made = make(customer)
    taken = services.drive(now=NOW)
    assert taken == services.VEHICLES * 60, "ten minutes are told at once"
    assert {key for key, _ in door} == {f"Bearer {made.publishable_key}"}
    before = len(door)
    services.drive(now=NOW + timedelta(seconds=20))
    later = [body for _, body in door[before:]]
    assert [len(body["positions"]) for body in later] == [2] * services.VEHICLES
    assert all(body["positions"][-1]["recorded_at"] == "2026-05-04T09:00:20.000Z" for body in later)


def test_a_door_that_is_away_is_said_and_nothing_is_lost(customer, settings):
    settings.BASE_URL = "http://127.0.0.1:9"
    made = make(customer)
    assert services.drive(now=NOW) == 0
    with scope.scope(environment_id=made.environment.pk):
        city = SimulatedCity.objects.for_environment(made.environment).get()
    assert "does not answer" in city.trouble
    assert city.told_until == NOW - services.SHOWN_AT_ONCE


def test_after_its_day_nobody_drives(customer, door):
    make(customer)
    assert services.drive(now=NOW + services.DRIVES_FOR + timedelta(seconds=1)) == 0


def test_a_vehicle_never_jumps_not_even_where_it_turns_round():
    (loop, *_) = loops("pune", 2, 7)
    steps = moments(NOW, NOW + timedelta(seconds=STEP_S * STEPS * 3))
    fixes = [fix_at(loop, moment) for moment in steps]
    for one, other in pairwise(fixes):
        north = abs(one["latitude"] - other["latitude"]) * 111_000
        assert north < 400, "faster than any vehicle there"
    assert loops("pune", 2, 7) is loops("pune", 2, 7)


def test_no_more_than_so_many(customer, monkeypatch):
    monkeypatch.setattr(services, "MOST", 2)
    make(customer)
    with pytest.raises(services.TooManyEnvironments):
        make(customer, name="Another")


def test_the_page_makes_one_shows_its_key_once_and_throws_it_away(customer, signed_in):
    browser = signed_in(customer.owner)
    browser.post(reverse("console_environments_new"), {"name": "Trial", "city": "berlin"})
    (made,) = [e for e in environments_of(customer.tenant.pk) if e.name == "Trial"]
    assert browser.session[SESSION_KEY] == made.public_id
    assert "sk_test_" in browser.get(reverse("console_quickstart")).content.decode()
    assert "berlin" in browser.get(reverse("console_environments")).content.decode()
    address = reverse("console_environments_discard")
    assert "Throw it away" in browser.get(address, {"environment": made.public_id}).content.decode()
    browser.post(address, {"environment": made.public_id})
    assert "Trial" not in [e.name for e in environments_of(customer.tenant.pk)]
    text = browser.get(reverse("console_environments"), follow=True).content.decode()
    assert made.public_id not in text
    browser.post(reverse("console_environments_new"), {"name": "Trial", "city": ""})
    assert "Trial" in [e.name for e in environments_of(customer.tenant.pk)], "its name is free at once"


def test_a_secret_key_is_refused_the_moment_its_environment_is_thrown_away(customer, signed_in):
    made = make(customer)
    browser = signed_in(customer.owner)
    assert Caller(made.secret_key).get("devices").status_code == 200
    begun = time.monotonic()
    browser.post(reverse("console_environments_discard"), {"environment": made.environment.public_id})
    assert Caller(made.secret_key).get("devices").status_code == 401
    assert time.monotonic() - begun < 5


def test_environments_of_others_and_live_ones_are_not_thrown_away(customer, rival, signed_in):
    browser, address = signed_in(customer.owner), reverse("console_environments_discard")
    assert browser.post(address, {"environment": rival.test.public_id}).status_code == 404
    answer = browser.post(address, {"environment": customer.live.public_id}, follow=True)
    assert "goes only with its organisation" in answer.content.decode()
    assert signed_in(customer.member(Role.SUPERVISOR)).post(address).status_code == 403
    assert Environment.objects.for_tenant(rival.tenant).filter(thrown_away_at=None).count() == 2


def test_the_feature_of_cities_can_be_off_on_or_on_for_some(customer, rival, signed_in):
    page, browser = reverse("console_environments"), signed_in(customer.owner)
    assert "A dozen made-up vehicles" in browser.get(page).content.decode()
    switch("simulated_cities", "none", now=NOW)
    assert "A dozen made-up vehicles" not in browser.get(page).content.decode()
    switch("simulated_cities", "listed", listed=[customer.tenant], now=NOW)
    assert "A dozen made-up vehicles" in browser.get(page).content.decode()
    assert "A dozen made-up vehicles" not in signed_in(rival.owner).get(page).content.decode()
