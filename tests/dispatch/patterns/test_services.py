"""Patterns from weeks in the database to a rule in the planner's problem, by way of a person."""

from datetime import timedelta

import pytest

from dispatch.fleet.models import Driver, Hub
from dispatch.manifests.models import ManifestOverride, OverridePattern
from dispatch.patterns import services
from dispatch.patterns.back_test import BackTest
from dispatch.patterns.cases import Case
from dispatch.patterns.reading import cases_of
from dispatch.patterns.selectors import constraints_in_force
from dispatch.patterns.services import DecidedAlready, decide, is_due, propose
from tests.dispatch.fleet.ground import NOW, a_driver, a_hub, a_manifest, a_shipment, a_stop, a_vehicle
from tests.dispatch.patterns.planned import near, weeks, with_noise, with_rule
from tests.tracker.pages import Page
from tracker.tenants.models import Role

SEED = 2


@pytest.fixture
def hub(box) -> Hub:
    return a_hub(box, "Pune East")


@pytest.fixture
def planted(hub: Hub, monkeypatch) -> Hub:
    """Weeks in which vans are kept out of the lanes; how they are read is another test's matter."""
    cases = with_rule(
        with_noise(weeks(SEED), SEED),
        SEED,
        lambda case: near(case) and case.vehicle_type == "four_wheeler",
        lambda case: "drv_1",
    )
    monkeypatch.setattr(services, "cases_of", lambda *args: cases)
    return hub


def test_a_planted_rule_is_proposed_once_and_binds_plans_only_when_accepted(planted, customer):
    place = planted.environment_id
    [pattern] = propose(place, planted, now=NOW)
    assert (pattern.state, pattern.constraint["kind"]) == ("proposed", "never")
    assert pattern.evidence["overridden"] >= 10
    assert pattern.back_test == BackTest().as_json(), "no plan of these weeks was kept"
    assert constraints_in_force(place, planted.pk) == []
    assert propose(place, planted, now=NOW + timedelta(weeks=1)) == []
    decide(pattern, "accepted", by=customer.owner, now=NOW)
    [rule] = constraints_in_force(place, planted.pk)
    assert (rule.kind, rule.vehicle_type) == ("never", "four_wheeler")
    below = a_hub(planted.environment, "Lanes", parent=planted)
    assert constraints_in_force(place, below.pk) == [rule]
    decide(pattern, "ended", by=customer.owner, now=NOW)
    assert constraints_in_force(place, planted.pk) == []


def test_what_was_refused_is_not_proposed_again_for_twelve_weeks(planted, customer):
    place = planted.environment_id
    [pattern] = propose(place, planted, now=NOW)
    decide(pattern, "refused", by=customer.owner, now=NOW)
    assert propose(place, planted, now=NOW + timedelta(weeks=11)) == []
    assert len(propose(place, planted, now=NOW + timedelta(weeks=13))) == 1


def test_of_two_people_who_decide_the_second_is_told(planted, customer):
    [pattern] = propose(planted.environment_id, planted, now=NOW)
    decide(pattern, "refused", by=customer.owner, now=NOW)
    with pytest.raises(DecidedAlready, match="refused already"):
        decide(pattern, "accepted", by=customer.owner, now=NOW)


def test_cases_are_stops_as_they_were_before_anybody_touched_them(hub):
    driver, vehicle = a_driver(hub, "Asha"), a_vehicle(hub.environment)
    manifest = a_manifest(driver, "done", vehicle=vehicle)
    plain, moved, undone = (a_shipment(hub) for _ in range(3))
    for place, shipment in enumerate((plain, moved, undone), 1):
        a_stop(manifest, shipment, place)
    override(hub, moved, driver)
    first = override(hub, undone, driver)
    override(hub, undone, driver, undoes=first)
    cases = cases_of(hub.environment_id, hub, [hub.pk], NOW.date(), NOW.date())
    by_shipment = {case.shipment: case for case in cases}
    assert len(cases) == 3
    assert {s for s, case in by_shipment.items() if case.overridden} == {moved.shipment.public_id}
    case = by_shipment[plain.shipment.public_id]
    assert (case.driver, case.vehicle_type, case.hour) == (driver.public_id, "two_wheeler", 11)
    assert by_shipment[moved.shipment.public_id].to_driver == "drv_other"


def override(hub: Hub, shipment, driver: Driver, undoes=None) -> ManifestOverride:
    was = {
        "shipment": shipment.shipment.public_id, "longitude": 73.85, "latitude": 18.52, "hour": 12,
        "vehicle_type": "two_wheeler", "driver": driver.public_id,
    }  # fmt: skip
    return ManifestOverride.objects.create(
        environment_id=hub.environment_id, hub=hub, service_date=NOW.date(), kind="move", reason_code="load",
        before={"moved": [was]}, after={"moved": [was | {"driver": "drv_other", "hour": 13}]}, reason="x",
        author={}, undoes=undoes, created_at=NOW,
    )  # fmt: skip


def test_each_hub_has_one_hour_of_the_week(hub):
    monday = NOW.replace(hour=0) - timedelta(days=NOW.weekday())
    due = [hour for hour in range(168) if is_due(hub, monday + timedelta(hours=hour))]
    assert len(due) == 1


def test_the_page_shows_patterns_and_lets_admins_decide(planted, customer, signed_in):
    [pattern] = propose(planted.environment_id, planted, now=NOW)
    page = Page(signed_in(customer.owner).get("/console/dispatch/overrides/").content.decode())
    assert page.faults == []
    assert "are never given to a" in page.text
    assert "overrides" in page.text
    address = f"/console/dispatch/overrides/patterns/{pattern.public_id}/"
    supervisor = signed_in(customer.member(Role.SUPERVISOR))
    assert supervisor.post(address, {"decision": "accept"}).status_code == 403
    assert signed_in(customer.owner).post(address, {"decision": "accept"}).status_code == 302
    pattern.refresh_from_db()
    assert (pattern.state, pattern.decided_by) == (OverridePattern.State.ACCEPTED, customer.owner)
    assert signed_in(customer.owner).post(address, {"decision": "perhaps"}).status_code == 404


def test_a_case_is_small_enough_to_hold_weeks_of_them():
    assert not hasattr(Case(1, 2.0, 3.0, 4, "a", "b"), "__dict__")
