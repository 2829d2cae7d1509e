"""Our own JSON: one device and 1 to 1,000 positions.

Units: SI and degrees, battery 0..1, recorded_at ISO 8601 or epoch seconds or milliseconds. Unknown: null or left
out, and a negative accuracy, speed or heading. Answer: 202 `{"request_id": "req_...", "received": n}`.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.clock import BadTime, recorded_at_us
from ingest_lambda.formats.device_id import BadDeviceId, read_device_id
from ingest_lambda.formats.json_text import BadJson, compact, decode
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

NAME = "native"


def recognises(asked: Asked) -> bool:
    """An object with "positions"."""
    return isinstance(asked.value, dict) and "positions" in asked.value


def reply(request_id: str, received: int) -> Answer:
    """202: the stream holds them."""
    return 202, "application/json", f'{{"request_id":"{request_id}","received":{received}}}'.encode()


def read(asked: Asked) -> list[DeviceReports]:
    """As `read_body`, of JSON that was decoded already. Raises Problem 400."""
    value = asked.value if asked.device is None else asked.value | {"device_id": asked.device}
    return [_from_value(value, None)]


def read_body(body: bytes, device: str | None = None) -> DeviceReports:
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
    return _from_value(value, device)


def _from_value(value: Any, device: str | None) -> DeviceReports:
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
    try:
        return read_device_id(value)
    except BadDeviceId as error:
        raise wrong_shape(
            "missing_field" if error.missing else "invalid_field", str(error), "/device_id"
        ) from None


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
