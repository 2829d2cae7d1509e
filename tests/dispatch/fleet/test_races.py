"""Two at once: hubs moved below each other, a vehicle given twice. The race is shown first, then what ends it."""

import threading
from functools import partial

import pytest
from django.db import connection, transaction

from dispatch.fleet import services
from dispatch.fleet.models import Hub, VehicleHolding
from dispatch.fleet.refusals import NotATree
from tests.dispatch.fleet.ground import NOW, a_driver, a_hub, a_vehicle
from tests.tracker.geofences.test_races import at_once
from tracker.tenants import scope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hubs(customer):
    with scope.scope(environment_id=customer.test.pk):
        return [a_hub(customer.test, name, kind="region") for name in "ABCDEF"]


def parents(environment):
    with scope.scope(environment_id=environment.pk):
        return dict(Hub.objects.for_environment(environment).values_list("pk", "parent_id"))


def has_cycle(above):
    for start in above:
        here, steps = above[start], 0
        while here is not None and steps <= len(above):
            here, steps = above[here], steps + 1
        if here is not None:
            return True
    return False


def written(environment, hub, parent, met=None):
    """The move as a program without our services would write it."""
    with scope.scope(environment_id=environment.pk):
        Hub.objects.for_environment(environment).filter(pk=hub.pk).update(parent=parent)
        if met is not None:
            met.wait(20)


def moved(environment, hub, parent):
    with scope.scope(environment_id=environment.pk):
        return services.move_hub(hub, parent, now=NOW)


@pytest.fixture
def no_trigger(db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE dispatch_hub DISABLE TRIGGER keep_tree")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE dispatch_hub ENABLE TRIGGER keep_tree")


def test_without_the_trigger_two_moves_make_a_circle(customer, hubs, no_trigger):
    a, b = hubs[:2]
    at_once(partial(written, customer.test, a, b), partial(written, customer.test, b, a))
    assert has_cycle(parents(customer.test))


@pytest.mark.parametrize("move", [written, moved])
@pytest.mark.parametrize("turn", range(4))
def test_of_two_moves_below_each_other_one_is_refused(customer, hubs, move, turn):
    a, b = hubs[:2]
    outcomes = at_once(partial(move, customer.test, a, b), partial(move, customer.test, b, a))
    assert sum(isinstance(one, Exception) for one in outcomes) == 1
    if move is moved:
        assert any(isinstance(one, NotATree) for one in outcomes)
    assert not has_cycle(parents(customer.test))


def test_of_many_moves_around_a_ring_the_one_that_would_close_it_is_refused(customer, hubs):
    ring = [*hubs[1:], hubs[0]]
    outcomes = at_once(
        *[partial(moved, customer.test, one, above) for one, above in zip(hubs, ring, strict=True)]
    )
    assert sum(isinstance(one, NotATree) for one in outcomes) == 1
    assert not has_cycle(parents(customer.test))


def test_a_move_waits_for_one_that_is_not_committed_yet(customer, hubs):
    """The second trigger must see the first move, although that was not visible when its statement began."""
    a, b, c = hubs[:3]

    begun = threading.Event()

    def first():
        with scope.scope(environment_id=customer.test.pk):
            services.move_hub(a, b, now=NOW)
            begun.set()
            with connection.cursor() as cursor:
                for _ in range(
                    400
                ):  # until the other stands at the lock; it is there for the rest of this transaction
                    cursor.execute("SELECT pg_sleep(0.05), count(*) FROM pg_locks WHERE NOT granted")
                    if cursor.fetchone()[1]:
                        return

    def second():
        begun.wait(20)
        moved(customer.test, b, a)

    outcomes = at_once(first, second)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], NotATree)


def test_of_two_who_give_one_vehicle_both_succeed_and_the_later_has_it(customer, hubs):
    with scope.scope(environment_id=customer.test.pk):
        drivers, bike = [a_driver(hubs[0], name) for name in ("Asha", "Ben", "Chi")], a_vehicle(customer.test)

    def give(driver):
        with scope.scope(environment_id=customer.test.pk):
            services.give_vehicle(driver, bike, NOW)

    outcomes = at_once(*[partial(give, driver) for driver in drivers])
    assert outcomes == [None, None, None]
    with scope.scope(environment_id=customer.test.pk), transaction.atomic():
        rows = VehicleHolding.objects.for_environment(customer.test)
        assert (rows.count(), rows.filter(until=None).count()) == (3, 1)
