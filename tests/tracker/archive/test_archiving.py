"""A day goes into the archive whole, once, and again when something changed; two runs do not harm one another."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from pyarrow import parquet

from tests.tracker.archive.conftest import archived, day_before, later, objects, read, store
from tests.tracker.caller import a_device
from tracker.archive.nightly import archive_due
from tracker.archive.selectors import due_days
from tracker.archive.services import Became, Shrunk, archive_day
from tracker.archive.shelf import sha256_of
from tracker.archive.snapshot import Busy, held
from tracker.archive.writing import write_file
from tracker.positions.models import ArchivedDay, DailyLine, Position

DAY = day_before(3)
NOW = later(DAY)


def test_a_day_becomes_one_object_by_tenant_environment_and_day(folder, vans, customer):
    store(vans[1], DAY, 5)
    store(vans[0], DAY, 7)
    store(vans[0], day_before(2), 1)
    assert archive_day(customer.test, DAY, now=NOW) is Became.ARCHIVED
    row = archived(customer.test, DAY)
    path = f"tenant={customer.tenant.public_id}/environment={customer.test.public_id}/day={DAY}/positions-"
    assert row.location.startswith(path)
    assert objects(folder) == [row.location]
    file = folder / row.location
    assert (row.rows, row.bytes, bytes(row.sha256)) == (12, file.stat().st_size, sha256_of(file))
    assert row.newest_stored_at == later(DAY, 0) + timedelta(seconds=62, microseconds=6)
    assert row.archived_at == NOW


def test_the_object_holds_every_column_sorted_by_device_and_time(folder, vans, customer):
    store(vans[1], DAY, 4)
    store(vans[0], DAY, 4)
    archive_day(customer.test, DAY, now=NOW)
    rows = read(archived(customer.test, DAY))
    assert [row["device"] for row in rows] == [vans[0].public_id] * 4 + [vans[1].public_id] * 4
    assert [row["external_id"] for row in rows[3:5]] == ["van-1", "van/2, ünï"]
    assert [row["recorded_at"] for row in rows[:4]] == sorted(row["recorded_at"] for row in rows[:4])
    first, second, third, fourth = rows[:4]
    position = Position.objects.for_environment(customer.test).order_by("device_id", "recorded_at")[2]
    assert third["request_id"] == position.request_public_id
    assert (third["longitude"], third["latitude"]) == (position.location.x, position.location.y)
    assert third["recorded_at"] == position.recorded_at
    assert third["activity"] == position.activity
    assert json.loads(third["extra"]) == position.extra
    assert (second["activity"], first["activity"], fourth["activity"]) == ("", None, None)
    assert (first["charging"], second["charging"], third["charging"]) == (None, False, True)
    assert (first["moved_at"], second["moved_at"]) == (None, second["recorded_at"])


def test_the_object_is_compressed_and_says_what_it_is(folder, vans, customer):
    store(vans[0], DAY)
    archive_day(customer.test, DAY, now=NOW)
    facts = parquet.read_metadata(folder / archived(customer.test, DAY).location)
    assert facts.row_group(0).column(0).compression == "ZSTD"
    about = json.loads(facts.metadata[b"milepost"])
    assert about["environment"] == customer.test.public_id
    assert (about["format"], about["day"]) == (1, str(DAY))


def test_a_long_day_is_written_in_row_groups(folder, vans, customer, monkeypatch):

    monkeypatch.setattr("tracker.archive.writing.ROWS_A_GROUP", 10)
    store(vans[0], DAY, 25)
    store(vans[1], DAY, 12)
    archive_day(customer.test, DAY, now=NOW)
    row = archived(customer.test, DAY)
    assert parquet.read_metadata(folder / row.location).num_row_groups == 4
    lines = DailyLine.objects.for_environment(customer.test).order_by("device_id")
    assert list(lines.values_list("positions", flat=True)) == [25, 12]


def test_a_day_that_did_not_change_is_left_alone(folder, vans, customer):
    store(vans[0], DAY)
    archive_day(customer.test, DAY, now=NOW)
    before = archived(customer.test, DAY)
    assert archive_day(customer.test, DAY, now=NOW + timedelta(hours=1)) is Became.UNCHANGED
    assert archived(customer.test, DAY).archived_at == before.archived_at
    assert archive_day(customer.test, DAY, now=NOW + timedelta(hours=1), again=True) is Became.ARCHIVED
    assert objects(folder) == [before.location]  # the same rows make the same object


def test_a_late_fix_makes_the_day_be_done_again_and_replaces_the_object(folder, vans, customer):
    store(vans[0], DAY)
    archive_due(now=NOW)
    old = archived(customer.test, DAY)
    store(vans[0], DAY, 1, stored_at=NOW + timedelta(hours=1), first_s=40_000)
    assert [due.day for due in due_days(now=NOW + timedelta(hours=2), exact=False)] == [DAY]
    assert archive_due(now=NOW + timedelta(hours=2), exact=False).archived == 1
    new = archived(customer.test, DAY)
    assert (old.rows, new.rows) == (8, 9)
    assert objects(folder) == [new.location] != [old.location]
    assert DailyLine.objects.for_environment(customer.test).get().positions == 9


def test_rows_that_judging_took_back_out_are_found_by_counting(folder, vans, customer):
    store(vans[0], DAY)
    archive_due(now=NOW)
    Position.objects.for_environment(customer.test).filter(recorded_at=later(DAY, 0)).delete()
    assert list(due_days(now=NOW, exact=False)) == []
    assert archive_due(now=NOW, exact=True).archived == 1
    assert archived(customer.test, DAY).rows == 7
    assert len(read(archived(customer.test, DAY))) == 7


def test_a_day_that_lost_many_rows_is_not_replaced_until_somebody_says_so(folder, vans, customer):
    store(vans[0], DAY, 300)
    archive_due(now=NOW)
    Position.objects.for_environment(customer.test).filter(recorded_at__gte=later(DAY, 0.2)).delete()
    with pytest.raises(Shrunk, match="72 rows in the table, 300 in the archive"):
        archive_day(customer.test, DAY, now=NOW)
    assert archive_due(now=NOW).failed == 1
    assert len(read(archived(customer.test, DAY))) == 300
    archive_day(customer.test, DAY, now=NOW, accept_fewer=True)
    assert archived(customer.test, DAY).rows == 72


def test_only_complete_days_are_due_and_each_environment_for_itself(folder, vans, customer, rival, settings):
    settings.ARCHIVE_DELAY_HOURS = 5
    store(vans[0], DAY)
    store(a_device(rival.live), day_before(2))
    assert list(due_days(now=later(DAY, 28.9), exact=True)) == []
    assert [due.environment_id for due in due_days(now=later(DAY, 29), exact=True)] == [customer.test.pk]
    assert len(list(due_days(now=later(DAY, 24 + 29), exact=True))) == 2
    assert archive_due(now=later(DAY, 24 + 29)).archived == 2
    assert archive_due(now=later(DAY, 24 + 29)) == (0, 0, 0, None)
    other = archived(rival.live, day_before(2))
    assert other.location.startswith(f"tenant={rival.tenant.public_id}/environment={rival.live.public_id}/")


def test_one_day_that_fails_does_not_keep_the_others_back(folder, vans, customer, monkeypatch):
    store(vans[0], DAY)
    store(vans[0], day_before(2))

    def failing(rows, target, environment, day, *more):
        if day == DAY:
            raise OSError("disk full")
        return write_file(rows, target, environment, day, *more)

    monkeypatch.setattr("tracker.archive.services.write_file", failing)
    run = archive_due(now=later(day_before(2)))
    assert (run.archived, run.failed, run.waiting_since) == (1, 1, DAY)
    monkeypatch.undo()
    assert archive_due(now=later(day_before(2))).archived == 1


def test_a_second_run_at_the_same_day_steps_aside(folder, vans, customer):
    store(vans[0], DAY)
    refused = []

    def second():
        try:
            archive_day(customer.test, DAY, now=NOW)
        except Busy as busy:
            refused.append(str(busy))
        finally:
            connection.close()

    with held(customer.test.pk, DAY):
        other = threading.Thread(target=second)
        other.start()
        other.join()
    assert len(refused) == 1
    assert archive_day(customer.test, DAY, now=NOW) is Became.ARCHIVED


def test_many_runs_at_once_end_in_one_object_and_one_row(folder, vans, customer):
    for days in (2, 3, 4, 5):
        store(vans[0], day_before(days), 30)

    def run():
        archive_due(now=later(day_before(2)))
        connection.close()

    runs = [threading.Thread(target=run) for _ in range(4)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    rows = ArchivedDay.objects.for_environment(customer.test)
    assert objects(folder) == sorted(row.location for row in rows)
    assert rows.count() == 4


def test_with_archiving_off_only_lines_are_made_and_files_follow_once_it_is_on(
    folder, vans, customer, settings
):
    settings.ARCHIVE = False
    store(vans[0], DAY)
    archive_due(now=NOW)
    assert archived(customer.test, DAY).location == ""
    assert DailyLine.objects.for_environment(customer.test).count() == 1
    assert archive_due(now=NOW) == (0, 0, 0, None)
    settings.ARCHIVE = True
    archive_due(now=NOW)
    assert len(read(archived(customer.test, DAY))) == 8
