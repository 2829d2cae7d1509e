"""What an archived day holds: its columns, and how rows of the database become them.

Rows leave PostgreSQL as CSV, in the order of the primary key, and Arrow reads them: a tenth of what a Python object a
value costs. Numbers come as their shortest exact text, so what is read back is equal to the bit.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tracker.archive.simplify import Floats, Places
from tracker.tenants.models import Environment

FORMAT = 1
TIME = pa.timestamp("us", "UTC")
# the wire's order, before our numbers give way to public ids
_READ = {
    "device_id": pa.int64(),
    "recorded_at": TIME,
    "received_at": TIME,
    "stored_at": TIME,
    "moved_at": TIME,
    "longitude": pa.float64(),
    "latitude": pa.float64(),
    "accuracy_m": pa.float32(),
    "altitude_m": pa.float32(),
    "speed_mps": pa.float32(),
    "heading_deg": pa.float32(),
    "battery": pa.float32(),
    "charging": pa.bool_(),
    "activity": pa.string(),
    "permissions": pa.string(),
    "extra": pa.string(),
    "request_id": pa.string(),
}
_REQUIRED = ("recorded_at", "received_at", "stored_at", "longitude", "latitude", "request_id")
FACTS = tuple(_READ)[1:]  # every column but the device, by the table's own names (the place apart)
# `device` is the public id; the columns of the path (tenant, environment, day) are not repeated inside
COLUMNS = pa.schema(
    [
        pa.field("device", pa.string(), nullable=False),
        pa.field("external_id", pa.string(), nullable=False),
        *(pa.field(name, _READ[name], nullable=name not in _REQUIRED) for name in FACTS),
    ]
)
# device_id leads the key: its rows lie together and in the order of time, which needs no sort
ROWS = """
    COPY (
        SELECT device_id, recorded_at, received_at, stored_at, moved_at, ST_X(location), ST_Y(location),
            accuracy_m, altitude_m, speed_mps, heading_deg, battery, charging, activity,
            permissions::text, extra::text, 'req_' || replace(request_id::text, '-', '')
        FROM tracker_position
        WHERE environment_id = %(environment)s AND recorded_at >= %(since)s AND recorded_at < %(until)s
            AND device_id NOT IN (
                SELECT id FROM tracker_device WHERE environment_id = %(environment)s AND deleted_at IS NOT NULL)
        ORDER BY environment_id, device_id, recorded_at
    ) TO STDOUT (FORMAT csv)"""

Names = dict[int, tuple[str, str]]  # a device's public and external id, by our number


class Rows:
    """Some rows, sorted: the archive's columns, and where each device's run begins."""

    def __init__(self, table: pa.Table, devices: Places, starts: Places) -> None:
        self.table = table
        self.devices = devices  # our numbers, one a run
        self.starts = starts  # the run's first row; one more at the end

    @property
    def longitudes(self) -> Floats:
        """Degrees, one a row."""
        return np.asarray(self.table["longitude"].to_numpy())

    @property
    def latitudes(self) -> Floats:
        """Degrees, one a row."""
        return np.asarray(self.table["latitude"].to_numpy())

    @property
    def times_us(self) -> Places:
        """recorded_at as epoch microseconds, one a row."""
        return np.asarray(self.table["recorded_at"].cast(pa.int64()).to_numpy())


def read_rows(lines: Sequence[bytes]) -> tuple[pa.Table, Places, Places]:
    """Rows of `ROWS` as (facts without the device, device numbers a run, where each run begins)."""
    table = csv.read_csv(
        BytesIO(b"".join(lines)),
        read_options=csv.ReadOptions(column_names=list(_READ), use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=_READ,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,  # the empty text is quoted, the unknown is not
        ),
    ).combine_chunks()
    numbers = table["device_id"].to_numpy()
    starts = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])
    return table.drop_columns(["device_id"]), numbers[starts], np.r_[starts, len(numbers)]


def with_devices(facts: pa.Table, devices: Places, starts: Places, names: Names) -> Rows:
    """The rows with public and external id in front; `names` has both of every device."""
    runs = np.repeat(np.arange(len(devices)), np.diff(starts))
    for place, column in ((0, "device"), (1, "external_id")):
        texts = pa.array([names[int(device)][place] for device in devices], pa.string())
        facts = facts.add_column(place, COLUMNS.field(column), texts.take(pa.array(runs)))
    return Rows(facts.cast(COLUMNS), devices, starts)


def file_facts(environment: Environment, day: date, newest: datetime | None) -> dict[bytes, bytes]:
    """What a file says about itself beside its columns."""
    facts: dict[str, Any] = {"format": FORMAT, "tenant": environment.tenant.public_id}
    facts |= {"environment": environment.public_id, "day": day.isoformat()}
    facts["newest_stored_at"] = newest.isoformat() if newest else None
    return {b"milepost": json.dumps(facts).encode()}
