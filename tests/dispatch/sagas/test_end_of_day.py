"""A hub's day is closed: every shipment ended, carried over or looked after, cash and parcels counted."""

from datetime import date
from typing import Any

import pytest

from dispatch.manifests.models import Manifest
from dispatch.sagas import services
from dispatch.sagas.models import Saga
from tests.dispatch.sagas.world import HOUR, MINUTE, START, World, a_world
from tracker.tenants.models import Role

pytestmark = pytest.mark.django_db
EVENING = START.replace(hour=16, minute=30)  # ten in the evening in Pune
LATER: dict[str, Any] = {"slots": ((START + 20 * HOUR, START + 40 * HOUR),)}  # no promise is broken meanwhile


@pytest.fixture
def world(customer) -> World:
    """Four shipments, one with cash to collect of each."""
    customer.member(Role.SUPERVISOR)
    made = a_world(customer.test, 4, cash_minor=50_000, currency="INR", **LATER)
    made.begin()
    made.run()
    return made


def to(world: World, moment) -> None:
    """The clock at that time; the driver is heard of all day."""
    world.heard(moment)
    world.now = moment
    world.run()


def states(world: World) -> list[str]:
    return [state for _, state, _ in world.picture()["states"]]


def test_the_day_ends_in_the_hubs_own_time_and_once(world):
    to(world, EVENING - MINUTE)
    assert world.sagas("end_of_day") == []
    to(world, EVENING)
    saga = world.saga("end_of_day")
    assert (saga.data["day"], saga.subject) == ("2026-05-04", world.round.hub.public_id)
    to(world, EVENING + 2 * HOUR)
    to(world, EVENING + 8 * HOUR)
    assert len(world.sagas("end_of_day")) == 1


def test_what_is_left_is_carried_over_after_an_hours_wait_and_its_route_is_over(world):
    world.deliver(1, cash_minor=50_000)
    world.deliver(2, cash_minor=40_000)
    world.fail(3)
    to(world, EVENING)
    assert world.steps("end_of_day") == ["count"]
    assert world.owed("team_day_open") == ["team_day_open mail pending"]
    to(world, EVENING + HOUR + MINUTE)
    assert world.steps("end_of_day") == ["count", "chase", "carry_over", "carry_over", "settle_up"]
    assert states(world).count("delivered") == 2
    assert "out_for_delivery" not in states(world)
    with world.open():
        manifest = Manifest.objects.for_environment(world.environment).get()
        assert (manifest.state, manifest.service_date) == ("done", date(2026, 5, 4))
    saga = world.saga("end_of_day")
    [cash] = saga.data["cash"]
    assert (cash["expected_minor"], cash["collected_minor"], cash["currency"]) == (100_000, 90_000, "INR")
    back = sorted((one["name"], one["driver"]) for one in saga.data["back"])
    assert back == [("MP-1003", "Asha Kulkarni"), ("MP-1004", "Asha Kulkarni")], "and whom to ask"


def test_a_person_counts_and_the_day_is_closed(world):
    world.deliver(1, cash_minor=50_000)
    to(world, EVENING)
    to(world, EVENING + HOUR + MINUTE)
    saga = world.saga("end_of_day")
    gone = saga.data["back"][0]["shipment"]
    driver = saga.data["cash"][0]["driver"]
    with world.open():
        counted: dict[str, Any] = {
            "handed_in": {f"{driver} INR": 50_000, "drv_x INR": 7},
            "missing": [gone, "shp_x"],
        }
        services.write_count(saga, by="Ada", note="", now=world.now, **counted)
        with pytest.raises(services.NothingToCount):
            services.write_count(saga, by="Bob", note="", now=world.now, **counted)
    world.run()
    saga = world.saga("end_of_day")
    assert saga.state == Saga.State.DONE
    assert saga.data["counted"]["cash"] == {f"{driver} INR": 50_000}, "of nobody else"
    assert saga.data["counted"]["missing"] == [gone]
    assert world.steps("end_of_day")[-2:] == ["await_count", "close"]


def test_a_day_that_nobody_counts_is_stuck_by_noon(world):
    to(world, EVENING)
    to(world, EVENING + HOUR + MINUTE)
    to(world, EVENING + 15 * HOUR)
    assert world.saga("end_of_day").state == "open"
    to(world, EVENING + 15 * HOUR + 2 * MINUTE)
    saga = world.saga("end_of_day")
    assert saga.state == Saga.State.STUCK
    assert "counted" in saga.problem


def test_a_day_on_which_all_was_delivered_without_cash_closes_itself(customer):
    world = a_world(customer.test, 2, **LATER)
    world.begin()
    for place in (1, 2):
        world.deliver(place)
    to(world, EVENING)
    assert world.saga("end_of_day").state == Saga.State.DONE
    assert world.steps("end_of_day") == ["count", "carry_over", "settle_up", "close"]
    assert world.owed("team_day_count", "team_day_open") == []


def test_drivers_who_finish_within_the_hour_are_not_cut_off(world):
    to(world, EVENING)
    for place in (1, 2, 3, 4):
        world.deliver(place, cash_minor=50_000)
    to(world, EVENING + 20 * MINUTE)
    assert world.steps("end_of_day") == ["count", "chase", "carry_over", "settle_up"]
    assert states(world) == ["delivered"] * 4


def test_after_the_day_every_shipment_has_ended_or_can_be_planned_or_is_followed(world):
    world.deliver(1)
    world.fail(2)
    to(world, EVENING)
    to(world, EVENING + 2 * HOUR)
    followed = {saga.subject for saga in world.sagas("failed_delivery") if saga.state == "open"}
    with world.open():
        for place in range(1, 5):
            state = world.picture()["states"][place - 1][1]
            assert state in {"delivered", "ready"} or followed
    to(world, EVENING + 3 * HOUR)
    assert [route for route in world.picture()["manifests"] if route[0] == "in_progress"] == []


def test_a_hub_with_nothing_on_the_road_has_no_day_to_close(customer):
    world = a_world(customer.test, 1, **LATER)
    with world.open():
        Manifest.objects.for_environment(world.environment).update(version=0, state="draft")
    to(world, EVENING)
    assert world.sagas("end_of_day") == []


def test_a_route_planned_into_the_night_is_not_cut_off(world):
    with world.open():
        rows = Manifest.objects.for_environment(world.environment)
        rows.update(ends_at=EVENING + 5 * HOUR)
    for hours in range(7):
        to(world, EVENING + hours * HOUR - MINUTE)
    assert world.steps("end_of_day") == ["count"]
    to(world, EVENING + 6 * HOUR + MINUTE)
    assert "carry_over" in world.steps("end_of_day")
