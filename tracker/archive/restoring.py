"""Brings an archived day back: into the table of positions, or into a file."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from io import BytesIO
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, NamedTuple, cast

import numpy as np
import psycopg
import pyarrow as pa
from django.db import connection
from pyarrow import compute, csv, parquet

from tracker.archive.columns import COLUMNS, FACTS, Rows
from tracker.archive.reading import archived_rows, fetched, living_devices, tables
from tracker.archive.selectors import stored_days
from tracker.archive.shelf import open_shelf
from tracker.archive.snapshot import held
from tracker.http.times import moment_text
from tracker.positions.models import ArchivedDay

TIMES = ("recorded_at", "received_at", "stored_at", "moved_at")
# what the file has of the table, by the table's columns; the place is put together on the way in
STAGE = """
    CREATE TEMP TABLE restored ON COMMIT DROP AS
    SELECT device_id, recorded_at, received_at, stored_at, moved_at, 0::float8 AS longitude, 0::float8 AS latitude,
        accuracy_m, altitude_m, speed_mps, heading_deg, battery, charging, activity, permissions, extra,
        ''::text AS request_id
    FROM tracker_position WHERE false"""
PUT_BACK = """
    INSERT INTO tracker_position (environment_id, device_id, recorded_at, received_at, stored_at, moved_at, location,
        accuracy_m, altitude_m, speed_mps, heading_deg, battery, charging, activity, permissions, extra, request_id)
    SELECT %s, device_id, recorded_at, received_at, stored_at, moved_at,
        ST_SetSRID(ST_MakePoint(longitude, latitude), 4326), accuracy_m, altitude_m, speed_mps, heading_deg, battery,
        charging, activity, permissions, extra, substr(request_id, 5)::uuid
    FROM restored ON CONFLICT DO NOTHING"""


class CannotRestore(Exception):
    """A day that cannot be put where it was asked for; the message says why and what can be done."""


class Restored(NamedTuple):
    """What a restoration did."""

    read: int
    written: int  # fewer where rows were there already


def into_positions(archived: ArchivedDay, *, device: str | None = None) -> Restored:
    """Put a day's rows (or one device's) back into the table; those that are there stay as they are.

    Devices deleted since stay deleted. Raises CannotRestore, Damaged, NotThere, Busy, OSError, django.db.Error.
    """
    _require_place(archived)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="milepost-restore-")))
        path = fetched(archived, open_shelf(), folder)
        stack.enter_context(held(archived.environment_id, archived.day))
        names = living_devices(path, archived.environment_id)
        if device is not None:
            names = {number: both for number, both in names.items() if both[0] == device}
        cursor = stack.enter_context(connection.cursor())
        cursor.execute("DROP TABLE IF EXISTS pg_temp.restored")
        cursor.execute(STAGE)
        plain = cast("psycopg.Cursor[tuple[object, ...]]", cursor.cursor)
        read = 0
        with plain.copy("COPY restored FROM STDIN (FORMAT csv)") as copy:
            for rows in archived_rows(path, names):
                copy.write(_as_csv(rows))
                read += rows.table.num_rows
        cursor.execute(PUT_BACK, [archived.environment_id])
        return Restored(read, cursor.rowcount)


def into_file(
    archived: ArchivedDay, target: Path, *, device: str | None = None, replace: bool = False
) -> Restored:
    """Write a day's rows (or one device's) to a file whose ending says how: .parquet .csv .ndjson .geojson.

    A file that is there stays unless `replace`. Raises CannotRestore, Damaged, NotThere, OSError.
    """
    write = WRITERS.get(target.suffix)
    if write is None:
        raise CannotRestore(f"{target.name}: the name must end in {', '.join(WRITERS)}.")
    if not archived.location:
        raise CannotRestore(_never_written(archived))
    if target.exists() and not replace:
        raise CannotRestore(
            f"{target} is there already: choose another name, or say --force to write over it."
        )
    with TemporaryDirectory(prefix="milepost-restore-") as folder:
        path = fetched(archived, open_shelf(), Path(folder))
        wanted = (_only(table, device) for table in tables(path))
        some = next((table for table in wanted if table.num_rows), None)
        if some is None:  # nor is a file written over with nothing
            raise CannotRestore(_holds_nothing(archived, device))
        with target.open("wb" if replace else "xb") as file:
            count = write(chain([some], wanted), file)
        return Restored(count, count)


def _require_place(archived: ArchivedDay) -> None:
    if not archived.location:
        raise CannotRestore(_never_written(archived))
    if archived.day not in stored_days():
        raise CannotRestore(f"{archived.day} has no partition any more, so its rows can only go into a file.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('tracker_position', 'INSERT')")
        if not cursor.fetchone()[0]:
            raise CannotRestore(
                "This role may not write positions. Run the command with the owner's address: "
                "MILEPOST_DATABASE_URL=$MILEPOST_OWNER_DATABASE_URL (it stands in milepost.env)."
            )


def _never_written(archived: ArchivedDay) -> str:
    return f"{archived.day} was over while archiving was off: there is a line per device, but no object."


def _holds_nothing(archived: ArchivedDay, device: str | None) -> str:
    whose = f" of {device}" if device is not None else ""
    return f"The archive of {archived.day} holds no position{whose}; no file was written."


def _only(table: pa.Table, device: str | None) -> pa.Table:
    return table if device is None else table.filter(compute.equal(table["device"], device))


def _as_csv(rows: Rows) -> bytes:
    """The rows as PostgreSQL's CSV: what is unknown is empty, the empty text is quoted."""
    devices = np.repeat(rows.devices, np.diff(rows.starts))
    table = rows.table.select(list(FACTS)).add_column(0, "device_id", pa.array(devices))
    target = BytesIO()
    csv.write_csv(table, target, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return target.getvalue()


def _write_parquet(parts: Iterable[pa.Table], file: IO[bytes]) -> int:
    count = 0
    with parquet.ParquetWriter(file, COLUMNS, compression="zstd") as writer:
        for table in parts:
            writer.write_table(table.cast(COLUMNS))
            count += table.num_rows
    return count


def _write_csv(parts: Iterable[pa.Table], file: IO[bytes]) -> int:
    count = 0
    with csv.CSVWriter(file, COLUMNS) as writer:
        for table in parts:
            writer.write_table(table.cast(COLUMNS))
            count += table.num_rows
    return count


def _write_ndjson(parts: Iterable[pa.Table], file: IO[bytes]) -> int:
    count = 0
    for count, row in enumerate(_documents(parts), 1):  # noqa: B007  the last one is the answer
        file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return count


def _write_geojson(parts: Iterable[pa.Table], file: IO[bytes]) -> int:
    count = 0
    file.write(b'{"type":"FeatureCollection","features":[')
    for count, row in enumerate(_documents(parts), 1):
        point = {"type": "Point", "coordinates": [row.pop("longitude"), row.pop("latitude")]}
        feature = {"type": "Feature", "geometry": point, "properties": row}
        file.write((b",\n" if count > 1 else b"\n") + json.dumps(feature, ensure_ascii=False).encode())
    file.write(b"\n]}\n")
    return count


def _documents(parts: Iterable[pa.Table]) -> Iterator[dict[str, Any]]:
    """Rows as the API would write them."""
    for table in parts:
        for row in table.to_pylist():
            for name in TIMES:
                row[name] = moment_text(row[name]) if row[name] is not None else None
            for name in ("permissions", "extra"):
                row[name] = json.loads(row[name]) if row[name] is not None else None
            yield row


WRITERS: dict[str, Callable[[Iterable[pa.Table], IO[bytes]], int]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".ndjson": _write_ndjson,
    ".geojson": _write_geojson,
}
