"""The body of a registration: one device, or up to MAX_REGISTRATIONS of them under "devices"."""

from __future__ import annotations

from typing import Any, NamedTuple

from ingest_lambda.formats.device_id import BadDeviceId, read_device_id
from ingest_lambda.formats.json_text import BadJson, compact, decode
from ingest_lambda.formats.position import printable
from ingest_lambda.problems import wrong_shape
from ingest_lambda.report import (
    MAX_DEVICE_INFO_CHARS,
    MAX_METADATA_BYTES,
    MAX_METADATA_DEPTH,
    MAX_METADATA_NAME_CHARS,
    MAX_METADATA_NAMES,
    MAX_REGISTRATIONS,
    DeviceInfo,
)

EXAMPLE = '{"device_id": "...", "name": "...", "metadata": {}}, or {"devices": [...]}'


class Said(NamedTuple):
    """What one device says of itself. Hashable: what hashes alike is the same content."""

    device: str
    info: DeviceInfo
    metadata: str | None


def read(body: bytes) -> list[Said]:
    """The devices in a body. Raises Problem 400, naming the field: a body is taken whole or not at all."""
    try:
        value = decode(body)
    except BadJson as error:
        raise wrong_shape("invalid_json", str(error)) from None
    if not isinstance(value, dict):
        raise wrong_shape("invalid_body", f"The body must be a JSON object: {EXAMPLE}.")
    if "devices" not in value:
        return [_said(value, "")]
    devices = value["devices"]
    if not isinstance(devices, list):
        raise wrong_shape("invalid_field", "devices must be a list of devices.", "/devices")
    if not devices:
        raise wrong_shape("no_devices", f"devices is empty: send 1 to {MAX_REGISTRATIONS}.", "/devices")
    if len(devices) > MAX_REGISTRATIONS:
        detail = f"devices holds {len(devices)} devices: send at most {MAX_REGISTRATIONS} at a time."
        raise wrong_shape("too_many_devices", detail, "/devices")
    return [_said(device, f"/devices/{index}") for index, device in enumerate(devices)]


def _said(value: Any, pointer: str) -> Said:
    if not isinstance(value, dict):
        raise wrong_shape("invalid_field", "A device must be a JSON object.", pointer)
    try:
        device = read_device_id(value.get("device_id"))
    except BadDeviceId as error:
        code = "missing_field" if error.missing else "invalid_field"
        raise wrong_shape(code, str(error), f"{pointer}/device_id") from None
    facts = {name: _text(value.get(name), limit) for name, limit in MAX_DEVICE_INFO_CHARS.items()}
    return Said(device, DeviceInfo(**facts), _metadata(value.get("metadata"), f"{pointer}/metadata"))


def _text(value: Any, limit: int) -> str | None:
    """As in a report: a wrong type counts as not said, what is too long is cut."""
    return printable(value, limit) if isinstance(value, str) else None


def _metadata(value: Any, pointer: str) -> str | None:
    if value is None or value == {}:
        return None
    if not isinstance(value, dict):
        raise wrong_shape("invalid_field", "metadata must be an object.", pointer)
    for name in value:
        if not 1 <= len(name.replace("\x00", "")) <= MAX_METADATA_NAME_CHARS:
            detail = (
                f"A key of metadata must have 1 to {MAX_METADATA_NAME_CHARS} characters, not {len(name)}."
            )
            raise wrong_shape("invalid_field", detail, pointer)
    if len(value) > MAX_METADATA_NAMES:
        detail = f"metadata has {len(value)} keys; at most {MAX_METADATA_NAMES} are possible."
        raise wrong_shape("invalid_field", detail, pointer)
    text = compact(value, MAX_METADATA_BYTES, MAX_METADATA_DEPTH)
    # as stored: with a space behind each comma and colon
    if text is None or len(text.encode()) + text.count(",") + text.count(":") > MAX_METADATA_BYTES:
        detail = (
            f"metadata must have at most {MAX_METADATA_BYTES} bytes and {MAX_METADATA_DEPTH} levels, "
            "and no number without an end."
        )
        raise wrong_shape("invalid_field", detail, pointer)
    return text
