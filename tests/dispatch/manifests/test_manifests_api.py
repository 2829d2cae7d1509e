"""Manifests over the API: listed, released, every version looked at, and the day brought to its end by an app."""

import pytest

from tests.dispatch.planning.town import a_town
from tests.tracker.caller import problem


@pytest.fixture
def town(box):
    town = a_town(box, drivers=1)
    town.parcels(3)
    return town


@pytest.fixture
def run(town):
    return town.plan()


def test_drafts_of_a_run_are_released_and_followed_to_the_end(api, town, run):
    released = api.post("/api/v1/manifest-releases", {"run": run.public_id, "reason": "go"})
    assert released.status_code == 200, released.content
    [manifest] = released.json()["manifests"]
    assert (manifest["state"], manifest["version"], manifest["stops"]) == ("released", 1, 3)
    address = f"/api/v1/manifests/{manifest['id']}"
    whole = api.get(address).json()
    assert [stop["place"] for stop in whole["stops"]] == [1, 2, 3]
    assert whole["driver"]["name"] == "Driver A"
    [listed] = api.get("/api/v1/manifests").json()["data"]
    assert (whole["id"], whole["revision"]) == (listed["id"], listed["revision"])
    assert api.post(f"{address}/acknowledge", {"version": 1}).json()["state"] == "acknowledged"
    assert api.post(f"{address}/begin").json()["state"] == "in_progress"
    for stop in whole["stops"]:
        arrived = api.post(f"/api/v1/manifest-stops/{stop['stop']}/arrive").json()
        assert arrived["state"] == "arrived"
        done = api.post(f"/api/v1/manifest-stops/{stop['stop']}/finish", {"outcome": "delivered"}).json()
        assert done["state"] == "delivered"
    assert api.get(address).json()["state"] == "done"
    [row] = api.get("/api/v1/manifests?state=done").json()["data"]
    assert (row["id"], row["ended"]) == (manifest["id"], 3)


def test_every_version_can_be_looked_at(api, town, run):
    api.post("/api/v1/manifest-releases", {"run": run.public_id})
    [manifest] = town.manifests("released")
    address = f"/api/v1/manifests/{manifest.public_id}/versions"
    [version] = api.get(address).json()["data"]
    assert (version["version"], version["document"]) == (1, None)
    assert len(version["difference"]["added"]) == 3
    assert api.get(f"{address}/1").json()["document"]["manifest"] == manifest.public_id
    problem(api.get(f"{address}/2"), 404, "not_found")


def test_what_cannot_be_is_refused_with_a_sentence(api, town, run):
    [draft] = town.manifests("draft")
    address, releases = f"/api/v1/manifests/{draft.public_id}", "/api/v1/manifest-releases"
    problem(api.post(f"{address}/begin"), 409, "manifest_not_in_force")
    problem(api.post(f"{address}/acknowledge", {"version": 1}), 409, "unknown_version")
    problem(api.post(f"{address}/acknowledge", {"version": "1"}), 400, "invalid_field", "/version")
    problem(api.post(releases, {}), 400, "invalid_body", "/run")
    problem(api.post(releases, {"manifests": ["mft_" + "0" * 32]}), 404, "not_found")
    problem(api.post(releases, {"run": run.public_id, "reason": 7}), 400, "invalid_field", "/reason")
    api.post(releases, {"manifests": [draft.public_id]})
    stop = f"/api/v1/manifest-stops/{api.get(address).json()['stops'][0]['stop']}"
    problem(api.post(f"{stop}/finish", {"outcome": "lost"}), 400, "invalid_field", "/outcome")
    api.post(f"{stop}/finish", {"outcome": "failed"})
    problem(api.post(f"{stop}/finish", {"outcome": "delivered"}), 409, "stop_is_over")


def test_a_rival_sees_none_of_it(rival_api, town, run):
    [draft] = town.manifests("draft")
    problem(rival_api.get(f"/api/v1/manifests/{draft.public_id}"), 404, "not_found")
    assert rival_api.get("/api/v1/manifests").json()["data"] == []
    problem(rival_api.post("/api/v1/manifest-releases", {"run": run.public_id}), 404, "not_found")
