"""What a device reported and how it travels: PositionReport, Envelope, their one form on the stream."""

from __future__ import annotations

from enum import StrEnum

import msgspec

# Version 1 of the wire. Structs travel as MessagePack arrays, so a newer door may append a field with a
# default and an older consumer still reads it; anything else that changes needs a new version number and a
# reader for both.
WIRE_VERSION = 1

MAX_DEVICE_ID_CHARS = 200
MAX_ACTIVITY_CHARS = 64
MAX_DEVICE_INFO_CHARS = {"name": 200, "model": 100, "os": 100, "app_version": 100}
MAX_PERMISSIONS_BYTES = 1024
MAX_EXTRA_BYTES = 4096
MAX_RAW_BYTES = 2048
MAX_DETAIL_CHARS = 300
MAX_POSITIONS = 1000
MAX_REGISTRATIONS = 100
MAX_METADATA_BYTES = 16_384
MAX_METADATA_DEPTH, MAX_METADATA_NAMES, MAX_METADATA_NAME_CHARS = 20, 50, 100

MICROSECONDS = 1_000_000
LAST_TIME_US = 253_402_300_799 * MICROSECONDS  # the end of year 9999

# metres a second in one of each unit that apps are known to send speed in
SPEED_UNITS = {"mps": 1.0, "kmh": 1 / 3.6, "knots": 1852 / 3600, "mph": 0.44704}


class Refusal(StrEnum):
    """Why the porch set one position aside; the consumer counts it as quarantined under this reason."""

    NOT_AN_OBJECT = "not_an_object"
    MISSING_RECORDED_AT = "missing_recorded_at"
    BAD_RECORDED_AT = "bad_recorded_at"
    MISSING_LATITUDE = "missing_latitude"
    BAD_LATITUDE = "bad_latitude"
    MISSING_LONGITUDE = "missing_longitude"
    BAD_LONGITUDE = "bad_longitude"
    MARKED_INVALID = "marked_invalid"  # by the device itself: its receiver had no fix
    ENCRYPTED = "encrypted"
    MISSING_DEVICE_ID = "missing_device_id"
    BAD_DEVICE_ID = "bad_device_id"
    UNRECOGNISED = "unrecognised"  # a request that is no form known here


class Channel(StrEnum):
    """By which door a report came in."""

    HTTP = "http"
    MQTT = "mqtt"


class PositionReport(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One fix as a device sent it, already in SI units; None is "the device did not say".

    Longitude and latitude are WGS 84 degrees within ±180 and ±90 and finite. `accuracy_m`, `speed_mps` and
    `heading_deg` are never negative, heading is below 360, battery within 0..1. `permissions` and `extra` are
    JSON texts of at most MAX_PERMISSIONS_BYTES and MAX_EXTRA_BYTES; `extra` holds what the device sent beyond
    the known fields and, under "dropped", optional facts that made no sense.
    """

    recorded_at_us: int
    longitude: float
    latitude: float
    accuracy_m: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    battery: float | None = None
    charging: bool | None = None
    activity: str | None = None
    permissions: str | None = None
    extra: str | None = None


class DeviceInfo(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a device says about itself; used when it is registered. None is "did not say"."""

    name: str | None = None
    model: str | None = None
    os: str | None = None
    app_version: str | None = None


class RefusedPosition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One position the porch could not read: its place in the request, the reason, a sentence, its text.

    `reason` is the text of a Refusal. It travels as plain text so that a consumer older than the door still
    reads it. `raw` is ASCII JSON of at most MAX_RAW_BYTES; a longer one is cut and then no longer JSON.
    """

    index: int
    reason: str
    detail: str
    raw: str


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """What one HTTP request or MQTT message of one device becomes on the stream.

    `device` is the caller's own id of the device, `request_id` the 16 bytes of a UUID, `received_at_us` epoch
    microseconds at the porch, `key_id` the key it came in by (the consumer checks once more that it is not
    revoked). An envelope with no device ("") is of a request that could not be told to belong to any: it
    registers nothing, and all of it is refused.

    `format` is the wire form it came in. `speed_unit` is the unit in which that form's speed was read before it
    became `speed_mps`: "mps", "kmh", "knots" or "mph", or "" when a device's settings have nothing to override.
    `part` is the place among the envelopes of one request, which may hold several devices.
    """

    version: int
    environment_id: int
    key_id: int
    device: str
    device_info: DeviceInfo | None
    received_at_us: int
    request_id: bytes
    traceparent: str | None
    channel: str
    positions: list[PositionReport]
    refused: list[RefusedPosition] = []
    format: str = "native"
    speed_unit: str = ""
    part: int = 0

    @property
    def count(self) -> int:
        """How many fixes this stands for: each must end in exactly one counted outcome."""
        return len(self.positions) + len(self.refused)


class Registration(msgspec.Struct, frozen=True, array_like=True, tag="registration"):
    """What a device says of itself without saying where it is. Its bytes begin with its tag, unlike an envelope's.

    Fields as in Envelope. `metadata` is a JSON object as text, of at most MAX_METADATA_BYTES, or None.
    """

    version: int
    environment_id: int
    key_id: int
    device: str
    received_at_us: int
    request_id: bytes
    traceparent: str | None
    info: DeviceInfo
    metadata: str | None = None


class BadEnvelope(Exception):
    """Bytes on the stream that are no envelope this version can read."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Envelope)
_registration_decoder = msgspec.msgpack.Decoder(Registration)


def encode(envelope: Envelope | Registration) -> bytes:
    """The bytes of an envelope or a registration on the stream."""
    return _encoder.encode(envelope)


def decode(data: bytes) -> Envelope:
    """The envelope in `data`; raises BadEnvelope, and nothing else, for anything that is not one."""
    try:
        envelope = _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadEnvelope(f"not a readable envelope: {error}") from error
    if envelope.version != WIRE_VERSION:
        raise BadEnvelope(f"envelope version {envelope.version}, this reader knows {WIRE_VERSION}")
    if not 0 <= envelope.received_at_us <= LAST_TIME_US:
        raise BadEnvelope(f"received at {envelope.received_at_us} µs, which no calendar shows")
    if len(envelope.request_id) != 16:
        raise BadEnvelope(f"request id of {len(envelope.request_id)} bytes instead of 16")
    return envelope


def decode_registration(data: bytes) -> Registration:
    """The registration in `data`; raises BadEnvelope, and nothing else, for anything that is not one."""
    try:
        registration = _registration_decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadEnvelope(f"not a readable registration: {error}") from error
    if registration.version != WIRE_VERSION:
        raise BadEnvelope(f"registration version {registration.version}, this reader knows {WIRE_VERSION}")
    if len(registration.request_id) != 16:
        raise BadEnvelope(f"request id of {len(registration.request_id)} bytes instead of 16")
    return registration


def request_id_text(request_id: bytes) -> str:
    """A request id as callers see it: `req_` and 32 hexadecimal digits."""
    return "req_" + request_id.hex()
