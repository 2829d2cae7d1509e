"""Windows and runs over the API, from outside: made, changed, asked for, stopped, and refused with a sentence."""

import pytest

from dispatch.planning.models import PlanRun
from tests.dispatch.planning.town import a_town
from tests.tracker.caller import problem


@pytest.fixture
def town(box):
    return a_town(box)


def test_a_window_is_made_changed_and_removed(api, town):
    made = api.post("/api/v1/dispatch-windows", {"hub": town.hub.public_id, "at": "06:00"})
    assert made.status_code == 201, made.content
    window = made.json()
    assert (window["at"], window["seconds"], window["weekdays"]) == ("06:00", 20, [1, 2, 3, 4, 5, 6, 7])
    assert window["next_due_at"].endswith("T00:30:00.000000Z")  # six in Pune
    address = f"/api/v1/dispatch-windows/{window['id']}"
    changed = api.patch(address, {"at": "07:15", "weekdays": [1], "releases": True}).json()
    assert (changed["at"], changed["weekdays"], changed["releases"]) == ("07:15", [1], True)
    assert [row["id"] for row in api.get("/api/v1/dispatch-windows").json()["data"]] == [window["id"]]
    assert api.delete(address).status_code == 204
    assert api.get("/api/v1/dispatch-windows").json()["data"] == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"at": "25:00"}, "/at"),
        ({}, "/at"),
        ({"at": "06:00", "weekdays": [0]}, "/weekdays"),
        ({"at": "06:00", "weekdays": []}, "/weekdays"),
        ({"at": "06:00", "seconds": 0}, "/seconds"),
        ({"at": "06:00", "seconds": True}, "/seconds"),
        ({"at": "06:00", "releases": "yes"}, "/releases"),
    ],
)
def test_a_window_that_cannot_be_is_refused_by_the_field(api, town, body, param):
    made = api.post("/api/v1/dispatch-windows", {"hub": town.hub.public_id, **body})
    problem(made, 400, "invalid_field", param)


def test_two_windows_at_one_time_are_a_409(api, town):
    body = {"hub": town.hub.public_id, "at": "06:00"}
    assert api.post("/api/v1/dispatch-windows", body).status_code == 201
    said = problem(api.post("/api/v1/dispatch-windows", body), 409, "window_taken")
    assert said == "Pune East has a window at 06:00 already."


def test_a_run_is_asked_for_looked_at_and_stopped(api, town):
    made = api.post("/api/v1/plan-runs", {"hub": town.hub.public_id, "seconds": 5})
    assert made.status_code == 201, made.content
    run = made.json()
    assert (run["state"], run["cause"], run["seconds"]) == ("waiting", "person", 5)
    assert api.post("/api/v1/plan-runs", {"hub": town.hub.public_id}).json()["id"] == run["id"]
    stopped = api.post(f"/api/v1/plan-runs/{run['id']}/stop").json()
    assert (stopped["state"], stopped["failure"]) == (
        "stopped",
        "It was stopped before it began; the last plan stays in force.",
    )
    problem(api.post(f"/api/v1/plan-runs/{run['id']}/stop"), 409, "run_is_over")


def test_a_run_says_what_it_came_to_and_why_each_parcel_is_left_out(api, town):
    town.parcels(2, seed=1)
    town.parcels(1, seed=2, skills=("cold",))
    run = town.plan()
    said = api.get(f"/api/v1/plan-runs/{run.public_id}").json()
    assert (said["state"], said["facts"]["planned"]) == ("done", 2)
    [left] = said["unserved"]
    assert {reason["code"] for reason in left["reasons"]} == {"skill"}
    assert left["reasons"][0]["text"] == "Driver A lacks what it needs."
    assert left["changes"], "somebody who could do it would serve it"
    [row] = api.get("/api/v1/plan-runs?state=done").json()["data"]
    assert (row["id"], row["unserved"]) == (run.public_id, [])


def test_an_unknown_hub_is_a_404_and_nothing_is_asked(api, town):
    problem(api.post("/api/v1/plan-runs", {"hub": "hub_" + "0" * 32}), 404, "not_found")
    assert not PlanRun.objects.for_environment(town.environment).exists()
