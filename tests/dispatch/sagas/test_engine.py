"""Steps are taken once, by one ticker; one that fails is tried later each time, and in the end says what is wrong."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from dispatch.planning.services import ask_run
from dispatch.sagas import effects, engine, services
from dispatch.sagas.models import Saga, SagaStep
from dispatch.shipments.commands import LeaveNote
from tests.dispatch.sagas.world import HOUR, MINUTE, WHY, World, a_world
from tracker.tenants import scope

BROKEN = "the planner's table is locked by somebody"


@pytest.fixture
def world(customer) -> World:
    made = a_world(customer.test, 1)
    made.begin()
    made.run()
    made.fail(1)
    made.run()
    return made


@pytest.fixture
def broken(monkeypatch) -> list[bool]:
    """While it holds something, asking for a plan fails."""
    wrong = [True]
    plain = ask_run

    def fails(*given, **named):
        if wrong:
            raise RuntimeError(BROKEN)
        return plain(*given, **named)

    monkeypatch.setattr(effects, "ask_run", fails)
    return wrong


def test_a_step_that_fails_brings_about_nothing_and_is_tried_later_each_time(world, broken):
    world.later(2 * HOUR)
    waits = []
    for tries in range(1, len(engine.WAITS) + 1):
        saga = world.saga("failed_delivery")
        assert (saga.state, saga.step, saga.tries) == ("open", "allow_attempt", tries)
        assert BROKEN in saga.problem
        with world.open():
            assert world.round.state(1).state == "failed", "what stood before the failure is undone with it"
        waits.append(saga.due_at - world.now)
        world.now = saga.due_at
        engine.tick(now=world.now)
    assert waits == sorted(waits)
    saga = world.saga("failed_delivery")
    assert (saga.state, saga.due_at) == (Saga.State.STUCK, None)
    assert BROKEN in saga.problem
    assert world.steps("failed_delivery") == ["tell_failed"]


def test_a_person_lets_a_stuck_one_go_on_and_the_second_person_is_told(world, broken):
    world.later(2 * HOUR)
    for _ in engine.WAITS:
        world.later(HOUR)
    broken.clear()
    with world.open():
        saga = Saga.objects.for_environment(world.environment).get(state="stuck")
        services.go_on(saga, now=world.now)
        with pytest.raises(services.NotStuck):
            services.go_on(saga, now=world.now)
    world.run()
    assert world.steps("failed_delivery") == ["tell_failed", "allow_attempt"]
    assert world.saga("failed_delivery").problem == ""


def test_the_trouble_of_one_saga_holds_up_no_other(customer, rival, broken):
    theirs, ours = a_world(rival.test, 1), a_world(customer.test, 1)
    for each in (theirs, ours):
        each.begin()
        each.fail(1)
        each.run()
    with ours.open():
        Saga.objects.for_environment(ours.environment).update(kind="of_a_version_to_come")
    broken.clear()
    theirs.later(2 * HOUR)
    assert theirs.steps("failed_delivery") == ["tell_failed", "allow_attempt"]
    assert "of_a_version_to_come" in ours.saga("of_a_version_to_come").problem


def test_whoever_is_woken_for_nothing_takes_no_step_early(world):
    for minutes in (10, 20, 30):
        world.later(minutes * MINUTE)
        world.do(1, LeaveNote(note=f"ring {minutes} times"))
        world.run()
    assert world.steps("failed_delivery") == ["tell_failed"]
    world.later(HOUR)
    assert world.steps("failed_delivery") == ["tell_failed", "allow_attempt"]


def test_calling_one_off_takes_back_what_stands(world):
    with world.open():
        saga = Saga.objects.for_environment(world.environment).get()
        services.call_off(saga, by="Ada", note="decided on the phone", now=world.now)
        with pytest.raises(services.IsOver):
            services.call_off(saga, by="Bob", now=world.now)
    assert world.steps("failed_delivery") == ["tell_failed", "-tell_failed", "end"]
    assert world.owed("failed_attempt") == ["failed_attempt mail withdrawn"]
    [end] = [step for step in _steps(world) if step.name == "end"]
    assert end.outcome == "Called off by Ada: decided on the phone"


def test_steps_that_were_written_down_cannot_be_changed_by_the_app(world):
    with scope.scope(unscoped=WHY), connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('milepost_app', 'dispatch_sagastep', 'UPDATE')")
        assert cursor.fetchone() == (False,)


def _steps(world: World) -> list[SagaStep]:
    with scope.scope(unscoped=WHY):
        return list(SagaStep.objects.unscoped(WHY).order_by("number"))


@pytest.mark.django_db(transaction=True)
def test_two_tickers_never_take_one_step_twice(world, monkeypatch):
    """The second looks while the first is in the middle of the step, and again once it is through."""
    world.now += 2 * HOUR
    inside, go_on = threading.Event(), threading.Event()
    plain = engine._Look.run

    def waits(self):
        inside.set()
        assert go_on.wait(30)
        return plain(self)

    monkeypatch.setattr(engine._Look, "run", waits)
    first: list[engine.Ticked] = []

    def tick():
        first.append(engine.tick(now=world.now))
        connection.close()

    thread = threading.Thread(target=tick)
    thread.start()
    assert inside.wait(30)
    monkeypatch.setattr(engine._Look, "run", plain)
    assert engine.tick(now=world.now).looked == 0, "the row is another's"
    go_on.set()
    thread.join(30)
    assert engine.tick(now=world.now).looked == 0, "and then it is not due any more"
    assert first[0].taken == 1
    assert world.steps("failed_delivery") == ["tell_failed", "allow_attempt"]


@pytest.mark.django_db(transaction=True)
def test_many_tickers_and_many_sagas_end_with_every_step_once(customer):
    world = a_world(customer.test, 12)
    world.begin()
    for place in range(1, 13):
        world.fail(place)
    world.run()
    world.now += 2 * HOUR
    barrier = threading.Barrier(4)

    def tick():
        barrier.wait(30)
        engine.tick(now=world.now)
        connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    engine.tick(now=world.now)
    sagas = world.sagas("failed_delivery")
    assert len(sagas) == 12
    with scope.scope(unscoped=WHY):
        for saga in sagas:
            steps = SagaStep.objects.unscoped(WHY).filter(saga=saga).order_by("number")
            assert [(step.number, step.name) for step in steps] == [(1, "tell_failed"), (2, "allow_attempt")]


def test_time_that_stands_still_moves_nothing(world):
    before = world.picture()
    for _ in range(3):
        world.run()
    assert world.picture() == before
    world.later(timedelta(minutes=1))
    assert world.picture() == before
