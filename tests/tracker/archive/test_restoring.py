"""A day comes back as it was: to the unit, to the byte, and only if the object is the one that was archived."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pyarrow import parquet

from tests.tracker.archive.conftest import archived, day_before, later, store, table_of
from tracker.archive.nightly import archive_due
from tracker.archive.selectors import due_days
from tracker.archive.services import archive_day
from tracker.devices.services import delete_device
from tracker.positions.models import ArchivedDay, Position

DAY = day_before(3)
NOW = later(DAY)


@pytest.fixture
def stored(folder, vans, customer):
    """Both vans' day, archived; what the table held."""
    store(vans[1], DAY, 40)
    store(vans[0], DAY, 30)
    archive_day(customer.test, DAY, now=NOW)
    return table_of(customer.test, DAY)


def restore(customer, **options):
    told = StringIO()
    call_command("restore", environment=customer.test.public_id, day=str(DAY), stdout=told, **options)
    return told.getvalue()


def lose(customer, **which):
    Position.objects.for_environment(customer.test).filter(**which).delete()


def test_what_was_lost_comes_back_equal_in_every_column(stored, customer):
    lose(customer)
    assert "70 positions read, 70 written" in restore(customer, into="positions")
    assert table_of(customer.test, DAY) == stored
    assert "70 positions read, 0 written" in restore(customer, into="positions")
    assert table_of(customer.test, DAY) == stored
    assert list(due_days(now=NOW, exact=True)) == []  # the archive finds what it knows


def test_rows_that_are_there_stay_as_they_are(stored, customer):
    lose(customer, recorded_at__lt=later(DAY, 0.02))
    Position.objects.for_environment(customer.test).update(battery=0.25)
    restore(customer, into="positions")
    rows = Position.objects.for_environment(customer.test)
    assert rows.count() == 70
    assert 0 < rows.filter(battery=0.25).count() < 70


def test_one_device_comes_back_alone(stored, vans, customer):
    lose(customer)
    assert "40 positions read, 40 written" in restore(
        customer, into="positions", device="external:van/2, ünï"
    )
    assert table_of(customer.test, DAY) == [row for row in stored if row[-1] == vans[1].pk]
    assert "30 positions" in restore(customer, into="positions", device=vans[0].public_id)
    assert table_of(customer.test, DAY) == stored


def test_a_deleted_device_does_not_come_back(stored, vans, customer):
    delete_device(vans[0], now=NOW)
    lose(customer)
    restore(customer, into="positions")
    assert {row[-1] for row in table_of(customer.test, DAY)} == {vans[1].pk}


def test_files_hold_the_same_rows(stored, vans, customer, tmp_path):
    files = {ending: tmp_path / f"day.{ending}" for ending in ("ndjson", "geojson", "csv", "parquet")}
    for file in files.values():
        assert "70 positions read" in restore(customer, into=str(file))
    lines = [json.loads(line) for line in files["ndjson"].read_text().splitlines()]
    assert len(lines) == 70
    first = stored[1]
    assert lines[1]["recorded_at"] == first[0].isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert (lines[1]["activity"], lines[1]["permissions"]) == ("", {"location": "always"})
    features = json.loads(files["geojson"].read_text())["features"]
    assert features[1]["geometry"]["coordinates"] == list(first[14].coords)
    with files["csv"].open() as text:
        rows = list(csv.DictReader(text))
    assert [row["request_id"] for row in rows] == [line["request_id"] for line in lines]
    assert parquet.read_table(files["parquet"]).num_rows == 70
    assert "40 positions" in restore(customer, into=str(files["csv"]), device=vans[1].public_id, force=True)


def test_by_default_it_is_a_file_named_for_the_day(stored, customer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    restore(customer)
    assert (tmp_path / f"{customer.test.public_id}-{DAY}.ndjson").is_file()


def test_one_devices_file_is_named_for_it(stored, vans, customer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    restore(customer, device=vans[0].public_id)
    assert [file.name for file in tmp_path.glob("env_*")] == [
        f"{customer.test.public_id}-{DAY}-{vans[0].public_id}.ndjson"
    ]


def test_a_file_that_is_there_stays_unless_it_is_forced(stored, customer, tmp_path):
    file = tmp_path / "day.ndjson"
    file.write_text("precious")
    with pytest.raises(CommandError, match="is there already: choose another name, or say --force"):
        restore(customer, into=str(file))
    assert file.read_text() == "precious"
    restore(customer, into=str(file), force=True)
    assert len(file.read_text().splitlines()) == 70


def test_nothing_is_written_where_nothing_was_read(stored, customer, tmp_path):
    file = tmp_path / "day.csv"
    with pytest.raises(CommandError, match="holds no position of dev_0{32}; no file was written"):
        restore(customer, into=str(file), device="dev_" + "0" * 32)
    assert not file.exists()
    file.write_text("precious")
    with pytest.raises(CommandError, match="no file was written"):
        restore(customer, into=str(file), device="dev_" + "0" * 32, force=True)
    assert file.read_text() == "precious"


def test_an_object_that_was_changed_is_refused(stored, folder, customer):
    file = folder / archived(customer.test, DAY).location
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    lose(customer)
    with pytest.raises(CommandError, match="another SHA-256"):
        restore(customer, into="positions")
    assert not Position.objects.for_environment(customer.test).exists()
    file.unlink()
    with pytest.raises(CommandError, match="is not there"):
        restore(customer, into="positions")


def test_a_count_that_is_not_the_rows_is_refused(stored, customer):
    ArchivedDay.objects.for_environment(customer.test).update(rows=71)
    with pytest.raises(CommandError, match="holds 70 rows, 71 were archived"):
        restore(customer, into="positions")


def test_what_cannot_be_is_refused_with_a_reason(stored, customer, rival, tmp_path, request):
    with pytest.raises(CommandError, match="must end in .parquet"):
        restore(customer, into=str(tmp_path / "day.xlsx"))
    with pytest.raises(CommandError, match="is not in the archive"):
        call_command("restore", environment=rival.test.public_id, day=str(DAY))
    with pytest.raises(CommandError, match="no such id"):
        call_command("restore", environment="env_x", day=str(DAY))
    with pytest.raises(CommandError, match="there is no such device"):
        restore(customer, device="external:van-9")
    ArchivedDay.objects.for_environment(customer.test).update(day=later(DAY, -24 * 200).date())
    with pytest.raises(CommandError, match="has no partition any more"):
        call_command(
            "restore",
            environment=customer.test.public_id,
            day=str(later(DAY, -24 * 200).date()),
            into="positions",
        )


def test_the_workers_role_is_told_to_ask_the_owner(stored, customer, request):
    request.getfixturevalue("as_worker")
    with pytest.raises(CommandError, match="MILEPOST_OWNER_DATABASE_URL"):
        restore(customer, into="positions")


def test_a_day_that_was_only_lined_has_nothing_to_restore(folder, vans, customer, settings):
    settings.ARCHIVE = False
    store(vans[0], DAY)
    archive_due(now=NOW)
    with pytest.raises(CommandError, match="no object"):
        restore(customer, into="positions")
