"""Expected presences: when they are due by the local clock, what they raise, and that each time is judged once."""

import threading
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections

from tests.tracker.alerts.events import EIGHT, a_geofence, a_visit, crossed, minutes
from tests.tracker.alerts.test_raising import hand_over
from tests.tracker.caller import a_device
from tracker.alerts.clock import last_due, next_due
from tracker.alerts.expecting import Expectation, ask_due, expect
from tracker.alerts.models import Alert, ExpectedPresence

ROME, UTC_ZONE = ZoneInfo("Europe/Rome"), ZoneInfo("UTC")
TEN_PAST_NINE = time(9, 10)
DUE = EIGHT + timedelta(minutes=70)
ASKED = DUE + timedelta(minutes=1)


@pytest.fixture
def van(customer):
    return a_device(customer.test, "van", name="Van")


@pytest.fixture
def hub(customer):
    return a_geofence(customer.test, "Hub")


@pytest.fixture
def expected(van, hub):
    return expect(Expectation(van, hub, TEN_PAST_NINE, UTC_ZONE, (0, 1, 2, 3, 4)), now=EIGHT)


def alerts_of(environment):
    rows = Alert.objects.for_environment(environment).order_by("raised_at")
    return [(row.text, row.raised_at, row.resolved_at) for row in rows]


@pytest.mark.parametrize(
    ("by", "weekdays", "after", "due"),
    [
        (time(9, 10), (), "2026-05-04T07:09:59", "2026-05-04T07:10:00"),
        (time(9, 10), (), "2026-05-04T07:10:00", "2026-05-05T07:10:00"),
        (time(9, 10), (0,), "2026-05-04T07:10:00", "2026-05-11T07:10:00"),
        (time(9, 10), (5, 6), "2026-05-04T07:10:00", "2026-05-09T07:10:00"),
        (time(0, 30), (0,), "2026-05-03T22:29:00", "2026-05-03T22:30:00"),  # Monday there, Sunday in UTC
        (
            time(9, 10),
            (),
            "2026-03-28T08:10:00",
            "2026-03-29T07:10:00",
        ),  # the clocks went forward in the night
        (time(2, 30), (), "2026-03-28T12:00:00", "2026-03-29T01:30:00"),  # there is no 2:30 that night
        (time(9, 10), (), "2026-10-24T07:10:00", "2026-10-25T08:10:00"),  # and back
        (time(2, 30), (), "2026-10-24T12:00:00", "2026-10-25T00:30:00"),  # 2:30 comes twice: the first
        (time(2, 30), (), "2026-10-25T00:30:00", "2026-10-26T01:30:00"),  # and not the second
    ],
)
def test_the_next_time_follows_the_local_clock(by, weekdays, after, due):
    found = next_due(by, ROME, weekdays, after=datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_the_newest_time_that_was_due_is_found():
    assert last_due(TEN_PAST_NINE, UTC_ZONE, (), upto=DUE) == DUE
    assert last_due(TEN_PAST_NINE, UTC_ZONE, (0,), upto=DUE + timedelta(days=6)) == DUE
    assert last_due(TEN_PAST_NINE, UTC_ZONE, (), upto=DUE - timedelta(seconds=1)) == DUE - timedelta(days=1)


def test_a_device_that_is_not_there_by_then_raises_an_alert_a_minute_later(customer, expected):
    assert expected.next_due_at == DUE
    assert ask_due(now=ASKED - timedelta(seconds=1)) == 0
    assert ask_due(now=ASKED) == 1
    assert alerts_of(customer.test) == [("Van was not in Hub by 09:10 (UTC).", DUE, None)]
    assert ask_due(now=ASKED + timedelta(minutes=5)) == 0
    expected.refresh_from_db(from_queryset=ExpectedPresence.objects.for_environment(customer.test))
    assert expected.next_due_at == DUE + timedelta(days=1)


@pytest.mark.parametrize(
    ("since", "until", "raised"),
    [(0, None, 0), (0, 71, 0), (70, None, 0), (0, 70, 1), (0, 60, 1), (71, None, 1)],
)
def test_what_counts_is_where_it_is_at_that_moment(customer, van, hub, expected, since, until, raised):
    a_visit(van, hub, minutes(since), None if until is None else minutes(until))
    assert ask_due(now=ASKED) == raised


def test_times_missed_while_nothing_ran_are_judged_once_by_the_newest(customer, van, hub, expected):
    assert ask_due(now=ASKED + timedelta(days=3)) == 1
    assert [row[1] for row in alerts_of(customer.test)] == [DUE + timedelta(days=3)]
    assert ask_due(now=ASKED + timedelta(days=3, hours=1)) == 0


def test_weekends_pass_where_they_are_not_named(customer, expected):
    friday = ASKED + timedelta(days=4)
    assert ask_due(now=friday) == 1
    expected.refresh_from_db(from_queryset=ExpectedPresence.objects.for_environment(customer.test))
    assert expected.next_due_at == DUE + timedelta(days=7)


def test_the_alert_ends_when_it_comes_and_each_day_has_its_own(customer, van, hub, expected):
    ask_due(now=ASKED)
    ask_due(now=ASKED + timedelta(days=1))
    tuesday = DUE + timedelta(days=1)
    assert [row[1:] for row in alerts_of(customer.test)] == [(DUE, tuesday), (tuesday, None)]
    hand_over(crossed(van, None, hub, tuesday + timedelta(minutes=30)))
    assert alerts_of(customer.test)[1][2] == tuesday + timedelta(minutes=30)


def test_a_late_report_that_it_was_there_in_time_ends_the_alert(customer, van, hub, expected):
    ask_due(now=ASKED)
    entered = crossed(van, None, hub, minutes(69))
    type(entered).objects.for_environment(customer.test).filter(pk=entered.pk).update(created_at=minutes(80))
    hand_over(type(entered).objects.for_environment(customer.test).get(pk=entered.pk))
    assert alerts_of(customer.test)[0][2] == DUE


def test_a_geofence_that_is_not_in_force_and_a_deleted_device_raise_none(customer, van):
    draft = a_geofence(customer.test, "Later", version=200)
    expect(Expectation(van, draft, TEN_PAST_NINE, UTC_ZONE), now=EIGHT)
    assert ask_due(now=ASKED) == 0
    hub = a_geofence(customer.test, "Hub")
    gone = a_device(customer.test, "gone", deleted_at=EIGHT)
    expect(Expectation(gone, hub, TEN_PAST_NINE, UTC_ZONE), now=EIGHT)
    assert ask_due(now=ASKED) == 0


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_judge_each_expectation_once(customer, van, hub):
    for number in range(12):
        device = a_device(customer.test, f"van {number}")
        expect(Expectation(device, hub, TEN_PAST_NINE, UTC_ZONE), now=EIGHT)
    raised: list[int] = []

    def tick():
        try:
            raised.append(ask_due(now=ASKED))
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(raised) == 12
    assert len(alerts_of(customer.test)) == 12
    connections.close_all()
