"""The driver's page from outside: signing in, what the phone is told, and what nobody else may do."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from dispatch.driving.selectors import refused_actions
from dispatch.driving.sessions import create_link
from dispatch.manifests.services import take_off
from tests.dispatch.driving.test_proofs import picture
from tests.dispatch.rounds import Round, a_round
from tests.tracker.pages import Page
from tracker.tenants import scope
from tracker.tenants.models import Role

pytestmark = pytest.mark.django_db
ASKED_BY_THE_PAGE = {"X-Milepost-Driver": "1"}


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def route(customer, now) -> Round:
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        return a_round(customer.test, now=now)


def link_of(route: Round, now: datetime) -> str:
    with scope.scope(environment_id=route.environment.pk):
        return create_link(route.driver, by=None, now=now)[1]


@pytest.fixture
def phone(route, now) -> Client:
    client = Client(headers=ASKED_BY_THE_PAGE)
    answer = client.post(link_of(route, now))
    assert (answer.status_code, answer["Location"]) == (302, "/d/")
    return client


def tell(client: Client, *actions: dict, **headers: str):
    body = {"clock_ms": round(datetime.now(UTC).timestamp() * 1000), "actions": list(actions)}
    return client.post("/d/api/actions", body, content_type="application/json", headers=headers)


def did(kind: str, number: int, **facts) -> dict:
    at = round(datetime.now(UTC).timestamp() * 1000)
    return {"id": str(uuid.uuid4()), "number": number, "kind": kind, "at_ms": at} | facts


def test_a_link_that_is_only_looked_at_is_not_used(route, now):
    link = link_of(route, now)
    for _ in range(3):  # as messengers do
        page = Client().get(link)
        assert page.status_code == 200
        assert "Asha Kulkarni" in page.content.decode()
        assert 'rel="icon"' in page.content.decode(), "the browser asks for /favicon.ico where none is named"
        assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert Client().post(link).status_code == 302
    gone = Client().get(link)
    assert gone.status_code == 404
    assert "Asha" not in gone.content.decode()


def test_the_cookie_is_for_this_page_alone_and_no_script_reads_it(route, now):
    cookie = Client().post(link_of(route, now)).cookies["driver"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/d/", True, "Lax")


def test_the_day_holds_all_a_phone_needs_until_the_evening(phone, route):
    day = phone.get("/d/api/day").json()
    assert [stop["external_id"] for stop in day["manifest"]["stops"]] == ["MP-1001", "MP-1002", "MP-1003"]
    first = day["manifest"]["stops"][0]
    assert {
        "recipient",
        "phone",
        "address",
        "slot",
        "cash_minor",
        "longitude",
        "latitude",
        "note",
    } <= first.keys()
    assert day["report"]["key"].startswith("pk_test_")
    assert day["report"]["device"].startswith("driver-")
    assert (day["acknowledged_version"], day["manifest"]["version"]) == (0, 1)


def test_why_a_supervisor_changed_the_route_is_not_told_to_the_driver(phone, route, now):
    with scope.scope(environment_id=route.environment.pk):
        take_off(route.environment.pk, route.stops[2].shipment_id, reason="he is too slow", now=now)
    answer = phone.get("/d/api/day").content.decode()
    assert len(json.loads(answer)["difference"]["removed"]) == 1
    assert "too slow" not in answer


def test_what_is_told_is_answered_one_by_one_with_the_new_day(phone, route):
    stop = route_stop(route, 1)
    answer = tell(phone, did("arrive", 1, stop=stop), did("deliver", 2, stop=stop), did("fly", 3)).json()
    assert [one["outcome"] for one in answer["answers"]] == ["done", "done", "refused"]
    assert answer["day"]["manifest"]["stops"][0]["state"] == "delivered"


def route_stop(route: Round, place: int) -> str:
    with scope.scope(environment_id=route.environment.pk):
        return route.stops[place - 1].public_id


def test_a_photo_goes_ahead_of_its_delivery_and_proves_it(phone, route, now):
    stop, proof = route_stop(route, 1), uuid.uuid4()
    path = f"/d/api/proofs/{proof}?kind=photo&stop={stop}&at={round(now.timestamp() * 1000)}"
    for _ in range(2):  # the answer to the first was lost
        assert phone.put(path, picture(), content_type="image/jpeg").status_code == 200
    tell(phone, did("deliver", 1, stop=stop, proofs=[str(proof)]))
    with scope.scope(environment_id=route.environment.pk):
        assert route.state(1).state == "delivered"
    bad = phone.put(path.replace(str(proof), str(uuid.uuid4())), b"no picture", content_type="image/jpeg")
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_proof")


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/d/api/day"), ("post", "/d/api/actions"), ("put", "/d/api/proofs/01890000-0000-7000-8000-000000000001"),
     ("post", "/d/api/sign-out")],
)  # fmt: skip
def test_nothing_is_told_to_who_is_not_signed_in_or_asks_from_elsewhere(phone, method, path):
    stranger = Client(headers=ASKED_BY_THE_PAGE)
    assert getattr(stranger, method)(path).status_code == 401
    # as a form on another site would: with the cookie, without the header
    elsewhere = Client()
    elsewhere.cookies = phone.cookies
    assert getattr(elsewhere, method)(path).status_code == 403


def test_a_body_that_is_no_list_of_actions_is_refused_by_field(phone):
    answer = phone.post(
        "/d/api/actions", {"clock_ms": 1, "actions": {"id": "x"}}, content_type="application/json"
    )
    assert answer.status_code == 400
    assert "$.actions" in answer.json()["detail"]


UNREADABLE = [
    b'{"id":"x"}',
    b'{"id":"01890000-0000-7000-8000-0000000000aa","number":1,"kind":"a kind that is far too long for it","at_ms":0}',
    b'{"id":"01890000-0000-7000-8000-0000000000aa","number":-5,"kind":"deliver","at_ms":1e400,"note":"\\ud800"}',
    b'"words"',
    b"null",
    b"[[[[]]]]",
]


@pytest.mark.parametrize("bad", UNREADABLE, ids=range(len(UNREADABLE)))
def test_one_action_that_cannot_be_read_is_refused_kept_and_holds_up_no_other(phone, route, bad):
    good = json.dumps(did("deliver", 7, stop=route_stop(route, 1))).encode()
    body = b'{"clock_ms":%d,"actions":[%s,%s]}' % (round(datetime.now(UTC).timestamp() * 1000), bad, good)
    answers = phone.post("/d/api/actions", body, content_type="application/json").json()["answers"]
    assert [one["outcome"] for one in answers] == ["refused", "done"]
    assert "cannot be read" in answers[0]["refusal"]
    again = phone.post("/d/api/actions", body, content_type="application/json").json()["answers"]
    assert [one["outcome"] for one in again] == ["refused", "repeated"]
    with scope.scope(environment_id=route.environment.pk):
        assert len(refused_actions(route.driver, since=datetime.now(UTC) - timedelta(days=1))) == 1


@pytest.mark.parametrize("field", ["recipient", "note", "reason", "code", "kind", "stop"])
def test_a_character_that_no_database_holds_costs_nobody_a_delivery(phone, route, field):
    usual = {"stop": route_stop(route, 1), "recipient": "Ravi"}
    bad = did("deliver", 1, **usual)
    bad[field] = f"{bad.get(field, '')}\x00"
    good = did("deliver", 2, stop=route_stop(route, 2))
    answers = tell(phone, bad, good).json()["answers"]
    assert [one["outcome"] for one in answers] == ["done", "done"]


def test_signing_out_ends_it(phone):
    assert phone.post("/d/api/sign-out").status_code == 200
    assert phone.get("/d/api/day").status_code == 401


def test_the_shell_is_the_same_for_everybody_and_lists_only_what_is_there(client):
    page = client.get("/d/")
    assert page.status_code == 200
    assert "wasm-unsafe-eval" in page["Content-Security-Policy"]
    assert Page(page.content.decode()).faults == []
    worker = client.get("/d/worker.js")
    assert worker["Content-Type"].startswith("text/javascript")
    listed = json.loads(
        worker.content.decode().splitlines()[0].removeprefix("const SHELL = ").removesuffix(";")
    )
    assert listed["files"][0] == "/d/"
    assert page.content.decode().count(listed["version"]) == 1
    manifest = client.get("/d/app.webmanifest").json()
    assert (manifest["scope"], manifest["start_url"], manifest["display"]) == ("/d/", "/d/", "standalone")


def test_a_supervisor_gives_a_code_sees_the_phone_and_signs_it_out(customer, signed_in, route, now):
    supervisor = signed_in(customer.member(Role.SUPERVISOR))
    address = reverse("console_driver_phone", args=[route.driver.public_id])
    assert "No phone is signed in" in supervisor.get(address).content.decode()
    made = supervisor.post(reverse("console_driver_link", args=[route.driver.public_id])).content.decode()
    assert "<svg" in made
    link = "/d/in/" + made.split("/d/in/")[1].split("<")[0]
    phone = Client(headers=ASKED_BY_THE_PAGE | {"User-Agent": "Cheap Phone 7"})
    assert phone.post(link).status_code == 302
    assert "Cheap Phone 7" in supervisor.get(address).content.decode()
    supervisor.post(reverse("console_driver_revoke", args=[route.driver.public_id]))
    assert phone.get("/d/api/day").status_code == 401


def test_a_supervisor_sees_what_could_not_be_taken_on_the_hubs_clock(customer, signed_in, phone, route, now):
    tell(phone, {"id": "x", "kind": 5, "stop": route_stop(route, 1)})
    address = reverse("console_driver_phone", args=[route.driver.public_id])
    page = signed_in(customer.member(Role.SUPERVISOR)).get(address).content.decode()
    assert "This cannot be read" in page
    assert "MP-1001" in page
    assert f"Times of {route.hub.timezone}" in page
    assert Page(page).faults == []


def test_a_viewer_makes_no_codes(customer, signed_in, route):
    viewer = signed_in(customer.member(Role.VIEWER))
    assert viewer.post(reverse("console_driver_link", args=[route.driver.public_id])).status_code == 403


def test_a_proof_is_shown_in_a_sandbox(customer, signed_in, phone, route, now):
    stop, proof = route_stop(route, 1), uuid.uuid4()
    content = picture()
    phone.put(f"/d/api/proofs/{proof}?kind=photo&stop={stop}", content, content_type="image/jpeg")
    answer = signed_in(customer.owner).get(reverse("console_proof", args=[f"pod_{proof.hex}"]))
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, content, "image/jpeg")
    assert (answer["X-Content-Type-Options"], "sandbox" in answer["Content-Security-Policy"]) == (
        "nosniff",
        True,
    )


def test_no_day_is_that_of_tomorrow_or_of_another(phone, customer, rival, now):
    with scope.scope(tenant_id=rival.tenant.pk, environment_id=rival.test.pk):
        other = a_round(rival.test, now=now, prefix="RIVAL-")
        theirs = other.stops[0].public_id
    answer = tell(phone, did("deliver", 1, stop=theirs)).json()
    assert answer["answers"][0]["outcome"] == "refused"
    put = phone.put(
        f"/d/api/proofs/{uuid.uuid4()}?kind=photo&stop={theirs}", picture(), content_type="image/jpeg"
    )
    assert put.status_code == 404
    assert "RIVAL" not in phone.get("/d/api/day").content.decode()


def test_a_link_lasts_a_day(route, now):
    with scope.scope(environment_id=route.environment.pk):
        link = create_link(route.driver, by=None, now=now - timedelta(hours=24))[1]
    assert Client().get(link).status_code == 404
