"""Patterns over the API: listed, looked at, accepted, refused, ended, each once."""

import pytest

from dispatch.manifests.models import OverridePattern
from dispatch.patterns.selectors import constraints_in_force
from tests.dispatch.fleet.ground import NOW, a_hub
from tests.tracker.caller import problem

RULE = {"kind": "never", "area": None, "hours": None, "vehicle_type": "van", "driver": None}


@pytest.fixture
def hub(box):
    return a_hub(box, "Pune East")


def a_pattern(hub, fingerprint: str) -> OverridePattern:
    return OverridePattern.objects.create(
        environment=hub.environment,
        hub=hub,
        fingerprint=fingerprint * 64,
        condition={},
        constraint=RULE,
        created_at=NOW,
    )


def test_a_pattern_is_listed_accepted_and_ended(api, hub):
    pattern = a_pattern(hub, "a")
    [listed] = api.get("/api/v1/override-patterns?state=proposed").json()["data"]
    assert (listed["id"], listed["hub"], listed["constraint"]) == (pattern.public_id, hub.public_id, RULE)
    assert listed["rule"] == "Stops are never given to a van."
    address = f"/api/v1/override-patterns/{pattern.public_id}"
    assert api.get(address).json() == listed
    problem(api.post(f"{address}/end"), 409, "decided_already")
    accepted = api.post(f"{address}/accept")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert len(constraints_in_force(hub.environment_id, hub.pk)) == 1
    problem(api.post(f"{address}/refuse"), 409, "decided_already")
    assert api.post(f"{address}/end").json()["state"] == "ended"
    assert constraints_in_force(hub.environment_id, hub.pk) == []


def test_a_refused_pattern_is_no_rule_and_pages_go_on_where_they_ended(api, hub):
    first, second = a_pattern(hub, "a"), a_pattern(hub, "b")
    assert api.post(f"/api/v1/override-patterns/{first.public_id}/refuse").json()["state"] == "refused"
    page = api.get("/api/v1/override-patterns?limit=1").json()
    rest = api.get(f"/api/v1/override-patterns?limit=1&cursor={page['next_cursor']}").json()
    assert [one["data"][0]["id"] for one in (page, rest)] == [second.public_id, first.public_id]
    problem(api.get("/api/v1/override-patterns/pat_" + "0" * 32), 404, "not_found")
