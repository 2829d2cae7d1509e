"""What AWS IoT's rule puts on the stream, as envelopes: the same that the bridge makes of the same message.

The rule writes JSON: `{"topic", "principal", "received_ms", "trace", "payload"}`, the payload in base64, `trace` the
message's user property `traceparent` or null. IoT lets only the certificate of a device write to its topics.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from typing import Any

import msgspec

from ingest_lambda.config import MAX_BODY_BYTES
from ingest_lambda.correlation import trace_context
from ingest_lambda.mqtt.messages import read_message
from ingest_lambda.report import LAST_TIME_US, BadEnvelope, Envelope

FIRST_BYTE = b"{"  # no envelope begins with it: those are MessagePack arrays


class _Message(msgspec.Struct):
    topic: str
    received_ms: int
    payload: str
    principal: str = ""
    trace: Any = None  # a property may be there several times: IoT's SQL may give the list of its values


_decoder = msgspec.json.Decoder(_Message)


def envelopes_of(data: bytes) -> list[Envelope]:
    """The envelopes of one record; none where the message holds no report. Raises BadEnvelope, and nothing else.

    Their request id comes from the record itself: however often it is delivered, it is the same request.
    """
    try:
        message = _decoder.decode(data)
        payload = b64decode(message.payload, validate=True)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise BadEnvelope(f"not a readable record of the IoT rule: {error}") from error
    received_at_us = message.received_ms * 1000
    if not 0 <= received_at_us <= LAST_TIME_US:
        raise BadEnvelope(f"received at {message.received_ms} ms, which no calendar shows")
    told = _first_text(message.trace)
    read = read_message(message.topic, payload, told, MAX_BODY_BYTES, received_at_us)
    if read.problem is not None and not read.envelopes:
        raise BadEnvelope(f"{read.problem.code}: {read.problem.detail}")
    request_id = request_id_of(message.received_ms, data)
    trace = trace_context(told, request_id)
    return [
        msgspec.structs.replace(envelope, request_id=request_id, traceparent=trace)
        for envelope in read.envelopes
    ]


def _first_text(told: Any) -> str | None:
    """A text, or the first of a list of them; what is neither is no trace and no reason to refuse the report."""
    if isinstance(told, list):
        told = told[0] if told else None
    return told if isinstance(told, str) else None


def request_id_of(received_ms: int, data: bytes) -> bytes:
    """A UUID of version 8 that begins with the time, as all our request ids, and goes on with the record's digest."""
    rest = bytearray(hashlib.sha256(data).digest()[:10])
    rest[0] = rest[0] & 0x0F | 0x80
    rest[2] = rest[2] & 0x3F | 0x80
    return (received_ms & 0xFFFF_FFFF_FFFF).to_bytes(6, "big") + rest
