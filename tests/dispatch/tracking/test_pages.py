"""The customer's page from outside: without JavaScript, in their language, and with nobody else's parcel."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dispatch.fleet.models import DeviceHolding
from dispatch.manifests.services import arrive, begin, document, finish
from dispatch.planning.models import DispatchSettings
from dispatch.shipments.commands import ConfirmDelivery, FailAttempt, LeaveNote
from dispatch.shipments.models import ShipmentEvent
from dispatch.shipments.services import execute
from dispatch.tracking import looking
from dispatch.tracking.links import token_for
from tests.dispatch.rounds import OFFICE, Round, a_round
from tests.tracker.caller import a_device, a_state
from tests.tracker.pages import Page, naughty
from tracker.tenants import scope

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept():
    looking._kept.clear()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def route(customer, box, now) -> Round:
    made = a_round(customer.test, 6, now=now)
    device = a_device(customer.test, "van-of-asha")
    a_state(device, now)
    DeviceHolding.objects.create(environment=customer.test, driver=made.driver, device=device, since=now)
    return made


def faults_of(page: str) -> list[str]:
    """What no page may have. A form here carries no token: there is no cookie that another site could make use of."""
    return [fault for fault in Page(page).faults if not fault.endswith("with 0 tokens")]


def see(route: Round, place: int, client: Client | None = None, **query: str) -> str:
    looking._kept.clear()
    answer = (client or Client()).get(f"/s/{token_for(route.shipment(place))}", query)
    assert answer.status_code == 200
    assert faults_of(answer.content.decode()) == []
    return answer.content.decode()


def set_out(route: Round, now: datetime) -> None:
    begin(route.environment.pk, route.manifest.pk, at=now, by=OFFICE, now=now)


def deliver(route: Round, place: int, now: datetime) -> None:
    stop = route.stops[place - 1]
    arrive(route.environment.pk, stop.pk, at=now, by=OFFICE, now=now)
    execute(route.environment.pk, stop.shipment_id, ConfirmDelivery(), author=OFFICE, now=now)
    finish(route.environment.pk, stop.pk, "delivered", at=now, by=OFFICE, now=now)


def test_it_says_in_words_how_it_goes_until_the_end(route, now):
    before = see(route, 2)
    assert "Being prepared" in before
    assert f"From {route.environment.tenant.name}" in before, "whose name it is where no other is set"
    set_out(route, now)
    far, near = see(route, 6), see(route, 2)
    assert "Out for delivery" in far
    assert "shown once few stops are left" in far
    assert "One stop before you" in near
    deliver(route, 1, now)
    assert "Almost there" in see(route, 2)
    deliver(route, 2, now)
    done = see(route, 2)
    assert "Delivered" in done
    assert "customer.js" not in done  # nothing is asked for any more


def test_the_drivers_place_is_in_no_answer_before_it_is_near(route, now):
    set_out(route, now)
    assert '"longitude"' not in see(route, 6)
    near = see(route, 3)
    assert '"position"' in near
    assert "van-of-asha" not in near
    assert "Asha" not in near


def test_nothing_of_the_recipient_nor_of_other_parcels_is_on_it(route, now):
    set_out(route, now)
    page = see(route, 3)
    for text in ("Tilak Road", "5550", "Recipient", "MP-1001", "MP-1002"):
        assert text not in page
    assert "MP-1003" in page


def test_it_speaks_the_language_of_the_shipment_or_what_is_chosen(route, customer, box, now):
    hindi = a_round(customer.test, 1, now=now, prefix="HI-", language="hi")
    assert "तैयारी हो रही है" in see(hindi, 1)
    assert "तयारी सुरू आहे" in see(hindi, 1, lang="mr")
    assert "तयारी सुरू आहे" in see(route, 1, Client(headers={"Accept-Language": "mr-IN,en;q=0.5"}))
    assert re.search(r'<html lang="en">', see(route, 1))


def test_a_note_reaches_the_events_and_is_text(route, now):
    token = token_for(route.shipment(1))
    for text in naughty()[:40]:
        Client().post(f"/s/{token}/note", {"note": text})
        looking._kept.clear()
        page = Client().get(f"/s/{token}").content.decode()
        assert faults_of(page) == []
    events = ShipmentEvent.objects.for_environment(route.environment).filter(kind="NoteLeft")
    assert 1 <= events.count() <= 10  # who writes often waits
    assert {event.author["kind"] for event in events} == {"customer"}


def test_what_the_sender_told_the_driver_is_neither_shown_to_the_customer_nor_overwritten(route, now):
    shipment = route.shipment(1)
    execute(route.environment.pk, shipment.pk, LeaveNote(note="cash only, owes us"), author=OFFICE, now=now)
    looking._kept.clear()
    token = token_for(shipment)
    assert "owes us" not in Client().get(f"/s/{token}").content.decode()
    Client().post(f"/s/{token}/note", {"note": "second door"})
    looking._kept.clear()
    assert "second door" in Client().get(f"/s/{token}").content.decode()
    stop = document(route.manifest)["stops"][0]
    assert (stop["note"], stop["sender_note"]) == ("second door", "cash only, owes us")


def test_a_note_too_long_is_refused_and_none_is_kept(route):
    token = token_for(route.shipment(1))
    answer = Client().post(f"/s/{token}/note", {"note": "x" * 501})
    assert "most is 500" in Client().get(answer["Location"]).content.decode()
    assert not ShipmentEvent.objects.for_environment(route.environment).filter(kind="NoteLeft").exists()


def test_another_time_can_be_chosen_where_it_is_offered(route, now):
    stop = route.stops[0]
    set_out(route, now)
    execute(route.environment.pk, stop.shipment_id, FailAttempt(reason="nobody_home"), author=OFFICE, now=now)
    finish(route.environment.pk, stop.pk, "failed", at=now, by=OFFICE, now=now)
    token = token_for(route.shipment(1))
    looking._kept.clear()
    with CaptureQueriesContext(connection) as asked:
        page = Client().get(f"/s/{token}").content.decode()
    assert len([query for query in asked.captured_queries if "dispatch_" in query["sql"]]) == 1
    assert "Nobody was there." in page
    assert re.search(r'name="slot"[^>]*> Planned', page) is None
    offered = re.findall(r'name="slot" value="([^"]+)"', page)
    answer = Client().post(f"/s/{token}/slot", {"slot": offered[1].replace("&#x2B;", "+")})
    assert "said=moved" in answer["Location"]
    state = route.state(1)
    assert state.due_from == datetime.fromisoformat(offered[1])
    for wrong in ("", "tomorrow", "2026-01-01T00:00:00Z", (now + timedelta(days=30)).isoformat()):
        assert "said=moved" not in Client().post(f"/s/{token}/slot", {"slot": wrong})["Location"]


def test_the_times_offered_are_those_of_the_sender(route, now):
    DispatchSettings.objects.create(environment=route.environment, slots_offered=[["19:00", "21:00"]])
    stop = route.stops[0]
    set_out(route, now)
    execute(route.environment.pk, stop.shipment_id, FailAttempt(reason="nobody_home"), author=OFFICE, now=now)
    looking._kept.clear()
    page = Client().get(f"/s/{token_for(route.shipment(1))}").content.decode()
    offered = re.findall(r'name="slot" value="([^"]+)"', page)
    times = [datetime.fromisoformat(one.replace("&#x2B;", "+")) for one in offered]
    assert {time.astimezone(ZoneInfo("Asia/Kolkata")).hour for time in times} == {19}


def test_what_the_sender_does_not_allow_is_not_there_and_not_possible(route, now):
    DispatchSettings.objects.create(
        environment=route.environment,
        customers_note=False,
        customers_reschedule=False,
        brand="Kiran <b>Stores</b>",
    )
    page = see(route, 1)
    assert "<textarea" not in page
    assert "Kiran &lt;b&gt;Stores&lt;/b&gt;" in page
    answer = Client().post(f"/s/{token_for(route.shipment(1))}/note", {"note": "let me in"})
    assert "said=too_late" in answer["Location"]
    assert not ShipmentEvent.objects.for_environment(route.environment).filter(kind="NoteLeft").exists()


def test_the_changing_part_is_told_only_when_it_changed(route, now):
    token = token_for(route.shipment(2))
    first = Client().get(f"/s/{token}/state")
    again = Client().get(f"/s/{token}/state", headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    set_out(route, now)
    looking._kept.clear()
    assert Client().get(f"/s/{token}/state", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_hundred_looks_within_a_moment_cost_one_query_of_the_shipment(route):
    token = token_for(route.shipment(1))
    client = Client()
    client.get(f"/s/{token}/state")
    with CaptureQueriesContext(connection) as asked:
        for _ in range(20):
            client.get(f"/s/{token}/state")
    assert [q for q in asked.captured_queries if "dispatch_shipment" in q["sql"]] == []


def test_a_link_of_nobodys_shows_the_same_page_as_one_that_is_over(route, now):
    token = token_for(route.shipment(1))
    wrong = token[:10] + ("A" if token[10] != "A" else "B") + token[11:]
    for bad in (wrong, "x", "a" * 43):
        answer = Client().get(f"/s/{bad}")
        assert (answer.status_code, "Nothing to follow" in answer.content.decode()) == (404, True)
        assert Client().get(f"/s/{bad}/state").status_code == 404
    DispatchSettings.objects.create(environment=route.environment, ends_after_s=0)
    deliver(route, 1, now)
    looking._kept.clear()
    over = Client().get(f"/s/{token}")
    assert over.status_code == 404
    assert "MP-1001" not in over.content.decode()


def test_no_answer_is_kept_on_the_way_nor_listed_nor_told_to_others(route):
    token = token_for(route.shipment(1))
    for answer in (
        Client().get(f"/s/{token}"),
        Client().get(f"/s/{token}/state"),
        Client().get("/s/nothing"),
    ):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer.cookies == {}


def test_a_page_and_all_it_loads_is_light(route, now):
    """Before the map, on a cheap phone: under 150 kB, uncompressed."""
    set_out(route, now)
    page = see(route, 2)
    from_static = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    total = len(page.encode()) + sum(
        (settings.PROJECT / "static" / name).stat().st_size for name in from_static
    )
    assert total < 150_000


def test_a_token_opens_nothing_in_the_scope_of_another(route, rival, now):
    with scope.scope(tenant_id=rival.tenant.pk, environment_id=rival.test.pk):
        other = a_round(rival.test, 1, now=now, prefix="RIVAL-")
        token = token_for(other.shipment(1))
    assert "RIVAL-1001" in Client().get(f"/s/{token}").content.decode()
    assert "RIVAL" not in see(route, 1)
