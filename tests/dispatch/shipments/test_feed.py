"""The feed of events: whoever reads on from their place misses nothing, whoever commits late."""

import threading

import pytest
from django.db import connections

from dispatch.shipments import selectors, services
from dispatch.shipments.commands import ConfirmPickup
from dispatch.shipments.models import ShipmentEvent
from tests.dispatch.shipments.parcels import AUTHOR, HOUR, NOW, announced
from tests.e2e.waiting import until
from tracker.tenants import scope

pytestmark = pytest.mark.django_db(transaction=True)


def read_on(environment, place: selectors.Place, *, count: int = 0) -> tuple[list[int], selectors.Place]:
    """The shipments of the events from there on, `count` at least, and the place to go on from."""
    found: list[int] = []

    def read() -> bool:
        nonlocal place
        with scope.scope(environment_id=environment.pk):
            stretch = selectors.feed(environment, place, limit=2)
        found.extend(event.pk for event in stretch.events)
        place = stretch.place
        return not stretch.more and len(found) >= count

    until(read, timeout_s=30, says=f"{count} events")
    return found, place


def picked_up(environment, parcel: int, written: threading.Event, may_commit: threading.Event) -> None:
    try:
        with scope.scope(environment_id=environment.pk):
            services.execute(environment.pk, parcel, ConfirmPickup(), author=AUTHOR, now=NOW + HOUR)
            written.set()
            may_commit.wait(20)
    finally:
        connections.close_all()


def test_a_reader_by_row_number_misses_what_commits_late_and_this_one_does_not(customer):
    """Two writers: the first draws its row number first and commits last."""
    environment = customer.test
    with scope.scope(environment_id=environment.pk):
        slow, quick = (announced(environment).shipment_id for _ in range(2))
    first, place = read_on(environment, selectors.BEGINNING, count=2)
    written, may_commit = threading.Event(), threading.Event()
    thread = threading.Thread(target=picked_up, args=(environment, slow, written, may_commit))
    thread.start()
    assert written.wait(20)
    with scope.scope(environment_id=environment.pk):
        services.execute(environment.pk, quick, ConfirmPickup(), author=AUTHOR, now=NOW + HOUR)
        rows = ShipmentEvent.objects.for_environment(environment).order_by("pk")
        seen_by_number = list(rows.values_list("pk", flat=True))
    seen, place = read_on(environment, place)
    may_commit.set()
    thread.join(20)
    with scope.scope(environment_id=environment.pk):
        everything = list(rows.values_list("pk", flat=True))
        behind = [pk for pk in everything if pk > max(seen_by_number)]
    assert behind == [], "who remembers the highest number never sees the event of the slow writer"
    assert len(everything) == 4
    later, _ = read_on(environment, place, count=2 - len(seen))
    assert sorted([*first, *seen, *later]) == everything


def test_the_feed_shows_no_rival_anything(customer, rival):
    with scope.scope(environment_id=customer.test.pk):
        announced(customer.test)
    read_on(customer.test, selectors.BEGINNING, count=1)
    with scope.scope(environment_id=rival.test.pk):
        assert selectors.feed(rival.test).events == []


def test_a_place_from_before_a_restored_dump_is_told_apart(customer):
    with scope.scope(environment_id=customer.test.pk):
        assert selectors.feed(customer.test, selectors.Place(10**15, 1)).place_is_unknown
