"""Devices that fall silent, come back and run low: told once each, of every customer, whoever looks first."""

import importlib
import threading
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.db import connection, connections, transaction

from tests.tracker.caller import a_device, a_position, a_state
from tracker.devices import conditions
from tracker.devices.battery import is_low
from tracker.devices.conditions import watch
from tracker.devices.models import Device, DeviceCondition, DeviceState
from tracker.devices.services import delete_device
from tracker.devices.status import Status, offline_after, status_of
from tracker.ingestion.reading import NEVER
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.outbox.services import NewEvent, OutsideTransaction, record_all

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def told(environment) -> list[str]:
    rows = OutboxEvent.objects.for_environment(environment).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def newest(environment) -> OutboxEvent:
    event = OutboxEvent.objects.for_environment(environment).order_by("-pk").first()
    assert event is not None
    return event


def report(device: Device, at: datetime, **facts) -> None:
    """What the consumer leaves behind."""
    DeviceState.objects.for_environment(device.environment_id).filter(pk=device.pk).update(
        recorded_at=at, received_at=at, stored_at=at, **facts
    )


@pytest.fixture
def van(customer) -> Device:
    """A device that is online, and told to be."""
    device = a_device(customer.test, name="Van 12")
    a_state(device, NOW)
    watch(now=NOW)
    OutboxEvent.objects.for_environment(customer.test).delete()
    return device


def test_a_device_that_reports_for_the_first_time_is_told_to_be_online(customer):
    device = a_device(customer.test, name="Van 12")
    a_state(device, NOW)
    seen = watch(now=NOW)
    assert (seen.met, seen.events) == (1, 1)
    event = newest(customer.test)
    assert event.kind == "device.online"
    assert event.device_id == device.pk
    assert event.occurred_at == NOW
    assert event.data["device"] == {"id": device.public_id, "external_id": "van-1", "name": "Van 12"}
    assert watch(now=NOW).events == 0


def test_a_device_whose_first_positions_are_old_is_not_told_of_until_it_is_there(customer):
    device = a_device(customer.test)
    a_state(device, NOW - timedelta(days=2))
    assert watch(now=NOW).events == 0
    report(device, NOW)
    watch(now=NOW)
    assert told(customer.test) == ["device.online"]


def test_silence_is_told_once_when_the_bound_is_passed(customer, van):
    watch(now=NOW + 15 * MINUTE)
    assert told(customer.test) == []
    watch(now=NOW + 15 * MINUTE + timedelta(seconds=1))
    watch(now=NOW + 16 * MINUTE)
    assert told(customer.test) == ["device.silent"]
    event = newest(customer.test)
    assert event.occurred_at == NOW + 15 * MINUTE
    assert event.data["since"] == event.data["last_recorded_at"] == "2026-05-01T12:00:00.000000Z"
    assert event.data["silent_after_s"] == 900
    assert event.request_id is None


def test_it_is_online_again_with_its_next_report_and_says_since_when_it_was_not(customer, van):
    watch(now=NOW + 20 * MINUTE)
    report(van, NOW + 30 * MINUTE)
    watch(now=NOW + 30 * MINUTE)
    assert told(customer.test) == ["device.silent", "device.online"]
    assert newest(customer.test).data["silent_since"] == "2026-05-01T12:00:00.000000Z"
    watch(now=NOW + 50 * MINUTE)
    assert told(customer.test) == ["device.silent", "device.online", "device.silent"]


def test_a_backlog_of_old_positions_is_no_sign_of_life(customer, van):
    later = NOW + 3 * timedelta(hours=1)
    watch(now=later)
    DeviceState.objects.for_environment(customer.test).filter(pk=van.pk).update(
        recorded_at=NOW + 40 * MINUTE, received_at=later, stored_at=later
    )
    watch(now=later)
    assert told(customer.test) == ["device.silent"]


def test_the_report_that_brought_it_back_is_named(customer, van):
    watch(now=NOW + 20 * MINUTE)
    at = datetime.now(UTC).replace(microsecond=0)
    position = a_position(van, at)
    report(van, at)
    watch(now=at)
    assert newest(customer.test).request_id == position.request_id


@pytest.mark.parametrize(
    ("cadence_s", "bound_s"), [(None, 900), (10.0, 900), (300.0, 900), (301.0, 903), (1e9, 86400)]
)
def test_the_database_and_the_map_draw_the_same_line(customer, van, cadence_s, bound_s):
    report(van, NOW, cadence_s=cadence_s)
    assert offline_after(cadence_s) == timedelta(seconds=bound_s)
    watch(now=NOW + offline_after(cadence_s))
    assert told(customer.test) == []
    watch(now=NOW + offline_after(cadence_s) + timedelta(microseconds=1))
    assert told(customer.test) == ["device.silent"]
    assert newest(customer.test).data["silent_after_s"] == bound_s


def test_without_a_known_gap_the_bound_is_that_of_the_status():
    at = NOW - offline_after(None)
    assert status_of(at, at, now=NOW) is not Status.OFFLINE
    assert status_of(at, at, now=NOW + timedelta(microseconds=1)) is Status.OFFLINE


def test_a_low_battery_is_told_once_until_it_was_well_again(customer, van):
    for minute, (battery, charging) in enumerate(
        [(0.16, None), (0.14, False), (0.13, False), (0.16, True), (0.14, False), (0.2, False), (0.1, None)]
    ):
        report(van, NOW + minute * MINUTE, battery=battery, charging=charging)
        watch(now=NOW + minute * MINUTE)
    assert told(customer.test) == ["device.battery_low"]
    assert newest(customer.test).data["battery"] == 0.14
    report(van, NOW + 10 * MINUTE, battery=0.21)
    watch(now=NOW + 10 * MINUTE)
    report(van, NOW + 11 * MINUTE, battery=0.149, charging=False)
    watch(now=NOW + 11 * MINUTE)
    assert told(customer.test) == ["device.battery_low", "device.battery_low"]


def test_a_battery_that_is_low_in_an_old_backlog_is_no_news(customer):
    device = a_device(customer.test)
    a_state(device, NOW - timedelta(days=1))
    report(device, NOW - timedelta(days=1), battery=0.05)
    watch(now=NOW)
    assert told(customer.test) == []


def test_the_database_decides_on_batteries_as_the_rule_does(customer):
    levels = [None, 0.0, 0.1499, 0.15, 0.1999, 0.2, 0.2001, 1.0]
    cases = list(product(levels, [None, True, False], [True, False]))
    for number, (battery, charging, was_low) in enumerate(cases):
        device = a_device(customer.test, f"van-{number}")
        a_state(device, NOW)
        report(device, NOW, battery=battery, charging=charging)
        DeviceCondition.objects.create(
            environment=customer.test, device=device, told_at=NOW, battery_low_since=NOW if was_low else None
        )
    watch(now=NOW)
    rows = DeviceCondition.objects.for_environment(customer.test).order_by("device_id")
    found = [since is not None for since in rows.values_list("battery_low_since", flat=True)]
    assert found == [is_low(battery, charging, was_low=was_low) for battery, charging, was_low in cases]


def test_devices_that_were_there_before_are_taken_as_they_are(customer):
    for number, age in enumerate([timedelta(0), timedelta(hours=1), timedelta(days=30)]):
        a_state(a_device(customer.test, f"van-{number}"), datetime.now(UTC) - age)
    seed = importlib.import_module(
        "tracker.migrations.0012_take_conditions_of_devices_as_they_are"
    ).AS_THEY_ARE
    with connection.cursor() as cursor:
        cursor.execute(seed)
    assert watch(now=datetime.now(UTC)).events == 0
    silent = DeviceCondition.objects.for_environment(customer.test).filter(silent_since__isnull=False)
    assert silent.count() == 2


def test_many_at_once_are_told_in_a_few_statements(customer, rival, django_assert_max_num_queries):
    for environment, count in ((customer.test, 30), (rival.live, 20)):
        for number in range(count):
            a_state(a_device(environment, f"van-{number}"), NOW)
    with django_assert_max_num_queries(12):
        watch(now=NOW)
    assert told(customer.test) == ["device.online"] * 30
    assert told(rival.live) == ["device.online"] * 20
    assert watch(now=NOW + timedelta(hours=1), at_once=7).events == 50


def test_nobody_falls_silent_while_it_is_us_who_do_not_listen(customer, van):
    late = NOW + timedelta(hours=2)
    watch(now=late, read_to=NOW + 10 * MINUTE)
    watch(now=late, read_to=NEVER)
    assert told(customer.test) == []
    watch(now=late, read_to=late)
    assert told(customer.test) == ["device.silent"]
    report(van, late)
    watch(now=late, read_to=NEVER)
    assert told(customer.test) == ["device.silent", "device.online"]


def test_a_deleted_device_leaves_no_condition(customer, van):
    delete_device(van, now=NOW)
    assert not DeviceCondition.objects.for_environment(customer.test).exists()
    assert watch(now=NOW + timedelta(hours=1)).events == 0


def test_events_are_recorded_only_where_they_happen():
    event = NewEvent(1, Kind.DEVICE_ONLINE, {}, occurred_at=NOW)
    with pytest.raises(OutsideTransaction):
        record_all([event])


def naive(environment, *, now: datetime, both_read: threading.Barrier) -> None:
    """What a tick must not do: read, then write what it made of it."""
    with transaction.atomic():
        rows = DeviceCondition.objects.for_environment(environment).filter(silent_since=None)
        found = list(rows.values_list("pk", flat=True))
        both_read.wait(10)
        for key in found:
            DeviceCondition.objects.for_environment(environment).filter(pk=key).update(silent_since=now)
        record_all([NewEvent(environment.pk, Kind.DEVICE_SILENT, {}, now, key) for key in found])


def two_at_once(work) -> None:
    faults: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []


@pytest.mark.django_db(transaction=True)
def test_two_ticks_that_read_before_they_write_tell_twice(customer):
    a_state(a_device(customer.test), NOW)
    watch(now=NOW)
    barrier = threading.Barrier(2)
    two_at_once(lambda: naive(customer.test, now=NOW + timedelta(hours=1), both_read=barrier))
    assert told(customer.test).count("device.silent") == 2


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_tell_once(customer, monkeypatch):
    for number in range(20):
        a_state(a_device(customer.test, f"van-{number}"), NOW)
    watch(now=NOW)
    barrier, record_all_really = threading.Barrier(2), conditions.record_all  # type: ignore[attr-defined]  # replaced below

    def both_have_looked(events) -> None:
        barrier.wait(10)  # the other tick has looked as well, while this one's transaction is open
        record_all_really(events)

    monkeypatch.setattr(conditions, "record_all", both_have_looked)
    two_at_once(lambda: watch(now=NOW + timedelta(hours=1)))
    assert told(customer.test).count("device.silent") == 20
