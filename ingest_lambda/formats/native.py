"""Our own JSON: one device and 1 to 1,000 positions. SI units and degrees; "unknown" is null or left out."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

import msgspec

from ingest_lambda.formats import DeviceReports
from ingest_lambda.formats.clock import BadTime, recorded_at_us
from ingest_lambda.formats.json_text import BadJson, HugeNumber, ascii_text, compact, decode
from ingest_lambda.formats.position import (
    LARGEST_ACCURACY_M,
    LARGEST_ALTITUDE_M,
    LARGEST_SPEED_MPS,
    as_extra,
    four_byte,
    printable,
    read_position,
)
from ingest_lambda.problems import wrong_shape
from ingest_lambda.report import (
    MAX_ACTIVITY_CHARS,
    MAX_DEVICE_ID_CHARS,
    MAX_DEVICE_INFO_CHARS,
    MAX_PERMISSIONS_BYTES,
    MAX_POSITIONS,
    DeviceInfo,
    PositionReport,
    RefusedPosition,
)


# The fast way: a body that is right in every field is decoded in one pass into these. Anything else, an
# unknown field included, fails here and is read again field by field, which knows how to keep, drop or refuse
# each.
class _Position(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    recorded_at: int | float | str
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, msgspec.Meta(ge=0, le=LARGEST_ACCURACY_M)] | None = None
    altitude_m: Annotated[float, msgspec.Meta(ge=-LARGEST_ALTITUDE_M, le=LARGEST_ALTITUDE_M)] | None = None
    speed_mps: Annotated[float, msgspec.Meta(ge=0, le=LARGEST_SPEED_MPS)] | None = None
    heading_deg: Annotated[float, msgspec.Meta(ge=0, lt=360)] | None = None
    battery: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    charging: bool | None = None
    activity: str | None = None
    permissions: Any = None
    extra: dict[str, Any] | None = None


class _Device(msgspec.Struct, gc=False):
    name: str | None = None
    model: str | None = None
    os: str | None = None
    app_version: str | None = None


class _Body(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    device_id: str
    positions: Annotated[list[_Position], msgspec.Meta(min_length=1, max_length=MAX_POSITIONS)]
    device: _Device | None = None
    key: Any = None  # the credential of a client that has no headers; read by the MQTT door


_fast = msgspec.json.Decoder(_Body)


def read(body: bytes, device: str | None = None) -> DeviceReports:
    """The reports in a native JSON body. Raises Problem 400, naming the field, when nothing of it can be read.

    `device` is the device where the body names none, for doors that know it otherwise.
    A position that cannot be read is refused alone, with its reason; the others stand.
    """
    try:
        typed = _fast.decode(body)
        positions = [_from_typed(position) for position in typed.positions]
    except (msgspec.MsgspecError, BadTime, UnicodeDecodeError, RecursionError, _NeedsCare):
        return _read_with_care(body, device)
    return DeviceReports(_device_id(typed.device_id), _device_info(typed.device), positions, [])


class _NeedsCare(Exception):
    """A typed position that only the slow way can take without losing something."""


def _from_typed(p: _Position) -> PositionReport:
    permissions, activity = None, p.activity
    if p.permissions is not None:
        permissions = compact(p.permissions, MAX_PERMISSIONS_BYTES)
        if permissions is None:
            raise _NeedsCare
    if activity is not None and (len(activity) > MAX_ACTIVITY_CHARS or not activity.isprintable()):
        raise _NeedsCare
    return PositionReport(
        recorded_at_us(p.recorded_at),
        p.longitude,
        p.latitude,
        four_byte(p.accuracy_m),
        four_byte(p.altitude_m),
        four_byte(p.speed_mps),
        four_byte(p.heading_deg),
        four_byte(p.battery),
        p.charging,
        activity,
        permissions,
        as_extra(p.extra) if p.extra else None,
    )


def _read_with_care(body: bytes, device: str | None = None) -> DeviceReports:
    try:
        value = decode(body)
    except BadJson as error:
        raise wrong_shape("invalid_json", str(error)) from None
    if not isinstance(value, dict):
        raise wrong_shape(
            "invalid_body", 'The body must be a JSON object: {"device_id": "...", "positions": [...]}.'
        )
    device, items = _device_id(value.get("device_id", device)), _positions(value.get("positions"))
    positions: list[PositionReport] = []
    refused: list[RefusedPosition] = []
    for index, item in enumerate(items):
        read = read_position(index, item)
        if isinstance(read, PositionReport):
            positions.append(read)
        else:
            refused.append(read)
    return DeviceReports(device, _device_info_with_care(value.get("device")), positions, refused)


def _positions(value: Any) -> list[Any]:
    if value is None:
        raise wrong_shape("missing_field", "positions is missing.", "/positions")
    if not isinstance(value, list):
        raise wrong_shape("invalid_field", "positions must be a list of positions.", "/positions")
    if not value:
        raise wrong_shape("no_positions", f"positions is empty: send 1 to {MAX_POSITIONS}.", "/positions")
    if len(value) > MAX_POSITIONS:
        detail = f"positions holds {len(value)} positions: send at most {MAX_POSITIONS} at a time."
        raise wrong_shape("too_many_positions", detail, "/positions")
    return value


def _device_id(value: Any) -> str:
    if value is None:
        raise wrong_shape("missing_field", "device_id is missing.", "/device_id")
    if isinstance(value, int | float | HugeNumber) and not isinstance(value, bool):
        value = ascii_text(value, 2 * MAX_DEVICE_ID_CHARS).strip('"')
    if not isinstance(value, str):
        raise wrong_shape("invalid_field", "device_id must be a string.", "/device_id")
    if value.isprintable() and 1 <= len(value) <= MAX_DEVICE_ID_CHARS and value != " ":
        return value
    if not 1 <= len(value) <= MAX_DEVICE_ID_CHARS:
        detail = f"device_id has {len(value)} characters: give 1 to {MAX_DEVICE_ID_CHARS}."
        raise wrong_shape("invalid_field", detail, "/device_id")
    if not value.strip():
        raise wrong_shape("invalid_field", "device_id is blank.", "/device_id")
    for place, char in enumerate(value):
        if unicodedata.category(char) in {"Cc", "Cs"}:
            detail = f"device_id holds U+{ord(char):04X}, which is not text, at character {place + 1}."
            raise wrong_shape("invalid_field", detail, "/device_id")
    return value


def _device_info(device: _Device | None) -> DeviceInfo | None:
    if device is None:
        return None
    info = DeviceInfo(
        **{name: _info_text(getattr(device, name), limit) for name, limit in MAX_DEVICE_INFO_CHARS.items()}
    )
    return None if info == DeviceInfo() else info


def _device_info_with_care(value: Any) -> DeviceInfo | None:
    """What a device says of itself is never worth a refusal: a wrong type counts as not said."""
    if not isinstance(value, dict):
        return None
    return _device_info(_Device(**{name: value.get(name) for name in MAX_DEVICE_INFO_CHARS}))


def _info_text(value: Any, limit: int) -> str | None:
    return printable(value, limit) if isinstance(value, str) else None
