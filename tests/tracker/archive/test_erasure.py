"""A deleted device lives on nowhere: not as a line, not in an object, not in a run that was under way."""

import threading
from datetime import timedelta

from django.db import connection

from tests.tracker.archive.conftest import archived, day_before, later, objects, read, store
from tracker.archive.nightly import archive_due
from tracker.archive.selectors import due_days, state_of
from tracker.archive.services import archive_day
from tracker.archive.writing import write_file
from tracker.devices.services import delete_device, sweep_deleted
from tracker.positions.models import ArchivedDay, DailyLine, Position
from tracker.positions.services import forget_past_retention
from tracker.tenants.models import Environment

DAY = day_before(6)
NOW = later(day_before(1))


def devices_in(environment, day=DAY):
    return {row["device"] for row in read(archived(environment, day))}


def test_its_lines_go_at_once_and_its_days_are_written_again_without_it(folder, vans, customer):
    for day in (DAY, day_before(5)):
        store(vans[0], day)
    store(vans[1], DAY)
    store(vans[1], day_before(4))
    archive_due(now=NOW)
    untouched = archived(customer.test, day_before(5))
    delete_device(vans[1], now=NOW)
    assert not DailyLine.objects.for_environment(customer.test).filter(device=vans[1]).exists()
    assert {due.day for due in due_days(now=NOW, exact=False)} == {DAY, day_before(4)}
    assert list(state_of(customer.test, now=NOW).waiting) == [DAY, day_before(4)]
    archive_due(now=NOW)
    assert devices_in(customer.test) == {vans[0].public_id}
    assert devices_in(customer.test, day_before(4)) == set()
    assert archived(customer.test, day_before(5)).archived_at == untouched.archived_at
    rows = ArchivedDay.objects.for_environment(customer.test)
    assert objects(folder) == sorted(row.location for row in rows)
    assert archive_due(now=NOW) == (0, 0, 0, None)


def test_it_leaves_days_whose_positions_are_long_gone(folder, vans, customer):
    store(vans[0], DAY)
    store(vans[1], DAY)
    archive_due(now=NOW)
    Environment.objects.for_tenant(customer.tenant).update(retention_days=1)
    forget_past_retention(now=NOW)
    assert not Position.objects.for_environment(customer.test).exists()
    delete_device(vans[1], now=NOW)
    archive_due(now=NOW)
    assert devices_in(customer.test) == {vans[0].public_id}
    assert archived(customer.test, DAY).rows == 8
    assert [line.device_id for line in DailyLine.objects.for_environment(customer.test)] == [vans[0].pk]
    assert len(objects(folder)) == 1


def test_a_deletion_while_its_day_is_being_archived_is_found_by_the_sweep(
    folder, vans, customer, monkeypatch
):
    """The run sees the day as it was before; what it brings back is forgotten within the hour."""
    store(vans[0], DAY)
    store(vans[1], DAY)

    def crossed(*given):
        written = write_file(*given)
        monkeypatch.undo()
        in_another_session(lambda: delete_device(vans[1], now=NOW))
        return written

    monkeypatch.setattr("tracker.archive.services.write_file", crossed)
    archive_day(customer.test, DAY, now=NOW)
    assert DailyLine.objects.for_environment(customer.test).filter(device=vans[1]).exists()  # the race
    sweep_deleted(now=NOW + timedelta(hours=1))
    archive_due(now=NOW + timedelta(hours=1))
    assert not DailyLine.objects.for_environment(customer.test).filter(device=vans[1]).exists()
    assert devices_in(customer.test) == {vans[0].public_id}


def test_a_deletion_while_its_day_is_archived_again_refuses_that_run(folder, vans, customer, monkeypatch):
    store(vans[0], DAY)
    store(vans[1], DAY)
    archive_due(now=NOW)
    store(vans[0], DAY, 1, stored_at=NOW, first_s=50_000)

    def crossed(*given):
        written = write_file(*given)
        monkeypatch.undo()
        in_another_session(lambda: delete_device(vans[1], now=NOW))
        return written

    monkeypatch.setattr("tracker.archive.services.write_file", crossed)
    assert archive_due(now=NOW + timedelta(hours=1)).failed == 1
    assert archive_due(now=NOW + timedelta(hours=1)).archived == 1
    assert devices_in(customer.test) == {vans[0].public_id}
    row = archived(customer.test, DAY)
    assert objects(folder) == [row.location]


def test_an_object_of_a_killed_run_that_holds_a_deleted_device_is_removed(folder, vans, customer):
    """It has more rows than the day has now, but not more that count."""
    store(vans[0], DAY)
    store(vans[1], DAY)
    archive_due(now=NOW)
    left = archived(customer.test, DAY).location
    ArchivedDay.objects.for_environment(customer.test).delete()  # as if the run had not lived to commit
    delete_device(vans[1], now=NOW)
    archive_due(now=NOW)
    assert objects(folder) == [archived(customer.test, DAY).location] != [left]


def test_what_a_deleted_device_still_has_in_the_table_is_not_archived(folder, vans, customer):
    """A batch of the consumer may store its reports just after the deletion."""
    store(vans[0], DAY)
    delete_device(vans[1], now=NOW)
    store(vans[1], DAY)
    archive_due(now=NOW)
    assert devices_in(customer.test) == {vans[0].public_id}
    assert archive_due(now=NOW, exact=False) == (0, 0, 0, None)


def in_another_session(act):
    """As another process would."""

    def run():
        act()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
