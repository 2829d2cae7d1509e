"""Links to trips as a stranger opens them: what they show, what they withhold, and when they show nothing."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.tracker.caller import a_device, a_state
from tests.tracker.pages import Page
from tests.tracker.trips.journeys import GOAL, a_trip, east_m
from tracker.devices.models import DeviceState
from tracker.http.logs import without_secrets
from tracker.trips import doorstep
from tracker.trips.models import Trip, TripShare
from tracker.trips.services import cancel_trip, complete_trip
from tracker.trips.shares import create_share, revoke_share

pytestmark = pytest.mark.django_db
NEAR_M = 500.0


@pytest.fixture(autouse=True)
def nothing_kept():
    doorstep._kept.clear()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def trip(customer, now) -> Trip:
    device = a_device(customer.test, "driver-jane", name="Jane's van", metadata={"phone": "0612345678"})
    a_state(device, now)
    put(device, -3000)
    return a_trip(device, now=now - timedelta(minutes=1))


def put(device, metres: float) -> None:
    longitude, latitude = east_m(metres)
    DeviceState.objects.for_environment(device.environment_id).filter(device=device).update(
        longitude=longitude, latitude=latitude
    )


def link(trip: Trip, now: datetime, *, lasts: timedelta = timedelta(hours=1), near_m: float | None = None):
    return create_share(trip, lasts=lasts, reveal_within_m=near_m, by=None, now=now)


def look(token: str, **headers: str):
    doorstep._kept.clear()
    return Client().get(f"/t/{token}/state", headers=headers)


def gone(answer) -> bool:
    return bool(answer.status_code == 404)


def test_a_stranger_sees_when_and_where_and_nothing_else(trip, now):
    _, token = link(trip, now)
    facts = json.loads(look(token).content)
    assert facts["state"] == "on_its_way"
    assert facts["destination"] == {"longitude": GOAL[0], "latitude": GOAL[1]}
    assert facts["position"]["longitude"] == pytest.approx(east_m(-3000)[0])
    assert facts["eta_at"] < facts["eta_latest_at"]
    for path in (f"/t/{token}", f"/t/{token}/embed", f"/t/{token}/state"):
        text = Client().get(path).content.decode()
        for secret in (trip.public_id, trip.device.public_id, "driver-jane", "Jane", "0612345678", "env_"):
            assert secret not in text, (path, secret)


def test_pages_set_no_cookie_leak_no_address_and_are_kept_nowhere(trip, now):
    _, token = link(trip, now)
    for path in (f"/t/{token}", f"/t/{token}/embed", f"/t/{token}/state", f"/t/{'x' * 22}"):
        answer = Client().get(path)
        assert not answer.cookies, path
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
    page = Page(Client().get(f"/t/{token}").content.decode())
    assert page.faults == []
    assert "On its way" in page.text


def test_only_the_embeddable_page_may_be_framed(trip, now):
    _, token = link(trip, now)
    whole, embedded = Client().get(f"/t/{token}"), Client().get(f"/t/{token}/embed")
    assert "frame-ancestors 'none'" in whole["Content-Security-Policy"]
    assert whole["X-Frame-Options"] == "DENY"
    assert "frame-ancestors *" in embedded["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded
    assert "<form" not in embedded.content.decode()


def test_the_exact_place_is_withheld_until_it_is_near(trip, now):
    _, token = link(trip, now, near_m=NEAR_M)
    far = look(token)
    facts = json.loads(far.content)
    assert facts["withheld"] is True
    assert "position" not in facts
    exact = Trip.objects.for_environment(trip.environment_id).get().eta_at
    assert exact is not None
    assert datetime.fromisoformat(facts["eta_at"]).minute % 5 == 0
    assert timedelta() <= datetime.fromisoformat(facts["eta_at"]) - exact < timedelta(minutes=5)
    here = f"{east_m(-3000)[0]:.4f}"
    doorstep._kept.clear()
    for path in ("", "/embed", "/state"):
        assert here not in Client().get(f"/t/{token}{path}").content.decode()
    put(trip.device, -NEAR_M + 20)
    facts = json.loads(look(token).content)
    assert facts["withheld"] is False
    assert facts["position"]["longitude"] == pytest.approx(east_m(-NEAR_M + 20)[0])


def test_where_it_was_before_the_trip_is_not_shown(trip, now):
    DeviceState.objects.for_environment(trip.environment_id).update(recorded_at=now - timedelta(hours=2))
    facts = json.loads(look(link(trip, now)[1]).content)
    assert "position" not in facts


def test_expired_revoked_and_unknown_links_look_alike_and_friendly(trip, now):
    share, revoked = link(trip, now)
    revoke_share(share, now=now)
    expired = link(trip, now - timedelta(hours=2))[1]
    answers = [
        Client().get(f"/t/{token}{path}")
        for token in (revoked, expired, "A" * 22, "a")
        for path in ("", "/embed")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({re.sub("embedded", "", answer.content.decode()) for answer in answers}) <= 2
    assert "Ask whoever sent it" in answers[0].content.decode()
    assert {look(token).content for token in (revoked, expired, "A" * 22)} == {b'{"state":"gone"}'}


def test_after_expiry_a_new_link_works(trip, now):
    old = link(trip, now - timedelta(hours=2))[1]
    new = link(trip, now)[1]
    assert gone(look(old))
    assert look(new).status_code == 200


def test_the_link_ends_with_the_trip_says_how_and_then_is_gone(trip, now):
    _, token = link(trip, now, lasts=timedelta(days=2))
    Trip.objects.for_environment(trip.environment_id).update(
        state="arrived", arrived_at=now - timedelta(minutes=2), fold=None
    )
    facts = json.loads(look(token).content)
    assert facts["state"] == "arrived"
    assert not {"position", "destination", "eta_at"} & facts.keys()
    Trip.objects.for_environment(trip.environment_id).update(state="completed", ended_at=now)
    assert json.loads(look(token).content)["arrived_at"]
    page = Client().get(f"/t/{token}").content.decode()
    assert "Arrived at" in page
    Trip.objects.for_environment(trip.environment_id).update(ended_at=now - timedelta(hours=3))
    assert gone(look(token))


def test_a_cancelled_trip_is_said_to_be(trip, now):
    _, token = link(trip, now)
    cancel_trip(trip, now=now)
    assert json.loads(look(token).content)["state"] == "cancelled"
    assert "It will not come" in Client().get(f"/t/{token}").content.decode()


def test_a_trip_completed_without_arriving_has_ended(trip, now):
    _, token = link(trip, now)
    complete_trip(trip, now=now)
    assert json.loads(look(token).content)["state"] == "ended"


def test_asking_again_costs_nothing_and_the_first_time_one_query(trip, now):
    _, token = link(trip, now)
    doorstep._kept.clear()
    with CaptureQueriesContext(connection) as captured:
        first = Client().get(f"/t/{token}/state")
    assert len([q for q in captured if "tripshare" in q["sql"].lower()]) == 1
    with CaptureQueriesContext(connection) as captured:
        again = Client().get(f"/t/{token}/state", headers={"If-None-Match": first["ETag"]})
    assert [q for q in captured if "tripshare" in q["sql"].lower()] == []
    assert (again.status_code, again.content) == (304, b"")


def test_opening_the_page_is_counted_and_polling_is_not(trip, now):
    share, token = link(trip, now)
    for path in ("", "", "/embed", "/state", "/state"):
        Client().get(f"/t/{token}{path}")
    Client().head(f"/t/{token}")
    row = TripShare.objects.for_environment(trip.environment_id).get(pk=share.pk)
    assert row.views == 3
    assert row.last_viewed_at is not None


def test_who_tries_many_links_must_wait_and_others_need_not(trip, now):
    _, token = link(trip, now)
    guesser = {"X-Forwarded-For": "198.51.100.7"}
    for number in range(doorstep.MISSES_A_MINUTE):
        Client().get(f"/t/{number:022d}", headers=guesser)
    answers = [Client().get(f"/t/{t}{p}", headers=guesser) for t in (token, "B" * 22) for p in ("", "/state")]
    assert {answer.status_code for answer in answers} == {429}
    assert {answer["Retry-After"] for answer in answers} == {"60"}
    assert Client().get(f"/t/{token}", headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 200


def test_no_log_line_holds_a_token(trip, now, caplog):
    _, token = link(trip, now)
    assert without_secrets(f"GET /t/{token}/state 500") == "GET /t/[hidden]/state 500"
    with caplog.at_level(logging.DEBUG):
        Client().get(f"/t/{token}")
    assert token not in without_secrets(caplog.text)


def test_only_looking_is_possible(trip, now):
    _, token = link(trip, now)
    for path in ("", "/embed", "/state"):
        for method in ("post", "put", "delete", "patch"):
            assert getattr(Client(), method)(f"/t/{token}{path}").status_code == 405
