"""The wire of reports: pinned to the byte, because old consumers read what new doors write."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda import report
from ingest_lambda.report import BadEnvelope, DeviceInfo, Envelope, PositionReport, RefusedPosition

FULL = PositionReport(
    1700000000123456,
    4.9,
    52.37,
    5.0,
    1.5,
    3.25,
    90.0,
    0.5,
    True,
    "walking",
    '{"location":"always"}',
    '{"a":1}',
)
ENVELOPE = Envelope(
    version=1,
    environment_id=11,
    key_id=7,
    device="van-1",
    device_info=DeviceInfo(name="Van 1"),
    received_at_us=1700000001000000,
    request_id=bytes(range(16)),
    traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01",
    channel="http",
    positions=[FULL, PositionReport(1, 2.0, 3.0)],
    refused=[RefusedPosition(2, "bad_latitude", "latitude 91 is outside -90..90", '{"latitude":91}')],
)
GOLDEN = bytes.fromhex(
    "9b010b07a576616e2d3194a556616e2031c0c0c0cf00060a24182d8240c410000102030405060708090a0b0c0d0e0fd93730302d"
    "61616161616161616161616161616161616161616161616161616161616161612d626262626262626262626262626262622d3031"
    "a468747470929ccf00060a2418202240cb401399999999999acb404a2f5c28f5c28fcb4014000000000000cb3ff8000000000000"
    "cb400a000000000000cb4056800000000000cb3fe0000000000000c3a777616c6b696e67b57b226c6f636174696f6e223a22616c"
    "77617973227da77b2261223a317d9c01cb4000000000000000cb4008000000000000c0c0c0c0c0c0c0c0c0919402ac6261645f6c"
    "61746974756465be6c61746974756465203931206973206f757473696465202d39302e2e3930af7b226c61746974756465223a39"
    "317d"
)


# the same with the fields that came later: format "native", no unit of speed, part 0
GOLDEN_NOW = bytes([GOLDEN[0] + 3]) + GOLDEN[1:] + b"\xa6native\xa0\x00"


def test_the_bytes_on_the_stream_are_the_ones_agreed():
    assert report.encode(ENVELOPE) == GOLDEN_NOW


@pytest.mark.parametrize("data", [GOLDEN, GOLDEN_NOW], ids=["eleven fields", "fourteen fields"])
def test_the_bytes_of_every_door_so_far_are_still_read(data):
    assert report.decode(data) == ENVELOPE


def test_an_envelope_stands_for_its_good_and_its_refused_positions():
    assert ENVELOPE.count == 3


def test_a_field_appended_by_a_newer_door_does_not_hurt():
    plain = msgspec.msgpack.decode(GOLDEN_NOW)
    plain.append("something new")
    plain[9][0].append("another new fact")
    assert report.decode(msgspec.msgpack.encode(plain)) == ENVELOPE


def test_an_unknown_version_is_named():
    plain = msgspec.msgpack.decode(GOLDEN)
    plain[0] = 2
    with pytest.raises(BadEnvelope, match="version 2"):
        report.decode(msgspec.msgpack.encode(plain))


def test_a_short_request_id_is_refused():
    plain = msgspec.msgpack.decode(GOLDEN)
    plain[6] = b"short"
    with pytest.raises(BadEnvelope, match="5 bytes"):
        report.decode(msgspec.msgpack.encode(plain))


@given(st.binary(max_size=300))
def test_any_bytes_are_an_envelope_or_a_bad_envelope(data):
    with contextlib.suppress(BadEnvelope):
        report.decode(data)


@given(st.integers(0, len(GOLDEN) - 1), st.integers(0, 255))
def test_one_changed_byte_never_raises_anything_else(place, value):
    data = bytearray(GOLDEN)
    data[place] = value
    with contextlib.suppress(BadEnvelope):
        report.decode(bytes(data))


def test_a_deeply_nested_message_is_a_bad_envelope():
    with pytest.raises(BadEnvelope):
        report.decode(b"\x91" * 100_000)


def test_the_request_id_is_shown_with_its_prefix():
    assert report.request_id_text(bytes(range(16))) == "req_000102030405060708090a0b0c0d0e0f"
