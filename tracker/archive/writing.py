"""Writes a day's rows into one Parquet file, a row group at a time, and has its devices' lines made on the way."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple, cast

import psycopg
from django.db import connection
from pyarrow import parquet

from tracker.archive.columns import COLUMNS, ROWS, Names, Rows, file_facts, read_rows, with_devices
from tracker.archive.lines import LineMaker
from tracker.archive.shelf import sha256_of
from tracker.archive.snapshot import Facts, Span
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment

ROWS_A_GROUP = 65_536  # some twenty megabytes in memory, a few in the file
# beforehand, for while the rows stream nothing else can be asked over their connection
NAMES = """
    SELECT d.id, d.uid, d.external_id FROM tracker_device d
    WHERE d.environment_id = %(environment)s AND d.deleted_at IS NULL AND EXISTS (
        SELECT 1 FROM tracker_position p WHERE p.environment_id = %(environment)s AND p.device_id = d.id
            AND p.recorded_at >= %(since)s AND p.recorded_at < %(until)s)"""


class CountDiffers(Exception):
    """A file came out with another number of rows than the database counts in the same snapshot."""


class Written(NamedTuple):
    """A finished file on this machine."""

    path: Path
    rows: int
    size: int
    sha256: bytes


def rows_of(span: Span) -> Iterator[Rows]:
    """The day's rows out of the database, sorted by device and time. Memory for one group, however long the day."""
    names: Names = {}
    with connection.cursor() as cursor:
        cursor.execute(NAMES, span._asdict())
        for device, uid, external_id in cursor:
            names[device] = public_id("dev", uid), external_id
    for lines in _streamed(span):
        facts, devices, starts = read_rows(lines)
        yield with_devices(facts, devices, starts, names)


def make_lines(rows: Iterable[Rows], lines: LineMaker) -> int:
    """Only the lines, where no file is wanted; how many rows they were made of."""
    count = 0
    for part in rows:
        count += part.table.num_rows
        lines.add(part)
    lines.finish()
    return count


def write_file(
    rows: Iterable[Rows], target: Path, environment: Environment, day: date, facts: Facts, lines: LineMaker
) -> Written:
    """Write the rows, and make their lines; the file is read back as far as its count."""
    about = file_facts(environment, day, facts.newest_stored_at)
    with parquet.ParquetWriter(target, COLUMNS.with_metadata(about), compression="zstd") as writer:

        def passing() -> Iterator[Rows]:
            for part in rows:
                writer.write_table(part.table, row_group_size=ROWS_A_GROUP)
                yield part

        make_lines(passing(), lines)
    stored = parquet.read_metadata(target).num_rows
    return Written(target, stored, target.stat().st_size, sha256_of(target))


def _streamed(span: Span) -> Iterator[list[bytes]]:
    """CSV lines of the day, a row group at a time; PostgreSQL sends a row a message."""
    lines: list[bytes] = []
    with connection.cursor() as cursor:
        plain = cast("psycopg.Cursor[tuple[object, ...]]", cursor.cursor)
        with plain.copy(cast("psycopg.abc.QueryNoTemplate", ROWS), span._asdict()) as copy:
            for line in copy:
                lines.append(bytes(line))
                if len(lines) == ROWS_A_GROUP:
                    yield lines
                    lines = []
    if lines:
        yield lines
