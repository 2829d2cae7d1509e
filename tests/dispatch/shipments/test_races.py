"""Two hands at once: each race shown first, then what guards against it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from dispatch.shipments import services, store
from dispatch.shipments.authors import system
from dispatch.shipments.commands import Cancel, ConfirmPickup, LeaveNote
from dispatch.shipments.history import settle
from dispatch.shipments.models import Shipment
from dispatch.shipments.selectors import events_of
from dispatch.shipments.services import Created, Repeated
from dispatch.shipments.store import Overtaken, Writing
from dispatch.shipments.transitions import IllegalTransition
from tests.dispatch.shipments.parcels import AUTHOR, HOUR, NOW, announced, new
from tracker.tenants import scope

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(environment, *works: Callable[[], Any]) -> list[Any]:
    """What each came to, the value or the exception, begun together in transactions of their own."""
    ready = threading.Barrier(len(works))
    found: list[Any] = [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            ready.wait(30)
            with scope.scope(environment_id=environment.pk):
                found[place] = work()
        except Exception as error:  # it is the outcome
            found[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def numbers(environment, shipment_id: int) -> list[int]:
    with scope.scope(environment_id=environment.pk):
        return [event.link.sequence for event in events_of(environment, shipment_id)]


def test_who_writes_behind_a_number_that_was_taken_meanwhile_writes_nothing(customer):
    """The race: two read the same history. The guard: the number is unique."""
    environment = customer.test
    with scope.scope(environment_id=environment.pk):
        pk = announced(environment).shipment_id
        writing = Writing(
            environment_id=environment.pk, author=system("late"), now=NOW + HOUR, request_id=None
        )
        read_early = store.read(environment.pk, [pk])[pk]
        services.execute(environment.pk, pk, ConfirmPickup(), author=AUTHOR, now=NOW + HOUR)
        draft = store.draft(writing)
        settled = settle(read_early.history, Cancel(reason="withdrawn"), NOW + HOUR)
        draft.add(read_early, settled.events, settled.occurred_at)
        with pytest.raises(Overtaken):
            draft.write()
    assert numbers(environment, pk) == [1, 2]


def test_two_writers_on_one_shipment_both_get_their_number(customer):
    environment = customer.test
    with scope.scope(environment_id=environment.pk):
        pk = announced(environment).shipment_id

    def note(text: str) -> Callable[[], Any]:
        return lambda: services.execute(
            environment.pk, pk, LeaveNote(note=text), author=AUTHOR, now=NOW + HOUR
        )

    found = at_once(environment, *(note(f"note {n}") for n in range(4)))
    assert sorted(state.sequence for state in found) == [2, 3, 4, 5]
    assert numbers(environment, pk) == [1, 2, 3, 4, 5]


def test_of_two_who_looked_at_the_same_number_one_is_told(customer):
    environment = customer.test
    with scope.scope(environment_id=environment.pk):
        pk = announced(environment).shipment_id

    def cancel() -> Any:
        command = LeaveNote(note=threading.current_thread().name)
        return services.execute(
            environment.pk, pk, command, author=AUTHOR, now=NOW + HOUR, expected_sequence=1
        )

    found = at_once(environment, cancel, cancel)
    assert sorted(type(one).__name__ for one in found) == ["SequenceMoved", "State"]


def test_of_two_endings_at_once_one_is_refused(customer):
    environment = customer.test
    with scope.scope(environment_id=environment.pk):
        pk = announced(environment).shipment_id

    def cancel() -> Any:
        return services.execute(environment.pk, pk, Cancel(reason="withdrawn"), author=AUTHOR, now=NOW + HOUR)

    found = at_once(environment, cancel, cancel)
    [refused] = [one for one in found if isinstance(one, IllegalTransition)]
    assert "report_damage" in refused.legal
    assert numbers(environment, pk) == [1, 2]


def test_two_files_with_the_same_parcels_in_another_order_make_each_once(customer):
    environment = customer.test
    names = [f"order-{n}" for n in range(40)]

    def announce(order: list[str]) -> Callable[[], Any]:
        wanted = [new(name) for name in order]
        return lambda: services.create(environment.pk, wanted, author=AUTHOR, now=NOW)

    first, second = at_once(environment, announce(names), announce(names[::-1]))
    assert {type(one) for one in [*first, *second]} == {Created, Repeated}
    kinds = [{type(a), type(b)} for a, b in zip(first, second[::-1], strict=True)]
    assert all(pair == {Created, Repeated} for pair in kinds)
    with scope.scope(environment_id=environment.pk):
        assert Shipment.objects.for_environment(environment).count() == 40


def test_two_batches_on_the_same_parcels_in_another_order_wait_for_each_other(customer):
    environment = customer.test
    with scope.scope(environment_id=environment.pk):
        made = services.create(environment.pk, [new() for _ in range(30)], author=AUTHOR, now=NOW)
    keys = [one.shipment_id for one in made if isinstance(one, Created)]

    def note(order: list[int], text: str) -> Callable[[], Any]:
        asked = [(key, LeaveNote(note=text)) for key in order]
        return lambda: services.execute_many(environment.pk, asked, author=AUTHOR, now=NOW + HOUR)

    found = at_once(environment, note(keys, "a"), note(keys[::-1], "b"))
    assert [len(one) for one in found] == [30, 30]
    assert {tuple(numbers(environment, key)) for key in keys} == {(1, 2, 3)}
