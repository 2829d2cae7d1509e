"""`/api/v1/alerts` and `/api/v1/expected-presences` as a customer's server meets them."""

import json
from typing import Any

import pytest

from tests.tracker.alerts.events import a_geofence, minutes
from tests.tracker.caller import a_device, problem
from tracker.alerts.models import Alert, ExpectedPresence
from tracker.alerts.services import acknowledge


def an_alert(device, at=0, **facts) -> Alert:
    values: Any = {
        "kind": "silent",
        "text": f"{device} is silent.",
        "raised_at": minutes(at),
    } | facts
    return Alert.objects.create(environment_id=device.environment_id, device=device, **values)


def post(api, path, body=None):
    return api.send("POST", path, body=b"" if body is None else json.dumps(body).encode())


@pytest.fixture
def van(customer):
    return a_device(customer.test, "van", name="Van")


def test_alerts_come_newest_first_and_whole(api, customer, van):
    yard = a_geofence(customer.test, "Yard")
    an_alert(van, 1)
    newest = an_alert(van, 2, kind="left", geofence=yard, subject=yard.public_id, text="Van left Yard.")
    [first, second] = api.json("alerts")["data"]
    assert first == {
        "id": newest.public_id,
        "kind": "left",
        "state": "open",
        "text": "Van left Yard.",
        "device": {"id": van.public_id, "external_id": "van", "name": "Van"},
        "geofence": {"id": yard.public_id, "name": "Yard"},
        "trip": None,
        "raised_at": "2026-05-04T08:02:00.000000Z",
        "resolved_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "note": "",
    }
    assert second["kind"] == "silent"


def test_alerts_are_narrowed_and_paged(api, customer, van):
    other = a_device(customer.test, "other")
    an_alert(van, 1, resolved_at=minutes(2))
    an_alert(van, 3)
    taken = an_alert(other, 4)
    acknowledge(taken, by=customer.owner, now=minutes(5))
    assert [one["state"] for one in api.json("alerts")["data"]] == ["acknowledged", "open", "resolved"]
    for state in ("open", "acknowledged", "resolved"):
        assert [one["state"] for one in api.json("alerts", state=state)["data"]] == [state]
    assert len(api.json("alerts", device="external:van")["data"]) == 2
    assert api.json("alerts", device="external:nobody")["data"] == []
    assert api.json("alerts", kind="left")["data"] == []
    page = api.json("alerts", limit=2)
    assert len(api.json("alerts", limit=2, cursor=page["next_cursor"])["data"]) == 1
    problem(api.get("alerts", state="closed"), 400, "invalid_parameter", "state")


def test_a_program_acknowledges_and_a_person_was_first(api, customer, van):
    mine, theirs = an_alert(van, 1), an_alert(van, 2, resolved_at=minutes(3))
    taken = post(api, f"alerts/{mine.public_id}/acknowledge", {"note": "on it"})
    assert taken.status_code == 200
    assert json.loads(taken.content)["note"] == "on it"
    assert json.loads(taken.content)["acknowledged_by"] == "a program with a secret key"
    assert post(api, f"alerts/{mine.public_id}/acknowledge").status_code == 200
    customer.owner.name = "Ada"
    customer.owner.save()
    acknowledge(theirs, by=customer.owner, now=minutes(4))
    refused = post(api, f"alerts/{theirs.public_id}/acknowledge")
    assert "Ada" in problem(refused, 409, "already_acknowledged")


@pytest.mark.parametrize("body", [{"note": 5}, {"note": "x" * 501}])
def test_a_note_must_be_a_text_of_bounded_length(api, van, body):
    problem(post(api, f"alerts/{an_alert(van).public_id}/acknowledge", body), 400, "invalid_field", "/note")


def test_an_unknown_alert_is_not_found(api, customer):
    for name in ("alt_" + "0" * 32, "alt_x", "dev_" + "0" * 32):
        problem(post(api, f"alerts/{name}/acknowledge"), 404, "not_found")


def test_an_expectation_is_made_listed_and_taken_back(api, customer, van):
    hub = a_geofence(customer.test, "Hub")
    body = {
        "device": "external:van", "geofence": hub.public_id, "by": "09:10", "time_zone": "Europe/Rome",
        "weekdays": [4, 0, 0],
    }  # fmt: skip
    made = post(api, "expected-presences", body)
    assert made.status_code == 201
    document = json.loads(made.content)
    assert (document["by"], document["weekdays"], document["geofence"]["name"]) == ("09:10", [0, 4], "Hub")
    assert api.json("expected-presences")["data"] == [document]
    assert api.delete(f"expected-presences/{document['id']}").status_code == 204
    problem(api.delete(f"expected-presences/{document['id']}"), 404, "not_found")
    assert not ExpectedPresence.objects.for_environment(customer.test).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("device", "external:nobody"), ("device", None), ("device", 5), ("geofence", "gf_x"),
        ("by", "9:10"), ("by", "24:00"), ("by", "09:1\u0660"), ("by", "09:10:00"), ("time_zone", "Nowhere/Land"),
        ("time_zone", "../../etc/passwd"), ("weekdays", [7]), ("weekdays", [True]), ("weekdays", "all"),
        ("weekdays", [-1]), ("weekdays", [0.5]),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_its_field(api, customer, van, field, value):
    hub = a_geofence(customer.test, "Hub")
    body = {"device": van.public_id, "geofence": hub.public_id, "by": "09:10", "time_zone": "UTC"}
    problem(post(api, "expected-presences", body | {field: value}), 400, "invalid_field", f"/{field}")


def test_a_deleted_device_takes_its_alerts_and_expectations_with_it(api, customer, van):
    hub = a_geofence(customer.test, "Hub")
    body = {"device": van.public_id, "geofence": hub.public_id, "by": "09:10", "time_zone": "UTC"}
    assert post(api, "expected-presences", body).status_code == 201
    an_alert(van)
    assert api.delete(f"devices/{van.public_id}").status_code == 204
    assert api.json("alerts")["data"] == api.json("expected-presences")["data"] == []
