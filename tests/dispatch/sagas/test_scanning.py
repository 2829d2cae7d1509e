"""What no event begins is found by looking: slots at risk, silent drivers, unconfirmed shipments; and it ends again."""

from datetime import timedelta

import pytest

from dispatch.manifests.models import ManifestStop
from dispatch.sagas import scanning
from dispatch.sagas.models import Saga
from dispatch.shipments.commands import Reschedule
from tests.dispatch.sagas.world import HOUR, MINUTE, START, World, a_world
from tracker.tenants.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(customer) -> World:
    """Two shipments, promised within three hours of the start."""
    customer.member(Role.SUPERVISOR)
    made = a_world(customer.test, 2)
    made.begin()
    made.run()
    return made


def expect(world: World, place: int, chance: float, *, late: timedelta = HOUR) -> None:
    """What the estimate says of the stop."""
    with world.open():
        rows = ManifestStop.objects.for_environment(world.environment).filter(shipment=world.number(place))
        at = START + 3 * HOUR + late
        rows.update(miss_chance=chance, eta_at=at, eta_latest_at=at + 10 * MINUTE)


def test_a_slot_about_to_be_missed_is_shown_on_the_map_and_taken_back_when_it_looks_well(world):
    expect(world, 1, 0.7)
    world.heard(world.now)
    world.later(MINUTE)
    assert world.steps("sla") == ["warn"]
    assert "slot_at_risk" in world.open_alerts()
    expect(world, 1, 0.3)
    world.later(6 * MINUTE)
    assert world.saga("sla").state == "open", "better, but not well: alerts must not come and go"
    expect(world, 1, 0.1)
    world.later(6 * MINUTE)
    assert world.saga("sla").state == Saga.State.COMPENSATED
    assert world.steps("sla") == ["warn", "-warn", "end"]
    assert "slot_at_risk" not in world.open_alerts()


def test_a_missed_slot_goes_up_step_by_step_until_it_is_delivered(world):
    expect(world, 1, 0.9)
    world.later(MINUTE)
    world.later(3 * HOUR - MINUTE)
    assert world.steps("sla") == ["warn", "watch", "missed"]
    assert "slot_missed" in world.open_alerts()
    assert "slot_at_risk" not in world.open_alerts()
    assert world.owed("running_late") == []
    world.later(15 * MINUTE)
    assert world.owed("running_late") == ["running_late mail pending"] * 2, "both shipments had that slot"
    world.later(2 * HOUR)
    assert len(world.owed("team_slot_missed")) == 4, "supervisors, then admins, of both"
    for place in (1, 2):
        world.deliver(place)
    world.later(MINUTE)
    assert [saga.state for saga in world.sagas("sla")] == ["done", "done"]
    assert "slot_missed" not in world.open_alerts()
    world.later(HOUR)
    assert len(world.sagas("sla")) == 2


def test_one_alert_stands_for_a_route_until_the_last_of_its_slots_is_settled(world):
    for place in (1, 2):
        expect(world, place, 0.9)
    world.later(MINUTE)
    assert world.open_alerts().count("slot_at_risk") == 1
    world.deliver(1)
    world.later(MINUTE)
    assert world.open_alerts().count("slot_at_risk") == 1, "the other one is still at risk"
    world.deliver(2)
    world.later(MINUTE)
    assert "slot_at_risk" not in world.open_alerts()


def test_another_promise_ends_the_old_ones_saga(world):
    expect(world, 1, 0.9)
    world.later(MINUTE)
    tomorrow = (world.now + 24 * HOUR, world.now + 27 * HOUR)
    world.do(1, Reschedule(slots=(tomorrow,)))
    world.later(MINUTE)
    assert world.saga("sla").state == Saga.State.COMPENSATED


def test_a_call_in_the_slot_keeps_the_promise_even_where_nobody_was_there(world):
    world.now = START + 2 * HOUR
    world.fail(1)
    world.deliver(2)
    world.later(2 * HOUR)
    world.later(2 * HOUR, step=30 * MINUTE)
    assert world.sagas("sla") == []


def test_a_promise_that_was_over_when_it_was_announced_is_nobodys_alarm(customer):
    long_ago = (START - 50 * HOUR, START - 48 * HOUR)
    world = a_world(customer.test, 1, slots=(long_ago,))
    world.later(MINUTE)
    assert world.sagas("sla") == []


def test_a_driver_silent_for_fifteen_minutes_is_shown_then_told_then_goes_up(world):
    world.heard(START)
    world.later(15 * MINUTE)
    assert world.sagas("driver_silent") == [], "exactly at the bound nobody is silent yet"
    world.later(timedelta(seconds=1))
    assert world.steps("driver_silent") == ["alert"]
    assert "driver_silent" in world.open_alerts()
    world.later(15 * MINUTE)
    assert world.owed("team_driver_silent") == ["team_driver_silent mail pending"]
    world.later(30 * MINUTE)
    assert world.steps("driver_silent") == ["alert", "tell", "escalate"]
    world.heard(world.now)
    world.later(MINUTE)
    assert world.saga("driver_silent").state == Saga.State.DONE
    assert "driver_silent" not in world.open_alerts()
    assert world.owed("team_driver_silent") == ["team_driver_silent mail withdrawn"] * 2


def test_nobody_is_silent_later_than_we_have_read(world):
    world.heard(START)
    world.now = START + HOUR
    assert scanning.begin_due(now=world.now, read_to=START + 5 * MINUTE) == 0
    assert scanning.begin_due(now=world.now, read_to=world.now) == 1


def test_a_route_that_ends_ends_the_silence(world):
    world.heard(START)
    world.later(20 * MINUTE)
    for place in (1, 2):
        world.deliver(place)
    world.later(MINUTE)
    assert world.saga("driver_silent").state == Saga.State.DONE


def test_a_driver_without_a_device_is_not_judged(customer):
    world = a_world(customer.test, 1, with_device=False)
    world.begin()
    world.later(HOUR)
    assert world.sagas("driver_silent") == []


def test_a_shipment_out_for_six_hours_is_asked_after_and_ends_with_word_of_it(world):
    world.later(6 * HOUR)
    assert world.sagas("unconfirmed") == []
    world.later(MINUTE)
    assert len(world.sagas("unconfirmed")) == 2
    assert world.open_alerts().count("unconfirmed") == 1, "one alert a route"
    world.later(HOUR)
    assert len(world.owed("team_unconfirmed")) == 2
    world.deliver(1)
    world.later(MINUTE)
    assert sorted(saga.state for saga in world.sagas("unconfirmed")) == ["done", "open"]
    assert "unconfirmed" in world.open_alerts()
    world.fail(2)
    world.later(MINUTE)
    assert [saga.state for saga in world.sagas("unconfirmed")] == ["done", "done"]
    assert "unconfirmed" not in world.open_alerts()


def test_looking_again_begins_nothing_twice(world):
    world.later(6 * HOUR + MINUTE)
    before = [saga.pk for saga in world.sagas("unconfirmed")]
    for _ in range(3):
        assert scanning.begin_due(now=world.now) == 0
    assert [saga.pk for saga in world.sagas("unconfirmed")] == before
