"""Daily lines: made from a day's rows as they pass by, kept on disk meanwhile, written in one go."""

from contextlib import closing
from datetime import date, datetime
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
import psycopg
import shapely
from django.db import connection

from tracker.archive.columns import Rows
from tracker.archive.simplify import Floats, Places, simplified
from tracker.archive.snapshot import Span

IN_MEMORY = 8 << 20
STAGE = """
    CREATE TEMP TABLE staged_line (device_id bigint, line geometry(LineString, 4326), first_us bigint, last_us bigint,
        positions int, distance_m float8, error_bound_m float8) ON COMMIT DROP"""
KEEP = """
    INSERT INTO tracker_dailyline AS l (environment_id, device_id, day, line, first_at, last_at, positions,
        distance_m, error_bound_m, made_at)
    SELECT %(environment)s, device_id, %(day)s, line, timestamptz 'epoch' + first_us * interval '1 microsecond',
        timestamptz 'epoch' + last_us * interval '1 microsecond', positions, distance_m, error_bound_m, %(now)s
    FROM staged_line
    ON CONFLICT (environment_id, device_id, day) DO UPDATE SET line = excluded.line, first_at = excluded.first_at,
        last_at = excluded.last_at, positions = excluded.positions, distance_m = excluded.distance_m,
        error_bound_m = excluded.error_bound_m, made_at = excluded.made_at"""
# devices all of whose positions were taken out since
DROP = """
    DELETE FROM tracker_dailyline l WHERE environment_id = %(environment)s AND day = %(day)s
        AND NOT EXISTS (SELECT 1 FROM staged_line s WHERE s.device_id = l.device_id)"""


class LineMaker:
    """Takes rows sorted by device and time; one device is in memory at a time, finished lines lie in a file."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed by __exit__
        self._device = 0
        self._parts: list[tuple[Floats, Floats, Places]] = []
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, rows: Rows) -> None:
        """The next rows; a device's run may go on from the ones before."""
        longitudes, latitudes, times_us = rows.longitudes, rows.latitudes, rows.times_us
        for device, first, end in zip(rows.devices, rows.starts[:-1], rows.starts[1:], strict=True):
            if device != self._device:
                self.finish()
                self._device = int(device)
            self._parts.append((longitudes[first:end], latitudes[first:end], times_us[first:end]))

    def finish(self) -> None:
        """Make the line of the device in hand."""
        if not self._parts:
            return
        longitudes, latitudes, times_us = (
            column[0] if len(column) == 1 else np.concatenate(column)
            for column in zip(*self._parts, strict=True)
        )
        self._parts = []
        line = simplified(longitudes, latitudes)
        shape = shapely.linestrings(np.column_stack([line.longitudes, line.latitudes]))
        facts = (
            self._device, shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True), times_us[0],
            times_us[-1], len(times_us), repr(line.distance_m), repr(line.error_bound_m),
        )  # fmt: skip
        self._file.write(",".join(str(fact) for fact in facts).encode() + b"\n")
        self.count += 1

    def store(self, span: Span, day: date, *, now: datetime) -> None:
        """Write the lines, in the caller's transaction, in place of those there were."""
        values: dict[str, Any] = {"environment": span.environment, "day": day, "now": now}
        self._file.seek(0)
        with closing(connection.cursor()) as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_line")
            cursor.execute(STAGE)
            plain = cast("psycopg.Cursor[tuple[object, ...]]", cursor.cursor)
            with plain.copy("COPY staged_line FROM STDIN (FORMAT csv)") as copy:
                while piece := self._file.read(1 << 16):
                    copy.write(piece)
            cursor.execute(KEEP, values)
            cursor.execute(DROP, values)
