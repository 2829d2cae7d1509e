"""Rows as PostgreSQL's binary COPY wants them: packed here, parsed by nobody.

Format: https://www.postgresql.org/docs/15/sql-copy.html (Binary Format). A field is its length (-1: null) and its
bytes, all big-endian; geometry is EWKB, which may be big-endian too, so the fixed part of a row is one `pack`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ingest_lambda.batch import Accepted, SetAside, Trail
from ingest_lambda.report import PositionReport

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
EPOCH_2000_US = 946_684_800 * 1_000_000  # PostgreSQL counts microseconds from 2000-01-01 UTC

_POSITION_COLUMNS = 17
_STATE_COLUMNS = 23
_SET_ASIDE_COLUMNS = 12
_EWKB_POINT = 0x20000001  # a point with an SRID
_WGS84 = 4326
_EPOCH = datetime.fromtimestamp(0, UTC)
_LAST_TIMESTAMP_US = 253_402_300_799_999_999  # the end of year 9999: what Python and people can read back

# columns, then environment, device, three times, then a point of 25 bytes
_position_head = struct.Struct(">hiqiqiqiqiqibIIdd").pack
_state_head = struct.Struct(">hiqiqiqiqiqidid").pack
_anchor = struct.Struct(">iqidid").pack
_bigint = struct.Struct(">iq").pack
_double = struct.Struct(">id").pack
_real = struct.Struct(">if").pack
_five_reals = struct.Struct(">ififififif").pack
_smallint = struct.Struct(">ih").pack
_int32 = struct.Struct(">i").pack
_int16 = struct.Struct(">h").pack
_TRUE, _FALSE = b"\0\0\0\1\1", b"\0\0\0\1\0"


def copy_data(rows: Iterable[bytes]) -> bytes:
    """A whole COPY stream of packed rows."""
    return b"".join((HEADER, *rows, TRAILER))


def real(value: float | None) -> bytes:
    """A `real` field; a number beyond its range is not a fact worth losing a fix for, so it is unknown."""
    if value is None:
        return NULL
    try:
        return _real(4, value)
    except OverflowError:
        return NULL


def text(value: str | None) -> bytes:
    """A `text` field. PostgreSQL cannot hold NUL in text; it is left out and the rest kept."""
    if value is None:
        return NULL
    data = value.encode("utf-8", "replace")
    if b"\0" in data:
        data = data.replace(b"\0", b"")
    return _int32(len(data)) + data


def jsonb(value: str | None) -> bytes:
    """A `jsonb` field from JSON text: a version byte, then the text."""
    if value is None:
        return NULL
    data = value.encode("utf-8", "replace")
    return _int32(len(data) + 1) + b"\1" + data


def timestamp(value_us: int | None) -> bytes:
    """A `timestamptz` field from epoch microseconds; null for a time no calendar can show."""
    if value_us is None or not -EPOCH_2000_US * 60 < value_us <= _LAST_TIMESTAMP_US:
        return NULL
    return _bigint(8, value_us - EPOCH_2000_US)


def _binary(value: bytes) -> bytes:
    return _int32(len(value)) + value


def double(value: float | None) -> bytes:
    """A `double precision` field."""
    return NULL if value is None else _double(8, value)


def _switch(value: bool | None) -> bytes:
    return NULL if value is None else _TRUE if value else _FALSE


_UUID = _int32(16)
_uuid_and_time = struct.Struct(">i16siq").pack
_pack_fix = msgspec.msgpack.Encoder().encode


def position_rows(accepted: Iterable[Accepted], now_us: int) -> list[bytes]:
    """Rows of tracker_position, in `statements.POSITION_COLUMNS` order."""
    stored_at = now_us - EPOCH_2000_US
    rows: list[bytes] = []
    for trail, fix, envelope, moved_at_us in accepted:
        recorded_at = fix.recorded_at_us - EPOCH_2000_US
        received_at = envelope.received_at_us - EPOCH_2000_US
        identity = (_POSITION_COLUMNS, 8, trail.environment.id, 8, trail.device_id)
        clocks = (8, recorded_at, 8, received_at, 8, stored_at)
        rows += (
            _position_head(*identity, *clocks, 25, 0, _EWKB_POINT, _WGS84, fix.longitude, fix.latitude),
            _numbers(fix),
            NULL if fix.charging is None else _TRUE if fix.charging else _FALSE,
            NULL if fix.activity is None else text(fix.activity),
            NULL if fix.permissions is None else jsonb(fix.permissions),
            NULL if fix.extra is None else jsonb(fix.extra),
            _uuid_and_time(16, envelope.request_id, 8, moved_at_us - EPOCH_2000_US),
        )
    return rows


def _numbers(fix: PositionReport) -> bytes:
    """accuracy_m, altitude_m, speed_mps, heading_deg and battery: at once where the device said all five."""
    accuracy_m, altitude_m, speed_mps = fix.accuracy_m, fix.altitude_m, fix.speed_mps
    heading_deg, battery = fix.heading_deg, fix.battery
    if (
        accuracy_m is not None
        and altitude_m is not None
        and speed_mps is not None
        and heading_deg is not None
        and battery is not None
    ):
        try:
            return _five_reals(4, accuracy_m, 4, altitude_m, 4, speed_mps, 4, heading_deg, 4, battery)
        except OverflowError:
            pass  # one of them is too large for a real: field by field, below
    return real(accuracy_m) + real(altitude_m) + real(speed_mps) + real(heading_deg) + real(battery)


def state_rows(trails: Iterable[Trail], now_us: int) -> list[bytes]:
    """Rows of the staged states, in `statements.STATE_COLUMNS` order: each trail's newest accepted fix."""
    rows: list[bytes] = []
    for trail in trails:
        if trail.newest is None or trail.state is None:
            raise ValueError(f"device {trail.device_id} moved but has no state")
        (fix, envelope), believed, anchor = trail.newest, trail.state.believed, trail.state.anchor
        suspected = believed.suspect_at_us is not None
        rows += (
            _state_head(
                *(_STATE_COLUMNS, 8, trail.device_id, 8, trail.environment.id),
                *(8, fix.recorded_at_us - EPOCH_2000_US, 8, envelope.received_at_us - EPOCH_2000_US),
                *(8, now_us - EPOCH_2000_US, 8, fix.longitude, 8, fix.latitude),
            ),
            _numbers(fix),
            _switch(fix.charging) + text(fix.activity),
            _anchor(8, anchor.at_us - EPOCH_2000_US, 8, anchor.longitude, 8, anchor.latitude),
            timestamp(believed.suspect_at_us),
            double(believed.suspect_longitude if suspected else None),
            double(believed.suspect_latitude if suspected else None),
            _smallint(2, believed.suspect_count),
            timestamp(trail.state.judged_to_us),
            NULL if trail.presence is None else _binary(trail.presence),
        )
    return rows


def set_aside_rows(reports: Iterable[SetAside], now_us: int) -> list[bytes]:
    """Rows of tracker_setasidereport, in `statements.SET_ASIDE_COLUMNS` order."""
    return [
        b"".join(
            (
                _int16(_SET_ASIDE_COLUMNS),
                _bigint(8, report.envelope.environment_id),
                _bigint(8, report.device_id) if report.device_id else NULL,
                text(report.envelope.device[:200]),
                text(report.verdict.outcome),
                text(report.verdict.reason[:40]),
                text(report.verdict.detail),
                text(report.payload),
                timestamp(report.recorded_at_us),
                timestamp(report.envelope.received_at_us),
                timestamp(now_us),
                _UUID + report.envelope.request_id,
                NULL if report.fix is None else _binary(_pack_fix(report.fix)),
            )
        )
        for report in reports
    ]


def restood_ranges(restood: Iterable[tuple[Trail, int, int]]) -> list[tuple[object, ...]]:
    """Values for RESTAND_POSITIONS: neighbours that stand at one anchor now are one range of instants."""
    ranges: list[list[Any]] = []
    for trail, recorded_us, moved_at_us in restood:
        last = ranges[-1] if ranges else None
        if last is not None and last[0] is trail and last[1] == moved_at_us:
            last[3] = recorded_us
        else:
            ranges.append([trail, moved_at_us, recorded_us, recorded_us])
    return [
        (_moment(moved_at), trail.environment.id, trail.device_id, _moment(first), _moment(last))
        for trail, moved_at, first, last in ranges
    ]


def _moment(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)
