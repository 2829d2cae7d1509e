"""`/api/v1/events`: a reader who keeps its cursor misses nothing, whoever commits late."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from tests.e2e.waiting import until
from tests.tracker.caller import problem
from tracker.http.paging import cursor_of
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.outbox.selectors import Place
from tracker.outbox.services import record

pytestmark = pytest.mark.django_db(transaction=True)


def happened(environment, number: int, kind: Kind = Kind.DEVICE_SILENT) -> OutboxEvent:
    with transaction.atomic():
        return record(environment.pk, kind, {"n": number}, occurred_at=timezone.now())


def numbers(page: dict[str, Any]) -> list[int]:
    return [event["data"]["n"] for event in page["data"]]


def all_after(api, cursor: str = "", *, count: int = 0, **query: Any) -> tuple[list[int], str]:
    """Everything from there on, `count` at least, as a backend reads it; and the cursor it keeps.

    Whatever else runs on the database server may hold an event back for a moment, so this asks until it is there.
    """
    found: list[int] = []

    def read() -> bool:
        nonlocal cursor
        page = api.json("events", **query, **({"cursor": cursor} if cursor else {}))
        found.extend(numbers(page))
        cursor = page["next_cursor"]
        return not page["more"] and len(found) >= count

    until(read, timeout_s=30, says=f"{count} events")
    return found, cursor


def test_events_come_in_the_order_they_became_known_each_as_a_webhook_would_bring_it(api, customer):
    events = [happened(customer.test, number) for number in range(5)]
    assert all_after(api, limit=2, count=5)[0] == [0, 1, 2, 3, 4]
    page = api.json("events", limit=2)
    assert page["more"] is True
    assert [one["id"] for one in page["data"]] == [event.public_id for event in events[:2]]
    assert page["data"][0].keys() == {"id", "type", "timestamp", "environment", "data"}
    assert page["data"][0]["environment"] == customer.test.public_id


def test_the_last_cursor_goes_on_with_what_comes_later(api, customer):
    found, cursor = all_after(api)
    assert found == []
    happened(customer.test, 1)
    found, cursor = all_after(api, cursor, count=1)
    assert found == [1]
    assert all_after(api, cursor)[0] == []
    happened(customer.test, 2)
    assert all_after(api, cursor, count=1)[0] == [2]


def test_a_reader_may_begin_with_what_comes_from_now_on(api, customer):
    happened(customer.test, 1)
    all_after(api, count=1)
    page = api.json("events", start="newest")
    assert (page["data"], page["more"]) == ([], False)
    happened(customer.test, 2)
    assert all_after(api, page["next_cursor"], count=1)[0] == [2]
    problem(api.get("events", start="newest", cursor=page["next_cursor"]), 400, "invalid_parameter", "start")


def test_it_is_narrowed_by_kind_and_time(api, customer):
    happened(customer.test, 1)
    happened(customer.test, 2, Kind.DEVICE_ONLINE)
    assert all_after(api, type="device.online", count=1)[0] == [2]
    assert all_after(api, from_=(timezone.now() + timedelta(hours=1)).isoformat())[0] == []
    problem(api.get("events", type="device.eaten"), 400, "invalid_parameter", "type")


def test_a_cursor_from_before_a_restore_is_refused_and_not_silent_for_ever(api, customer):
    cursor = cursor_of(f"events:{customer.test.pk}", Place(2**60, 5))
    assert "begin again" in problem(api.get("events", cursor=cursor), 400, "invalid_parameter", "cursor")


def test_tests_and_other_customers_events_are_not_in_it(api, customer, rival, rival_api):
    happened(customer.test, 1, Kind.WEBHOOK_TEST)
    happened(customer.live, 2)
    happened(rival.test, 3)
    assert all_after(rival_api, count=1)[0] == [3]
    assert all_after(api)[0] == []


def test_a_reader_by_row_number_misses_what_commits_late_and_this_one_does_not(api, customer):
    """Two writers: the first draws its row number first and commits last."""
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                record(customer.test.pk, Kind.DEVICE_SILENT, {"n": 1}, occurred_at=timezone.now())
                written.set()
                may_commit.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    happened(customer.test, 2)
    rows = OutboxEvent.objects.for_environment(customer.test).order_by("pk")
    seen_by_number = list(rows.values_list("pk", flat=True))
    seen, cursor = all_after(api)
    may_commit.set()
    thread.join(20)
    behind = rows.filter(pk__gt=max(seen_by_number))
    assert not behind.exists(), "who remembers the highest number never sees the first event"
    later, _ = all_after(api, cursor, count=2 - len(seen))
    assert seen + later == [1, 2]
