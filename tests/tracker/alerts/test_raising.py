"""Alerts from events: raised once, ended by what ends them, the same whatever order the relay hands them over in."""

import itertools
import random
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from tests.tracker.alerts.events import a_geofence, a_trip, crossed, event, minutes, of_trip
from tests.tracker.caller import a_device
from tracker.alerts.models import Alert
from tracker.alerts.raising import raise_from
from tracker.alerts.services import acknowledge, forget_old_alerts
from tracker.outbox.models import OutboxEvent


def alerts_of(environment) -> list[tuple]:
    rows = Alert.objects.for_environment(environment).order_by("raised_at", "kind", "resolved_at")
    return [(row.kind, row.raised_at, row.resolved_at) for row in rows]


def hand_over(*events: OutboxEvent) -> None:
    with transaction.atomic():
        raise_from(list(events))


@pytest.fixture
def van(customer):
    return a_device(customer.test, "van", name="Van")


def silent_at(van, at):
    return event(van, "device.silent", at, silent_after_s=900.0)


def silences(van):
    return silent_at(van, minutes(15)), event(van, "device.online", minutes(30))


def test_a_silent_device_raises_an_alert_that_ends_when_it_reports(customer, van):
    hand_over(silent_at(van, minutes(15)))
    alert = Alert.objects.for_environment(customer.test).get()
    assert (alert.kind, alert.text) == ("silent", "Van is silent: not heard of for 15 minutes.")
    assert (alert.raised_at, alert.resolved_at, alert.acknowledged_at) == (minutes(15), None, None)
    hand_over(event(van, "device.online", minutes(30)))
    assert alerts_of(customer.test) == [("silent", minutes(15), minutes(30))]


def test_an_event_that_comes_again_raises_nothing_anew(customer, van):
    silent, online = silences(van)
    hand_over(silent)
    hand_over(silent, silent)
    hand_over(online)
    hand_over(silent, online)
    hand_over(online, silent)
    assert alerts_of(customer.test) == [("silent", minutes(15), minutes(30))]


def test_an_old_end_that_comes_again_does_not_end_a_new_alert(customer, van):
    silent, online = silences(van)
    again = silent_at(van, minutes(90))
    hand_over(silent, online, again)
    hand_over(online)
    assert alerts_of(customer.test) == [
        ("silent", minutes(15), minutes(30)), ("silent", minutes(90), None),
    ]  # fmt: skip


def test_a_device_that_is_heard_of_by_fixes_from_before_its_silence_was_told_is_silent_no_more(customer, van):
    """It had the fixes with it: the newest is recorded before the alert was raised."""
    silent, online = silent_at(van, minutes(15)), event(van, "device.online", minutes(14))
    rows = OutboxEvent.objects.for_environment(customer.test)
    rows.filter(pk=online.pk).update(created_at=minutes(40))
    for order in ((silent, rows.get(pk=online.pk)), (rows.get(pk=online.pk), silent)):
        Alert.objects.for_environment(customer.test).delete()
        for one in order:
            hand_over(one)
        assert alerts_of(customer.test) == [("silent", minutes(15), minutes(15))]


def test_only_geofences_that_wish_for_it_raise_alerts(customer, van):
    loud = a_geofence(customer.test, "Loud", enter=True, leave=True)
    quiet = a_geofence(customer.test, "Quiet")
    hand_over(crossed(van, quiet, loud, minutes(1)))
    hand_over(crossed(van, loud, quiet, minutes(2)))
    rows = Alert.objects.for_environment(customer.test).order_by("raised_at")
    assert [(row.text, row.geofence, row.resolved_at) for row in rows] == [
        ("Van entered Loud.", loud, minutes(2)), ("Van left Loud.", loud, None),
    ]  # fmt: skip


def test_from_zone_to_zone_one_crossing_may_raise_two(customer, van):
    north = a_geofence(customer.test, "North", leave=True)
    south = a_geofence(customer.test, "South", enter=True)
    hand_over(crossed(van, north, south, minutes(1)))
    assert {row[0] for row in alerts_of(customer.test)} == {"entered", "left"}


def test_the_version_that_decided_says_whether_an_alert_is_wished_for(customer, van):
    yard = a_geofence(customer.test, "Yard", version=1)
    loud = a_geofence(customer.test, "Loud", enter=True, version=2)
    hand_over(crossed(van, None, yard, minutes(1)), crossed(van, yard, loud, minutes(2)))
    assert alerts_of(customer.test) == []
    hand_over(crossed(van, yard, loud, minutes(3), geofence_version=2))
    assert [row[0] for row in alerts_of(customer.test)] == ["entered"]


def test_a_withdrawn_crossing_takes_its_alert_back(customer, van):
    yard = a_geofence(customer.test, "Yard", enter=True)
    entered = crossed(van, None, yard, minutes(1))
    gone = {"corrects": entered.data["crossing"], "withdrawn": True, "kind": "crossing.corrected"}
    correction = crossed(van, None, yard, minutes(1), **gone)
    for order in ((entered, correction), (correction, entered), (correction, entered, correction, entered)):
        Alert.objects.for_environment(customer.test).delete()
        for one in order:
            hand_over(one)
        [(kind, raised, resolved)] = alerts_of(customer.test)
        assert (kind, raised) == ("entered", minutes(1))
        assert resolved is not None


def test_a_corrected_crossing_keeps_the_alert_and_gives_it_the_right_time(customer, van):
    yard = a_geofence(customer.test, "Yard", enter=True)
    entered = crossed(van, None, yard, minutes(5))
    first = {"corrects": entered.data["crossing"], "withdrawn": False, "kind": "crossing.corrected"}
    earlier = crossed(van, None, yard, minutes(3), **first)
    second = {"corrects": earlier.data["crossing"], "withdrawn": True, "kind": "crossing.corrected"}
    hand_over(entered)
    alert = Alert.objects.for_environment(customer.test).get()
    hand_over(earlier)
    assert alerts_of(customer.test) == [("entered", minutes(3), None)]
    hand_over(entered)
    hand_over(crossed(van, None, yard, minutes(3), **second))
    alert.refresh_from_db(from_queryset=Alert.objects.for_environment(customer.test))
    assert alert.resolved_at is not None
    assert len(alerts_of(customer.test)) == 1


@pytest.mark.parametrize("ending", ["trip.back_on_time", "trip.arrived", "trip.completed", "trip.cancelled"])
def test_a_late_trip_is_alerted_until_it_is_on_time_or_over(customer, van, ending):
    trip = a_trip(van)
    hand_over(of_trip(trip, "trip.delayed", minutes(1)), of_trip(a_trip(van), "trip.delayed", minutes(1)))
    hand_over(of_trip(trip, ending, minutes(9)))
    assert alerts_of(customer.test) == [("delayed", minutes(1), minutes(9)), ("delayed", minutes(1), None)]
    texts = Alert.objects.for_environment(customer.test).values_list("text", flat=True)
    assert texts[0] == "Van will not be at The mill as scheduled."


def test_a_trip_off_its_corridor_is_alerted_until_it_is_back(customer, van):
    trip = a_trip(van)
    hand_over(of_trip(trip, "trip.off_corridor", minutes(1)))
    hand_over(of_trip(trip, "trip.back_on_time", minutes(2)))
    hand_over(of_trip(trip, "trip.back_on_corridor", minutes(3)))
    assert alerts_of(customer.test) == [("off_corridor", minutes(1), minutes(3))]


def story(customer, van) -> list[OutboxEvent]:
    """A morning in which everything happens twice."""
    yard = a_geofence(customer.test, "Yard", enter=True, leave=True)
    trip = a_trip(van)
    return [
        crossed(van, None, yard, minutes(1)),
        of_trip(trip, "trip.delayed", minutes(2)),
        crossed(van, yard, None, minutes(3)),
        silent_at(van, minutes(4)),
        of_trip(trip, "trip.back_on_time", minutes(5)),
        event(van, "device.online", minutes(6)),
        crossed(van, None, yard, minutes(7)),
        of_trip(trip, "trip.delayed", minutes(8)),
        crossed(van, yard, None, minutes(9)),
        silent_at(van, minutes(10)),
        crossed(van, None, yard, minutes(11)),
    ]


def test_whatever_the_order_and_however_often_the_same_alerts_come_of_it(customer, van):
    events = story(customer, van)
    for one in events:
        hand_over(one)
    expected = alerts_of(customer.test)
    assert [row for row in expected if row[2] is None] == [
        ("delayed", minutes(8), None), ("silent", minutes(10), None), ("entered", minutes(11), None),
    ]  # fmt: skip
    assert len(expected) == 9
    for seed in range(8):
        Alert.objects.for_environment(customer.test).delete()
        shuffle = random.Random(seed)
        order = events * 2
        shuffle.shuffle(order)
        while order:
            size = shuffle.randint(1, 4)
            hand_over(*order[:size])
            order = order[size:]
        assert alerts_of(customer.test) == expected, f"seed {seed}"


def test_events_of_other_kinds_and_of_devices_without_wishes_take_no_lock(
    customer, van, django_assert_max_num_queries
):
    yard = a_geofence(customer.test, "Yard")
    events = [crossed(van, None, yard, minutes(1)), event(van, "device.battery_low", minutes(2))]
    with django_assert_max_num_queries(4):  # two of them the transaction's own
        hand_over(*events)
    assert alerts_of(customer.test) == []


def test_a_deleted_device_raises_none(customer, van):
    silent, _ = silences(van)
    type(van).objects.for_environment(customer.test).update(deleted_at=minutes(20))
    hand_over(silent)
    assert alerts_of(customer.test) == []


def test_acknowledged_is_not_over_and_over_is_not_acknowledged(customer, van):
    silent = silent_at(van, minutes(15))
    hand_over(silent)
    alert = Alert.objects.for_environment(customer.test).get()
    acknowledge(alert, by=customer.owner, note="calling", now=minutes(16))
    hand_over(silent)
    assert alerts_of(customer.test) == [("silent", minutes(15), None)]
    hand_over(event(van, "device.online", minutes(30)))
    alert.refresh_from_db(from_queryset=Alert.objects.for_environment(customer.test))
    assert (alert.note, alert.resolved_at) == ("calling", minutes(30))


def test_alerts_are_forgotten_ninety_days_after_they_were_over(customer, van):
    hand_over(*silences(van), silent_at(van, minutes(90)))
    assert forget_old_alerts(now=minutes(30) + timedelta(days=90)) == 0
    assert forget_old_alerts(now=minutes(31) + timedelta(days=90)) == 1
    assert alerts_of(customer.test) == [("silent", minutes(90), None)]


@pytest.mark.django_db(transaction=True)
def test_two_relays_with_the_same_events_raise_each_alert_once(customer, van):
    events = story(customer, van)
    halves = itertools.cycle([events, events[::-1]])
    failures: list[Exception] = []

    def relay(mine):
        try:
            for one in mine:
                hand_over(one)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=relay, args=(next(halves),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = alerts_of(customer.test)
    assert len(found) == 9
    assert [row[0] for row in found if row[2] is None] == ["delayed", "silent", "entered"]
    connections.close_all()
