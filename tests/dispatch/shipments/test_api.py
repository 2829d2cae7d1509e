"""`/api/v1/shipments` as a customer's own server meets it."""

import io
import json
import zipfile
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from dispatch.shipments.evidence import verify_evidence
from dispatch.shipments.models import ShipmentEvent
from tests.dispatch.shipments.parcels import RECIPIENT, a_driver, a_hub, announced, out
from tests.e2e.waiting import until
from tests.tracker.caller import problem
from tracker.http.times import moment_text
from tracker.tenants import scope

ORDER = {
    **RECIPIENT,
    "external_id": "order/1",
    "longitude": 73.85,
    "latitude": 18.52,
    "slots": ["2030-05-01T09:00:00+05:30/PT2H"],
    "size": {"kg": 2.5},
    "cash_minor": 49900,
    "currency": "INR",
}


def answer(response, status: int = 200):
    assert response.status_code == status, response.content
    return json.loads(response.content)


@pytest.fixture
def shipment(api, db) -> str:
    """The id of one just announced."""
    return str(answer(api.post("shipments", ORDER), 201)["id"])


def test_a_shipment_is_announced_looked_at_and_found_again_by_its_own_id(api):
    made = answer(api.post("shipments", ORDER), 201)
    assert made["state"] == "created"
    assert made["place"] == {
        "longitude": 73.85, "latitude": 18.52, "by": "given", "confidence": None, "doubtful": False,
    }  # fmt: skip
    assert made["slots"] == ["2030-05-01T03:30:00.000000Z/2030-05-01T05:30:00.000000Z"]
    assert made["promised_to"] == "2030-05-01T05:30:00.000000Z"
    assert made["cash"] == {"minor": 49900, "collected_minor": 0, "currency": "INR"}
    assert "confirm_pickup" in made["commands"]
    assert api.json(f"shipments/{made['id']}") == made
    assert api.json(f"shipments/external:{quote('order/1', safe='')}") == made
    [listed] = api.json("shipments")["data"]
    assert listed == {name: value for name, value in made.items() if name != "commands"}


def test_announced_again_it_is_the_same_one_and_otherwise_refused(api, shipment):
    assert answer(api.post("shipments", ORDER))["id"] == shipment
    told = problem(
        api.post("shipments", ORDER | {"phone": "1", "service_s": 9}),
        409,
        "external_id_taken",
        "/external_id",
    )
    assert "another phone, service_s" in told


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"slots": ["tomorrow"]}, "/slots/0"),
        ({"slots": ["2030-05-01T11:00Z/2030-05-01T09:00Z"]}, "/slots/0"),
        ({"slots": "2030"}, "/slots"),
        ({"latitude": 118.5}, "/latitude"),
        ({"longitude": None}, "/longitude"),
        ({"longitude": 0, "latitude": 0}, "/longitude"),
        ({"size": {"kg": "much"}}, "/size/..."),
        ({"size": {"kg": -1}}, "/size"),
        ({"size": {"parcels": 2**64}}, "/size"),
        ({"size": {"parcels": 10**24}}, "/size"),
        ({"size": {"kg": 1e24}}, "/size"),
        ({"size": {"parcels": 10**400}}, "/size/..."),
        ({"hub": "hub_" + "0" * 32}, "/hub"),
        ({"hub": "external:nowhere"}, "/hub"),
        ({"currency": "rupees"}, "/currency"),
        ({"priority": 11}, "/priority"),
        ({"recipient": "x" * 201}, "/recipient"),
        ({"recipient": "a\x00b"}, "/recipient"),
        ({"colour": "red"}, None),
        ({"external_id": ""}, "/external_id"),
        ({"metadata": {"a": 1e999}}, None),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_place_and_nothing_is_made(api, change, param):
    response = api.post("shipments", ORDER | change)
    document = json.loads(response.content)
    assert response.status_code == 400, document
    assert document.get("param") == param
    assert not ShipmentEvent.objects.unscoped("none at all").exists()


def test_many_are_taken_or_refused_one_by_one_and_twice_is_harmless(api):
    bodies = [
        {"external_id": "a"},
        {"external_id": "b", "slots": ["nonsense"]},
        {"external_id": "c", "longitude": 0, "latitude": 0},
        {"external_id": "a", "phone": "1"},
        {"recipient": "without an id"},
    ]
    sent = {"shipments": bodies}
    found = answer(api.post("shipments/batch", sent))
    assert [one["outcome"] for one in found["data"]] == [
        "created",
        "refused",
        "refused",
        "refused",
        "created",
    ]
    assert [[fault["param"] for fault in one.get("faults", [])] for one in found["data"][1:4]] == [
        ["/slots/0"], ["/longitude"], ["/external_id"],
    ]  # fmt: skip
    assert (found["created"], found["refused"]) == (2, 3)
    again = answer(api.post("shipments/batch", sent | {"change": True}))
    assert [one["outcome"] for one in again["data"]] == [
        "repeated",
        "refused",
        "refused",
        "changed",
        "created",
    ]
    assert api.json("shipments/external:a")["phone"] == "1"


def test_what_is_no_object_is_refused_by_its_number_and_costs_the_others_nothing(api):
    found = answer(
        api.post("shipments/batch", {"shipments": [{"external_id": "a"}, 5, None, "x", {"external_id": "b"}]})
    )
    assert [one["outcome"] for one in found["data"]] == [
        "created",
        "refused",
        "refused",
        "refused",
        "created",
    ]
    assert [one["faults"][0]["detail"][:8] for one in found["data"][1:4]] == [
        "Number 1",
        "Number 2",
        "Number 3",
    ]


def test_a_life_by_commands_and_its_history(api, shipment):
    assert answer(api.post(f"shipments/{shipment}/confirm-pickup"))["state"] == "ready"
    noted = answer(api.post(f"shipments/{shipment}/leave-note", {"note": "second floor"}))
    assert (noted["sender_note"], noted["note"]) == ("second floor", "")
    asked = {"note": "ring twice", "whose": "customer"}
    noted = answer(api.post(f"shipments/{shipment}/leave-note", asked))
    assert (noted["sender_note"], noted["note"]) == ("second floor", "ring twice")
    wrong = api.post(f"shipments/{shipment}/leave-note", {"note": "x", "whose": "driver"})
    assert wrong.status_code == 400
    there = {"longitude": 73.9, "latitude": 18.6, "address": "Gate 2"}
    moved = answer(api.post(f"shipments/{shipment}/correct-address", there))
    assert (moved["address"], moved["place"]["longitude"]) == ("Gate 2", 73.9)
    ended = answer(api.post(f"shipments/{shipment}/cancel", {"reason": "withdrawn"}))
    assert (ended["state"], ended["sequence"]) == ("cancelled", 6)
    events = api.json(f"shipments/{shipment}/events")["data"]
    assert [event["kind"] for event in events] == [
        "ShipmentCreated", "PickupConfirmed", "NoteLeft", "NoteLeft", "AddressCorrected", "Cancelled",
    ]  # fmt: skip
    assert {event["author"]["kind"] for event in events} == {"key"}
    assert all(event["request_id"].startswith("req_") for event in events)
    assert [event["previous_sha256"] for event in events[1:]] == [event["sha256"] for event in events[:-1]]
    assert events[2]["data"] == {"whose": "sender", "note": "second floor"}
    assert not any(event["moot"] for event in events)


def test_an_illegal_transition_is_a_409_that_lists_the_legal_ones(api, shipment):
    response = api.post(f"shipments/{shipment}/confirm-delivery", {})
    told = problem(response, 409, "illegal_transition")
    assert "cannot take confirm_delivery: it is announced" in told
    legal = json.loads(response.content)["legal"]
    assert {"confirm_pickup", "cancel", "reschedule"} <= set(legal)
    assert "confirm_delivery" not in legal
    for name in legal:
        assert name in api.json(f"shipments/{shipment}")["commands"]


def test_a_command_on_what_has_moved_on_is_a_409(api, shipment):
    api.post(f"shipments/{shipment}/confirm-pickup")
    body = {"reason": "withdrawn", "expected_sequence": 1}
    problem(api.post(f"shipments/{shipment}/cancel", body), 409, "sequence_moved", "/expected_sequence")
    assert (
        answer(api.post(f"shipments/{shipment}/cancel", body | {"expected_sequence": 2}))["state"]
        == "cancelled"
    )


@pytest.mark.parametrize(
    ("address", "body", "param"),
    [
        ("cancel", {}, None),
        ("cancel", {"reason": ""}, "/reason"),
        ("reschedule", {"slots": []}, "/slots"),
        ("reschedule", {"slots": ["x"]}, "/slots/0"),
        ("allow-attempt", {"not_before": "soon"}, "/not_before"),
        ("cancel", {"reason": "x", "occurred_at": "soon"}, "/occurred_at"),
        ("change-hub", {"hub": "external:nowhere"}, "/hub"),
        ("correct-address", {"longitude": 1}, None),
        ("cancel", {"reason": "x", "more": 1}, None),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_by_its_place(api, shipment, address, body, param):
    response = api.post(f"shipments/{shipment}/{address}", body)
    document = json.loads(response.content)
    assert (response.status_code, document.get("param")) == (400, param), document


def test_a_shipment_as_it_was_at_a_time_and_as_it_was_known(api, customer, shipment):
    before = timezone.now()
    api.post(f"shipments/{shipment}/confirm-pickup")
    now = api.json(f"shipments/{shipment}")
    then = api.json(f"shipments/{shipment}", at=moment_text(before))
    assert (then["state"], now["state"]) == ("created", "ready")
    assert "commands" not in then
    problem(api.get(f"shipments/{shipment}", at="2001-01-01T00:00:00Z"), 404, "not_found")
    later = moment_text(timezone.now() + timedelta(days=1))
    known = api.json(f"shipments/{shipment}", at=later, known_at=moment_text(before))
    assert known["state"] == "created"


def test_shipments_are_listed_by_state_hub_driver_and_text_a_page_at_a_time(api, customer):
    with scope.scope(environment_id=customer.test.pk):
        hub = a_hub(customer.test, external_id="north")
        driver = a_driver(customer.test, hub)
        made = [announced(customer.test, f"o-{n}", hub=hub.public_id).public_id for n in range(3)]
        road = out(customer.test, driver, "road", recipient="Sanjay").public_id
    first = api.json("shipments", limit=2)
    second = api.json("shipments", limit=2, cursor=first["next_cursor"])
    assert [one["id"] for one in first["data"] + second["data"]] == [road, *made[::-1]]
    assert second["next_cursor"] is None
    ids = lambda **query: {one["id"] for one in api.json("shipments", **query)["data"]}  # noqa: E731
    assert ids(state="out_for_delivery") == ids(driver=driver.public_id) == ids(q="sanj") == {road}
    assert ids(hub="external:north") == set(made)
    assert ids(external_id="o-1") == {made[1]}
    assert ids(q="o-") == set(made)
    assert ids(doubtful="true") == set()
    problem(api.get("shipments", hub="external:south"), 404, "not_found")
    problem(api.get("shipments", state="flying"), 400, "invalid_parameter", "state")


def test_an_idempotency_key_makes_one_shipment_without_an_id_of_its_own(api, db):
    headers = {"Idempotency-Key": "one"}
    first = answer(api.post("shipments", {"recipient": "A"}, **headers), 201)
    assert answer(api.post("shipments", {"recipient": "A"}, **headers), 201) == first
    assert ShipmentEvent.objects.unscoped("both").count() == 1


def test_a_rival_finds_nothing_and_changes_nothing(api, rival_api, shipment):
    for path in ("", "/events", "/evidence"):
        problem(rival_api.get(f"shipments/{shipment}{path}"), 404, "not_found")
    problem(rival_api.post(f"shipments/{shipment}/cancel", {"reason": "mine"}), 404, "not_found")
    assert rival_api.json("shipments")["data"] == []
    assert answer(rival_api.post("shipments", ORDER), 201)["id"] != shipment, (
        "external ids are each customer's own"
    )
    assert api.json(f"shipments/{shipment}")["sequence"] == 1


def test_the_recipient_of_an_ended_shipment_is_forgotten_on_request(api, shipment, settings, tmp_path):
    settings.ARCHIVE_URL, settings.ARCHIVE_DIR = "", tmp_path
    problem(
        api.post(f"shipments/{shipment}/forget-personal-data", {"reason": "asked"}), 409, "illegal_transition"
    )
    api.post(f"shipments/{shipment}/cancel", {"reason": "withdrawn"})
    gone = answer(api.post(f"shipments/{shipment}/forget-personal-data", {"reason": "asked"}))
    assert (gone["recipient"], gone["address"], gone["place"]) == ("", "", None)
    assert "Asha" not in api.get(f"shipments/{shipment}/events").content.decode()


def test_the_evidence_pack_comes_as_a_file_that_holds(api, shipment, tmp_path, settings):
    settings.ARCHIVE_URL, settings.ARCHIVE_DIR = "", tmp_path / "archive"
    response = api.get(f"shipments/{shipment}/evidence")
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == f'attachment; filename="evidence-{shipment}.zip"'
    assert "events.json" in zipfile.ZipFile(io.BytesIO(response.content)).namelist()
    path = tmp_path / "pack.zip"
    path.write_bytes(response.content)
    assert verify_evidence.verify(str(path), api.json("evidence-key")["public_key"]).faults == []


@pytest.mark.django_db(transaction=True)
def test_a_backend_reads_the_feed_on_from_its_cursor(api, customer):
    with scope.scope(environment_id=customer.test.pk):
        made = [announced(customer.test).public_id for _ in range(3)]
    found: list[str] = []
    cursor = ""

    def read() -> bool:
        nonlocal cursor
        page = api.json("shipment-events", limit=2, **({"cursor": cursor} if cursor else {}))
        found.extend(event["shipment"] for event in page["data"])
        cursor = page["next_cursor"]
        return len(found) >= 3 and not page["more"]

    until(read, timeout_s=30, says="three events")
    assert found == made
    assert api.json("shipment-events", cursor=cursor)["data"] == []
    assert api.json("shipment-events", start="newest")["data"] == []
    problem(api.get("shipment-events", start="newest", cursor=cursor), 400, "invalid_parameter", "start")


def test_the_console_gives_the_pack_to_members_who_see_its_hub_and_to_no_one_else(
    customer, rival, signed_in, settings, tmp_path
):
    settings.ARCHIVE_URL, settings.ARCHIVE_DIR = "", tmp_path
    with scope.scope(environment_id=customer.test.pk):
        made = announced(customer.test).public_id
    address = f"/console/dispatch/shipments/{made}/evidence.zip"
    member = signed_in(customer.owner)
    assert member.get(address)["Content-Type"] == "application/zip"
    assert signed_in(rival.owner).get(address).status_code == 404
