"""Reads an archived day back: checked against its digest, then a part at a time."""

import heapq
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow as pa
from django.db import connection
from pyarrow import compute, parquet

from tracker.archive.columns import Names, Rows
from tracker.archive.shelf import Shelf, sha256_of
from tracker.archive.writing import ROWS_A_GROUP
from tracker.positions.models import ArchivedDay
from tracker.tenants.identifiers import parse_id, public_id

LIVING = """
    SELECT id, uid, external_id FROM tracker_device
    WHERE environment_id = %s AND uid = ANY(%s) AND deleted_at IS NULL"""


class Damaged(Exception):
    """An object of the archive is not the one that was put there."""


def fetched(archived: ArchivedDay, shelf: Shelf, folder: Path) -> Path:
    """The day's object as a local file, checked. Raises NotThere, Damaged, OSError."""
    target = folder / "archived.parquet"
    shelf.fetch(archived.location, target)
    if sha256_of(target) != bytes(archived.sha256):
        raise Damaged(
            f"{archived.location} is not what was archived on {archived.archived_at}: another SHA-256"
        )
    rows = parquet.read_metadata(target).num_rows
    if rows != archived.rows:
        raise Damaged(f"{archived.location} holds {rows} rows, {archived.rows} were archived")
    return target


def tables(path: Path) -> Iterator[pa.Table]:
    """The file's rows, a row group at a time."""
    with parquet.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def living_devices(path: Path, environment_id: int) -> Names:
    """Those devices of the file that are still registered and not deleted: our number, public and external id."""
    found: set[str] = set()
    with parquet.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            found |= set(compute.unique(file.read_row_group(number, ["device"])["device"]).to_pylist())
    uids: list[UUID] = [parse_id("dev", device) for device in found]
    with connection.cursor() as cursor:
        cursor.execute(LIVING, [environment_id, uids])
        return {device: (public_id("dev", uid), external_id) for device, uid, external_id in cursor}


def archived_rows(path: Path, names: Names) -> Iterator[Rows]:
    """The file's rows by our device numbers, without the devices that `names` does not have."""
    numbers = {public: device for device, (public, _) in names.items()}
    for table in tables(path):
        column = table["device"].combine_chunks().dictionary_encode()
        ours = np.array([numbers.get(public, 0) for public in column.dictionary.to_pylist()], dtype=np.int64)
        devices = ours[column.indices.to_numpy()] if len(ours) else np.zeros(0, np.int64)
        kept = devices != 0
        table, devices = table.filter(pa.array(kept)), devices[kept]
        if len(devices):
            starts = np.flatnonzero(np.r_[True, devices[1:] != devices[:-1]])
            yield Rows(table, devices[starts], np.r_[starts, len(devices)])


def merged(*sources: Iterator[Rows]) -> Iterator[Rows]:
    """Several sorted sources as one; of a position that two of them have, the first one's stays.

    In memory are one device of each source, and what fills the next row group.
    """
    runs = heapq.merge(*(_by_device(source) for source in sources), key=lambda run: run[0])
    waiting: list[tuple[int, pa.Table]] = []
    for device, same in groupby(runs, key=lambda run: run[0]):
        waiting.append((device, _in_order([table for _, table in same])))
        if sum(table.num_rows for _, table in waiting) >= ROWS_A_GROUP:
            yield _together(waiting)
            waiting = []
    if waiting:
        yield _together(waiting)


def _by_device(source: Iterator[Rows]) -> Iterator[tuple[int, pa.Table]]:
    """A device and all of its rows, runs that go over the end of a part joined."""
    parts: list[pa.Table] = []
    current = 0
    for rows in source:
        for device, first, end in zip(rows.devices, rows.starts[:-1], rows.starts[1:], strict=True):
            if parts and device != current:
                yield current, pa.concat_tables(parts)
                parts = []
            current = int(device)
            parts.append(rows.table.slice(first, end - first))
    if parts:
        yield current, pa.concat_tables(parts)


def _in_order(found: Sequence[pa.Table]) -> pa.Table:
    """One device's rows of several sources by time, each instant once."""
    if len(found) == 1:
        return found[0]
    table = pa.concat_tables(found)
    times = table["recorded_at"].cast(pa.int64()).to_numpy()
    _, first = np.unique(times, return_index=True)  # by time; of equal ones the earliest source's
    return table.take(pa.array(first))


def _together(waiting: Sequence[tuple[int, pa.Table]]) -> Rows:
    sizes = np.array([table.num_rows for _, table in waiting])
    devices = np.array([device for device, _ in waiting], dtype=np.int64)
    whole = pa.concat_tables([table for _, table in waiting]).combine_chunks()
    return Rows(whole, devices, np.r_[0, np.cumsum(sizes)])
