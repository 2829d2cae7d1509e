"""An unusual share of quarantined reports: told once, until it was usual again."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from tests.tracker.caller import a_count
from tracker.ingestion import quarantine_rate
from tracker.ingestion.models import QuarantineRate
from tracker.ingestion.quarantine_rate import WINDOW, Counted, is_high, watch
from tracker.outbox.models import OutboxEvent

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(environment) -> int:
    return OutboxEvent.objects.for_environment(environment).filter(kind="quarantine.rate_high").count()


def received(environment, at: datetime, accepted: int, **quarantined: int) -> None:
    a_count(environment, at, "accepted", accepted)
    for reason, count in quarantined.items():
        a_count(environment, at, "quarantined", count, reason=reason)


@pytest.mark.parametrize(
    ("received", "quarantined", "was_high", "high"),
    [
        (100, 19, False, False),
        (100, 20, False, True),
        (49, 49, False, False),
        (50, 10, False, True),
        (100, 10, True, True),
        (100, 9, True, False),
        (10, 9, True, True),
        (10, 0, True, False),
        (0, 0, True, False),
        (0, 0, False, False),
    ],
)
def test_the_rule_has_a_bound_a_least_count_and_a_way_back(received, quarantined, was_high, high):
    assert is_high(Counted(received, quarantined), was_high=was_high) is high


def test_it_is_told_once_with_its_reasons_and_where_to_look(customer, settings):
    settings.BASE_URL = "https://milepost.example.com"
    received(customer.test, NOW, 70, bad_latitude=20, no_time=9, device_deleted=1)
    assert watch(now=NOW) == 1
    assert watch(now=NOW + timedelta(minutes=1)) == 0
    event = OutboxEvent.objects.for_environment(customer.test).get()
    assert event.data["share"] == 0.3
    assert (event.data["received"], event.data["quarantined"]) == (100, 30)
    assert event.data["reasons"][0] == {"reason": "bad_latitude", "count": 20}
    assert event.data["links"]["console"] == "https://milepost.example.com/console/quarantine/"
    assert event.occurred_at == NOW


def test_it_is_told_again_only_after_it_was_usual(customer):
    for hour, (accepted, quarantined) in enumerate([(60, 40), (85, 15), (60, 40), (95, 5), (60, 40)]):
        received(customer.test, NOW + hour * HOUR, accepted, bad_latitude=quarantined)
        watch(now=NOW + hour * HOUR)
    assert told(customer.test) == 2


def test_what_came_before_the_window_does_not_count(customer):
    received(customer.test, NOW - WINDOW, 0, bad_latitude=1000)
    received(customer.test, NOW, 60, bad_latitude=1)
    assert watch(now=NOW) == 0


def test_each_environment_is_judged_by_its_own_reports(customer, rival):
    received(customer.test, NOW, 10, bad_latitude=90)
    received(customer.live, NOW, 1000)
    received(rival.test, NOW, 90, bad_latitude=10)
    assert watch(now=NOW) == 1
    assert [told(e) for e in (customer.test, customer.live, rival.test)] == [1, 0, 0]


def test_silence_after_a_storm_ends_it(customer):
    received(customer.test, NOW, 10, bad_latitude=90)
    watch(now=NOW)
    watch(now=NOW + HOUR)
    assert QuarantineRate.objects.for_environment(customer.test).get().high_since is None


@pytest.mark.django_db(transaction=True)
def test_of_two_ticks_at_once_one_tells(customer, monkeypatch):
    received(customer.test, NOW, 10, bad_latitude=90)
    counted, both = quarantine_rate._counts, threading.Barrier(2)

    def both_have_counted(now: datetime) -> dict[int, Counted]:
        found = counted(now)
        both.wait(10)
        return found

    monkeypatch.setattr(quarantine_rate, "_counts", both_have_counted)
    ends: list[int] = []

    def run() -> None:
        try:
            ends.append(watch(now=NOW))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ends) == [0, 1]
    assert told(customer.test) == 1
