"""Stored positions by the million: packed for PostgreSQL's binary COPY as arrays, a day at a time.

One customer is what is measured: a fleet whose last two days are the same however much is stored. All that grows lies
around it, in the same partitions: other customers' positions, equally on each of ninety days, in the order of time.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg

DAYS = 90
FLEET, ROWS_A_DEVICE_DAY = (
    1_000,
    100,
)  # the measured customer: devices, positions of each on the last two days
OTHERS, OTHER_DEVICES = 20, 500  # customers around it, and the devices of each
DAY_US, EPOCH_2000_US = 86_400_000_000, 946_684_800_000_000
AT_ONCE = 500_000
COLUMNS = (
    "environment_id, device_id, recorded_at, received_at, stored_at, location, accuracy_m, altitude_m, speed_mps,"
    " heading_deg, battery, charging, activity, permissions, extra, request_id, moved_at"
)
_FIELDS: list[tuple[str, str, int]] = [
    ("environment", ">i8", 8), ("device", ">i8", 8), ("recorded", ">i8", 8), ("received", ">i8", 8),
    ("stored", ">i8", 8), ("location", "V25", 25), ("accuracy", ">f4", 4), ("altitude", "", -1), ("speed", ">f4", 4),
    ("heading", ">f4", 4), ("battery", ">f4", 4), ("charging", "", -1), ("activity", "", -1), ("permissions", "", -1),
    ("extra", "", -1), ("request", "V16", 16), ("moved", ">i8", 8),
]  # fmt: skip
_POINT = np.dtype([("order", "u1"), ("kind", ">u4"), ("srid", ">u4"), ("x", ">f8"), ("y", ">f8")])


def _row() -> np.dtype[Any]:
    """A row as COPY wants it: the number of fields, then each field's length and bytes; a length of -1 is null."""
    parts: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, kind, length in _FIELDS:
        parts.append((f"{name}_length", ">i4"))
        if length > 0:
            parts.append((name, _POINT if name == "location" else kind))
    return np.dtype(parts)


ROW = _row()


def place(device: Any, at_us: Any) -> tuple[Any, Any]:
    """Where a device is at a time: to and fro, a kilometre in half an hour, so that nothing is a teleport."""
    return 73.8 + device % 1000 / 5000 + 0.01 * np.sin(at_us / 3.6e9 * 2 * np.pi), 18.5 + device % 1000 / 5000


def packed(environment: Any, device: Any, recorded_us: Any) -> bytes:
    """Rows of these columns (epoch microseconds) as the body of a COPY."""
    count = len(recorded_us)
    rows = np.zeros(count, ROW)
    rows["fields"] = len(_FIELDS)
    for name, _, length in _FIELDS:
        rows[f"{name}_length"] = length
    rows["environment"], rows["device"] = environment, device
    recorded = recorded_us - EPOCH_2000_US
    rows["recorded"], rows["received"], rows["stored"] = recorded, recorded + 700_000, recorded + 900_000
    rows["moved"] = recorded
    rows["location"]["kind"], rows["location"]["srid"] = 0x20000001, 4326
    rows["location"]["x"], rows["location"]["y"] = place(device, recorded_us)
    rows["accuracy"], rows["speed"], rows["heading"], rows["battery"] = 8.0, 5.5, 90.0, 0.8
    rows["request"] = np.frombuffer(np.random.default_rng().bytes(16 * count), "V16")
    return rows.tobytes()


def fill(connection: psycopg.Connection[Any], total: int, *, now: float) -> float:
    """Store so many positions, the measured customer's among them; rows a second."""
    began, stored = time.monotonic(), 0
    today_us = int(now * 1e6) // DAY_US * DAY_US
    fleet = connection.execute(
        "SELECT id, environment_id FROM tracker_device WHERE external_id LIKE 'fleet-%'"
    ).fetchall()
    others = connection.execute(
        "SELECT id, environment_id FROM tracker_device WHERE external_id LIKE 'other-%'"
    ).fetchall()
    recent = 2 * FLEET * ROWS_A_DEVICE_DAY
    until_us = int(now * 1e6) - 2 * 3_600_000_000
    for device, environment, times in spread(fleet, until_us - 2 * DAY_US, until_us, recent):
        stored += copy(connection, packed(environment, device, times))
    for back in range(DAYS):
        begin = today_us - back * DAY_US
        end = min(begin + DAY_US, until_us)
        if end <= begin:
            continue
        for device, environment, times in spread(others, begin, end, (total - recent) // DAYS):
            stored += copy(connection, packed(environment, device, times))
    return stored / (time.monotonic() - began)


def spread(devices: list[Any], begin_us: int, end_us: int, count: int) -> Iterator[tuple[Any, Any, Any]]:
    """`count` rows over the span, the devices taking turns."""
    who = np.array(devices, dtype=np.int64)
    for first in range(0, count, AT_ONCE):
        number = np.arange(first, min(first + AT_ONCE, count), dtype=np.int64)
        turn = number % len(who)
        # the device is in the microseconds: no two rows of one device at one instant
        yield who[turn, 0], who[turn, 1], begin_us + number * (end_us - begin_us) // max(count, 1)


def copy(connection: psycopg.Connection[Any], body: bytes) -> int:
    """Write packed rows; how many."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY tracker_position ({COLUMNS}) FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        copy.write(body)
        copy.write(b"\xff\xff")
    return len(body) // ROW.itemsize


SET_UP = f"""
    INSERT INTO tracker_tenant (uid, name, created_at) VALUES (gen_random_uuid(), 'growth', now());
    INSERT INTO tracker_environment (uid, tenant_id, name, kind, created_at)
        SELECT gen_random_uuid(), (SELECT id FROM tracker_tenant), 'e' || n, 'test', now()
        FROM generate_series(0, {OTHERS}) n;
    INSERT INTO tracker_key (uid, tenant_id, environment_id, kind, name, hint, sha256, created_at)
        SELECT gen_random_uuid(), tenant_id, id, 'pk', '', '', sha256('x'), now() FROM tracker_environment
        WHERE name = 'e0';
    INSERT INTO tracker_device (uid, environment_id, external_id, registered_at)
        SELECT gen_random_uuid(), e.id, CASE e.name WHEN 'e0' THEN 'fleet-' ELSE 'other-' END || n, now()
        FROM tracker_environment e, generate_series(1, CASE e.name WHEN 'e0' THEN {FLEET} ELSE {OTHER_DEVICES} END) n;
"""
# what stands beside the positions grows in proportion
AFTER = """
    INSERT INTO tracker_devicestate (device_id, environment_id, recorded_at, received_at, stored_at, longitude,
        latitude, moved_at, anchor_longitude, anchor_latitude)
        SELECT DISTINCT ON (p.device_id) p.device_id, p.environment_id, p.recorded_at, p.received_at, p.stored_at,
            ST_X(p.location), ST_Y(p.location), p.recorded_at, ST_X(p.location), ST_Y(p.location)
        FROM tracker_device d JOIN tracker_position p ON p.environment_id = d.environment_id AND p.device_id = d.id
        WHERE d.external_id LIKE 'fleet-%%' ORDER BY p.device_id, p.recorded_at DESC;
    INSERT INTO tracker_dailyline (environment_id, device_id, day, line, first_at, last_at, positions, distance_m,
        error_bound_m, made_at)
        SELECT d.environment_id, d.id, current_date - b, ST_SetSRID(ST_MakeLine(ARRAY(
            SELECT ST_MakePoint(73.8 + n / 100.0, 18.5 + n %% 7 / 100.0) FROM generate_series(1, 20) n)), 4326),
            now() - b * interval '1 day', now() - b * interval '1 day', 100, 1000, 10, now()
        FROM (SELECT * FROM tracker_device ORDER BY external_id LIKE 'fleet-%%' DESC, id LIMIT %(lined)s) d,
            generate_series(1, 89) b;
    INSERT INTO tracker_outcomecount (environment_id, second, outcome, lane, count)
        SELECT e.id, date_trunc('second', now()) - n * interval '2 seconds', 'accepted', 0, 7
        FROM tracker_environment e, generate_series(1, %(seconds)s) n;
"""
