"""Archives a day: its rows into one object, its devices' lines into the database, the old object out of the way.

In this order, so that a run that ends anywhere leaves the old day or the new one: the file is written to a hidden
folder and counted; it appears under a name made from its digest; row and lines are committed together; the object
that was replaced is removed. What an ended run left behind goes with the next one.
"""

from contextlib import ExitStack
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from tracker.archive.lines import LineMaker
from tracker.archive.reading import archived_rows, fetched, living_devices, merged
from tracker.archive.selectors import is_current
from tracker.archive.shelf import Shelf, open_shelf
from tracker.archive.snapshot import Busy, Facts, Span, facts_of, held
from tracker.archive.strays import remove_strays
from tracker.archive.writing import CountDiffers, Written, make_lines, rows_of, write_file
from tracker.positions.models import ArchivedBytes, ArchivedDay
from tracker.tenants.models import Environment

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# late judging takes a few rows back out; a day that lost more has met with an accident, and then the archive is right
FEWER_ROWS, FEWER_SHARE = 100, 0.1


class Shrunk(Exception):
    """The table has far fewer rows of a day than its archive."""


class Became(StrEnum):
    """What a run made of a day."""

    UNCHANGED = "unchanged"
    ARCHIVED = "archived"
    LINED = "lined"


class Work(NamedTuple):
    """A day that is to be done, and all that doing it takes."""

    environment: Environment
    day: date
    span: Span
    before: ArchivedDay | None
    facts: Facts
    lines: LineMaker
    now: datetime


def archive_day(
    environment: Environment, day: date, *, now: datetime, again: bool = False, accept_fewer: bool = False
) -> Became:
    """Bring the archive and the lines of a day to what the table holds; nothing happens where they are.

    `again` does it in any case. Raises Busy, Shrunk, CountDiffers, Damaged, OSError (the archive's place) and
    django.db.Error; in each case the day is as it was.
    """
    shelf = open_shelf() if settings.ARCHIVE else None
    with ExitStack() as stack:
        folder = stack.enter_context(shelf.workspace()) if shelf else None
        lines = stack.enter_context(LineMaker())
        span = stack.enter_context(held(environment.pk, day))
        before = ArchivedDay.objects.for_environment(environment).filter(day=day).first()
        facts = facts_of(span)
        if is_current(before, facts) and not (again and facts.rows):
            return Became.UNCHANGED
        if before and not accept_fewer:
            _require_most(before, facts, environment)
        work = Work(environment, day, span, before, facts, lines, now)
        if shelf is None or folder is None:
            _lined(work)
            return Became.LINED
        _archived(work, shelf, folder)
    clear_replaced(environment, day, shelf)
    return Became.ARCHIVED


def clear_replaced(environment: Environment, day: date, shelf: Shelf) -> None:
    """Remove the object that a day replaced. The commit that made it superfluous comes before."""
    try:
        with held(environment.pk, day):
            row = ArchivedDay.objects.for_environment(environment).filter(day=day).exclude(replaced="")
            for location in row.values_list("replaced", flat=True):
                shelf.remove(location)
            row.update(replaced="")
    except Busy:
        return  # that run removes it before it replaces another


def _lined(work: Work) -> None:
    """Archiving is off: the lines, and a row that says what they were made of."""
    count = make_lines(rows_of(work.span), work.lines)
    _require(count == work.facts.rows, work, count)
    _record(work, location="", rows=count, bytes=0, sha256=b"")


def _archived(work: Work, shelf: Shelf, folder: Path) -> None:
    before = work.before
    if before and before.replaced:
        shelf.remove(before.replaced)
    rows = rows_of(work.span)
    if before and before.released_at and before.location:
        old = fetched(before, shelf, folder)
        rows = merged(rows, archived_rows(old, living_devices(old, work.environment.pk)))
        written = write_file(rows, folder / "new.parquet", work.environment, work.day, work.facts, work.lines)
    else:
        written = write_file(rows, folder / "new.parquet", work.environment, work.day, work.facts, work.lines)
        _require(written.rows == work.facts.rows, work, written.rows)
    location = location_of(work.environment, work.day, written)
    shelf.put(written.path, location)
    spoken_of = before.location if before else ""
    try:
        remove_strays(shelf, location, rows=written.rows, spoken_of=spoken_of)
        _record(work, location=location, rows=written.rows, bytes=written.size, sha256=written.sha256)
    except BaseException:
        if location != spoken_of:  # nothing was committed, and the lock is still ours
            shelf.remove(location)
        raise


def location_of(environment: Environment, day: date, written: Written) -> str:
    """The object's name below the archive's root; its last part changes with its content."""
    folder = f"tenant={environment.tenant.public_id}/environment={environment.public_id}/day={day}"
    return f"{folder}/positions-{written.sha256.hex()[:16]}.parquet"


def _record(work: Work, *, location: str, **facts: int | bytes) -> None:
    """Row and lines, in the transaction of the snapshot."""
    before = work.before
    newest = [
        moment for moment in (work.facts.newest_stored_at, before and before.newest_stored_at) if moment
    ]
    values: Any = {
        **facts,
        "location": location,
        "newest_stored_at": max(newest, default=NEVER),
        "archived_at": work.now,
        "rewrite_asked_at": None,
        "replaced": before.location if before and before.location != location else "",
    }
    if before is None:
        ArchivedDay.objects.create(**values, environment_id=work.environment.pk, day=work.day)
    else:
        ArchivedDay.objects.for_environment(work.environment).filter(day=work.day).update(**values)
    grown = int(facts["bytes"]) - (before.bytes if before else 0)
    if grown:
        ArchivedBytes.objects.create(environment_id=work.environment.pk, at=work.now, bytes=grown)
    work.lines.store(work.span, work.day, now=work.now)


def _require(holds: bool, work: Work, count: int) -> None:
    if not holds:
        raise CountDiffers(
            f"{work.day} of {work.environment.public_id}: {count} rows came out, {work.facts.rows} were counted"
        )


def _require_most(before: ArchivedDay, facts: Facts, environment: Environment) -> None:
    lost = before.rows - facts.rows
    is_explained = (
        before.released_at is not None or before.rewrite_asked_at is not None or not before.location
    )
    if lost > max(FEWER_ROWS, FEWER_SHARE * before.rows) and not is_explained:
        raise Shrunk(
            f"{before.day} of {environment.public_id}: {facts.rows} rows in the table, {before.rows} in the archive. "
            "Bring them back with `manage.py restore --into positions`, or say `manage.py archive --accept-fewer`."
        )
