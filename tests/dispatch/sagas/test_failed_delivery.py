"""A failed delivery is followed to its end: tried again, escalated, told, and taken back where it is settled."""

from datetime import timedelta

import pytest

from dispatch.planning.models import PlanRun
from dispatch.planning.services import settings_of
from dispatch.sagas.models import Saga
from dispatch.shipments.commands import (
    Assign,
    Cancel,
    FailAttempt,
    Reschedule,
    StartDelivery,
    StartReturn,
)
from dispatch.shipments.services import execute
from tests.dispatch.rounds import OFFICE
from tests.dispatch.sagas.world import HOUR, MINUTE, START, WHY, World, a_world
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.tenants.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(customer) -> World:
    customer.member(Role.SUPERVISOR)
    made = a_world(customer.test, 1)
    made.begin()
    made.run()
    return made


def second_attempt(world: World) -> None:
    """It goes out again, and fails again."""
    again = Assign(manifest=world.round.manifest.public_id, version=2, driver=world.round.driver.public_id)
    world.do(1, again)
    world.do(1, StartDelivery())
    world.fail(1)


def test_the_customer_is_told_and_the_next_attempt_is_allowed_after_two_hours(world):
    world.fail(1)
    world.later(MINUTE)
    assert world.steps("failed_delivery") == ["tell_failed"]
    assert world.saga("failed_delivery").due_at == START + 2 * HOUR
    world.later(2 * HOUR - 2 * MINUTE)
    assert world.steps("failed_delivery") == ["tell_failed"]
    world.later(MINUTE)
    assert world.steps("failed_delivery") == ["tell_failed", "allow_attempt"]
    with world.open():
        state = world.round.state(1)
        assert (state.state, state.not_before) == ("ready", world.now)
        assert PlanRun.objects.for_environment(world.environment).get().cause == "change"
    assert world.owed("failed_attempt") == ["failed_attempt mail pending"]


def test_a_second_failure_goes_to_the_supervisors_after_four_hours_and_the_customer_knows(world):
    world.fail(1)
    world.later(2 * HOUR)
    second_attempt(world)
    world.later(4 * HOUR - MINUTE)
    assert world.steps("failed_delivery")[-1] == "tell_failed"
    assert world.open_alerts() == []
    world.later(MINUTE)
    assert world.steps("failed_delivery") == [
        "tell_failed", "allow_attempt", "await_attempt", "tell_failed", "escalate", "tell_customer",
    ]  # fmt: skip
    assert world.saga("failed_delivery").step == "await_decision"
    assert "undelivered" in world.open_alerts()
    assert world.owed("team_undelivered") == ["team_undelivered mail pending"]
    assert world.owed("escalated") == ["escalated mail pending"]
    assert len(world.owed("failed_attempt")) == 2, "each attempt is told of once"


def test_the_waits_count_from_the_attempt_and_not_from_when_we_heard_of_it(world):
    world.now = START + 3 * HOUR
    with world.open():
        execute(
            world.environment.pk, world.number(1), FailAttempt(reason="refused"), author=OFFICE, now=world.now,
            occurred_at=START + MINUTE,
        )  # fmt: skip
    world.run()
    assert world.steps("failed_delivery") == ["tell_failed", "allow_attempt"]


def test_a_cancelled_shipment_ends_it_and_what_stands_is_taken_back(world):
    world.fail(1)
    world.later(2 * HOUR)
    second_attempt(world)
    world.later(4 * HOUR)
    world.do(1, Cancel(reason="not wanted any more"))
    world.later(MINUTE)
    saga = world.saga("failed_delivery")
    assert (saga.state, saga.ended_at) == (Saga.State.COMPENSATED, world.now)
    assert world.steps("failed_delivery")[6:] == [
        "-tell_customer", "-escalate", "-tell_failed", "-allow_attempt", "-tell_failed", "end",
    ]  # fmt: skip
    assert "undelivered" not in world.open_alerts()
    assert world.owed("escalated", "team_undelivered") == [
        "escalated mail withdrawn", "team_undelivered mail withdrawn",
    ]  # fmt: skip
    with world.open():
        assert PlanRun.objects.for_environment(world.environment).get().state == "stopped"


def test_a_delivery_at_the_second_attempt_ends_it_well(world):
    world.fail(1)
    world.later(2 * HOUR)
    again = Assign(manifest=world.round.manifest.public_id, version=2, driver=world.round.driver.public_id)
    world.do(1, again)
    world.do(1, StartDelivery())
    world.deliver(1)
    world.later(MINUTE)
    saga = world.saga("failed_delivery")
    assert saga.state == Saga.State.DONE
    assert world.steps("failed_delivery")[-1] == "end"
    world.later(2 * timedelta(days=1), step=6 * HOUR)
    assert [s.state for s in world.sagas("failed_delivery")] == ["done"]


def test_a_customer_who_chooses_another_time_ends_the_wait(world):
    world.fail(1)
    world.later(HOUR)
    slot = (world.now + 24 * HOUR, world.now + 27 * HOUR)
    world.do(1, Reschedule(slots=(slot,)))
    world.later(MINUTE)
    assert world.saga("failed_delivery").state == Saga.State.COMPENSATED
    world.later(3 * HOUR)
    assert world.steps("failed_delivery") == ["tell_failed", "-tell_failed", "end"]


def test_a_return_that_a_supervisor_decides_ends_it(world):
    world.fail(1)
    world.later(2 * HOUR)
    second_attempt(world)
    world.later(5 * HOUR)
    world.do(1, StartReturn(reason="nobody there twice"))
    world.later(MINUTE)
    assert world.saga("failed_delivery").state == Saga.State.COMPENSATED


def test_without_a_decision_for_a_day_it_is_stuck_and_says_so(world):
    world.fail(1)
    world.later(2 * HOUR)
    second_attempt(world)
    world.later(4 * HOUR)
    world.later(24 * HOUR - MINUTE)
    assert world.saga("failed_delivery").state == Saga.State.OPEN
    world.later(2 * MINUTE)
    saga = world.saga("failed_delivery")
    assert saga.state == Saga.State.STUCK
    assert "decided" in saga.problem
    world.do(1, StartReturn(reason="decided at last"))
    world.later(MINUTE)
    assert world.saga("failed_delivery").state == Saga.State.COMPENSATED, "what happens frees a stuck one too"


def test_an_attempt_that_is_never_made_is_told_of_after_a_day(world):
    world.fail(1)
    world.later(2 * HOUR)
    world.later(24 * HOUR + MINUTE)
    assert world.owed("team_attempt_overdue") == ["team_attempt_overdue mail pending"]
    world.later(24 * HOUR + MINUTE)
    assert world.saga("failed_delivery").state == Saga.State.STUCK


def test_one_attempt_alone_goes_to_the_supervisors_at_once_after_the_second_wait(world):
    with world.open():
        rules = settings_of(world.environment.pk)
        rules.most_attempts = 1
        rules.save()
    world.fail(1)
    world.later(4 * HOUR)
    assert world.steps("failed_delivery") == ["tell_failed", "escalate", "tell_customer"]


def test_an_event_that_nobody_heard_is_made_up_for(world):
    world.fail(1)
    with scope.scope(unscoped=WHY):
        OutboxEvent.objects.unscoped(WHY).filter(relayed_at=None).update(relayed_at=world.now)
    world.later(MINUTE)
    assert world.steps("failed_delivery") == ["tell_failed"]


def test_the_same_event_again_begins_nothing_anew(world):
    world.fail(1)
    world.later(MINUTE)
    with scope.scope(unscoped=WHY):
        OutboxEvent.objects.unscoped(WHY).update(relayed_at=None)
    world.later(MINUTE)
    assert len(world.sagas("failed_delivery")) == 1
    assert world.steps("failed_delivery") == ["tell_failed"]
    assert len(world.owed("failed_attempt")) == 1
