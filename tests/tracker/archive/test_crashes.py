"""A run that ends anywhere leaves the old day or the new one, whole, and the next run finishes what it left."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from tests.tracker.archive.conftest import archived, day_before, later, objects, read, store
from tracker.archive.nightly import archive_due
from tracker.archive.services import archive_day
from tracker.archive.shelf import LEFT_AFTER_S, LocalShelf
from tracker.positions.models import ArchivedDay, DailyLine, Position

DAY = day_before(3)
NOW = later(DAY)
PROJECT = Path(__file__).resolve().parents[3]
# where a run may end: the name that is replaced by an end of the process, before or after it did its work
ENDS = {
    "before anything is written": ("tracker.archive.services.write_file", "before"),
    "after the file is written": ("tracker.archive.services.write_file", "after"),
    "before the object appears": ("tracker.archive.shelf.LocalShelf.put", "before"),
    "after the object appeared": ("tracker.archive.shelf.LocalShelf.put", "after"),
    "before the lines are stored": ("tracker.archive.lines.LineMaker.store", "before"),
    "before the commit": ("tracker.archive.lines.LineMaker.store", "after"),
    "after the commit, before the old object goes": ("tracker.archive.services.clear_replaced", "before"),
    "after the old object went": ("tracker.archive.services.clear_replaced", "after"),
}
RUN = """
import importlib, os, sys
import django
django.setup()
from datetime import date, datetime
from tracker.archive import nightly
path, when, now = sys.argv[1:4]
owner, name = path.rsplit(".", 1)
try:
    holder = importlib.import_module(owner)
except ModuleNotFoundError:
    module, kind = owner.rsplit(".", 1)
    holder = getattr(importlib.import_module(module), kind)
plain = getattr(holder, name)
def ending(*given, **named):
    if when == "after":
        plain(*given, **named)
    os._exit(9)
setattr(holder, name, ending)
nightly.archive_due(now=datetime.fromisoformat(now))
"""


def run_and_die(where: str, folder: Path, now) -> None:
    """A run in a process of its own that ends there as if it were killed: nothing is cleaned up."""
    facts = connection.settings_dict
    url = f"postgresql://{facts['USER']}:{facts['PASSWORD']}@/{facts['NAME']}?host={facts['HOST']}&port={facts['PORT']}"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "MILEPOST_DATABASE_URL": url,
        "MILEPOST_ARCHIVE_DIR": str(folder),
    }
    command = [sys.executable, "-c", RUN, *ENDS[where], now.isoformat()]
    ended = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 9, ended.stderr


def visible(folder: Path) -> list[str]:
    """What a reader of the folder finds."""
    return [name for name in objects(folder) if not name.startswith(".unfinished")]


@pytest.mark.parametrize("where", ENDS)
def test_a_killed_run_leaves_the_old_day_or_the_new_one_and_the_next_one_finishes(
    where, folder, vans, customer
):
    store(vans[0], DAY, 20)
    archive_due(now=NOW)
    old = archived(customer.test, DAY)
    store(vans[0], DAY, 5, stored_at=NOW, first_s=30_000)
    run_and_die(where, folder, later(DAY, 40))
    row = archived(customer.test, DAY)
    is_new = "commit, before" in where or "went" in where
    assert row.rows == len(read(row)) == (25 if is_new else 20)
    assert DailyLine.objects.for_environment(customer.test).get().positions == row.rows
    archive_due(now=later(DAY, 41))
    row = archived(customer.test, DAY)
    assert (row.rows, row.replaced) == (25, "")
    assert visible(folder) == [row.location] != [old.location]
    assert len(read(row)) == 25


@pytest.mark.parametrize("where", ["after the object appeared", "before the commit"])
def test_a_first_run_that_was_killed_leaves_nothing_that_counts(where, folder, vans, customer):
    store(vans[0], DAY, 20)
    run_and_die(where, folder, NOW)
    assert not ArchivedDay.objects.for_environment(customer.test).exists()
    store(vans[0], DAY, 1, stored_at=NOW, first_s=30_000)  # so that the next run's object has another name
    archive_due(now=NOW)
    assert visible(folder) == [archived(customer.test, DAY).location]


def test_what_a_killed_run_was_writing_is_removed_a_day_later(folder):
    left = folder / ".unfinished-x"
    left.mkdir(parents=True)
    with LocalShelf(folder).workspace():
        assert left.exists()  # it may be another run's
    past = time.time() - LEFT_AFTER_S - 60
    os.utime(left, (past, past))
    with LocalShelf(folder).workspace():
        assert not left.exists()


def test_an_object_with_more_rows_than_the_database_knows_is_kept_and_told(folder, vans, customer, caplog):
    """As after the database was restored from a backup: the archive then holds what the table lost."""
    store(vans[0], DAY, 30)
    archive_due(now=NOW)
    fuller = archived(customer.test, DAY)
    ArchivedDay.objects.for_environment(customer.test).delete()
    Position.objects.for_environment(customer.test).filter(recorded_at__gte=later(DAY, 0.01)).delete()
    archive_day(customer.test, DAY, now=NOW)
    assert set(visible(folder)) == {fuller.location, archived(customer.test, DAY).location}
    assert "knows nothing of" in caplog.text
