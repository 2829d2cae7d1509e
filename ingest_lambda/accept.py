"""The HTTP edge in one function: request -> credential -> parse -> stream -> reply. No server, no database."""

from __future__ import annotations

import os
import re
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ingest_lambda.config import MAX_BODY_BYTES
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.exchange import Reply, Request
from ingest_lambda.formats import DeviceReports, native
from ingest_lambda.keys import VerifiedKey
from ingest_lambda.limits import Limits, NoLimits, over_quota
from ingest_lambda.problems import OPEN_TO_BROWSERS, Problem, body_too_large, render, wrong_shape
from ingest_lambda.report import WIRE_VERSION, Channel, Envelope, request_id_text
from ingest_lambda.stream import StreamUnavailable, StreamWriter

POSITIONS_PATH = "/ingest/v1/positions"
DEVICES_PATH = "/ingest/v1/devices"
RETRY_AFTER_S = 5

_POSITIONS = frozenset({POSITIONS_PATH, POSITIONS_PATH + "/"})
_DEVICES = frozenset({DEVICES_PATH, DEVICES_PATH + "/"})
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_PREFLIGHT = [
    *OPEN_TO_BROWSERS,
    ("access-control-allow-methods", "POST, OPTIONS"),
    ("access-control-allow-headers", "Authorization, Content-Type, Content-Encoding, Traceparent"),
    ("access-control-max-age", "86400"),
]


class Registrar(Protocol):
    """Takes registrations of devices, in their lane."""

    async def register(
        self, body: bytes, key: VerifiedKey, received_at_us: int, request_id: bytes, traceparent: str
    ) -> Reply:
        """Answer one POST of registrations; raises Problem or StreamUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Porch:
    """What accepting needs from its surroundings. `now_us` gives epoch microseconds."""

    gatekeeper: Gatekeeper
    stream: StreamWriter
    max_body_bytes: int = MAX_BODY_BYTES
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    limits: Limits = field(default_factory=NoLimits)
    registrar: Registrar | None = None  # None: this door takes no registrations


async def accept(request: Request, porch: Porch) -> Reply:
    """Answer one request. 202 once the stream holds its reports; else a problem document. Never raises a Problem.

    401 for the credential, 413 for the size, 400 for what cannot be read at all, 404 and 405 for another
    address, 503 with Retry-After when the stream is away. A position that cannot be read is no reason for any
    of these: it travels on as refused, with its reason.
    """
    received_at_us = porch.now_us()
    request_id = new_request_id(received_at_us)
    try:
        if request.method == "OPTIONS":
            return Reply(204, [("x-request-id", request_id_text(request_id)), *_PREFLIGHT], b"")
        _check_address(request, porch)
        key = porch.gatekeeper.from_header(request.headers.get("authorization"))
        body = unpacked(request, porch.max_body_bytes)
        traceparent = trace_of(request, request_id)
        if porch.registrar is not None and request.path in _DEVICES:
            return await porch.registrar.register(body, key, received_at_us, request_id, traceparent)
        reports = native.read_body(body)
        envelope = enclose(reports, key, received_at_us, request_id, traceparent, Channel.HTTP)
        allowance = porch.limits.take(key, envelope.count, received_at_us)
        if not allowance.granted:
            raise over_quota(allowance)
        await porch.stream.put((envelope,))
    except Problem as problem:
        return render(problem, request_id_text(request_id))
    except StreamUnavailable:
        return render(_stream_away(), request_id_text(request_id))
    return _accepted(request_id_text(request_id), envelope.count, allowance.headers)


def refuse(problem: Problem, porch: Porch) -> Reply:
    """The reply to a request that a server turned away before it could be read whole."""
    return render(problem, request_id_text(new_request_id(porch.now_us())))


def enclose(
    reports: DeviceReports,
    key: VerifiedKey,
    received_at_us: int,
    request_id: bytes,
    traceparent: str | None,
    channel: Channel,
) -> Envelope:
    """The envelope in which the reports of one request travel the stream."""
    return Envelope(
        WIRE_VERSION,
        key.environment_id,
        key.key_id,
        reports.device,
        reports.device_info,
        received_at_us,
        request_id,
        traceparent,
        channel.value,
        reports.positions,
        reports.refused,
    )


def new_request_id(now_us: int) -> bytes:
    """The 16 bytes of a fresh UUID version 7: they begin with the time, so ids made together sort together."""
    milliseconds = (now_us // 1000).to_bytes(6, "big")
    random = bytearray(os.urandom(10))
    random[0] = random[0] & 0x0F | 0x70
    random[2] = random[2] & 0x3F | 0x80
    return milliseconds + random


def trace_of(request: Request, request_id: bytes) -> str:
    """The caller's W3C trace context, or one made here whose trace id is the request id."""
    given = request.headers.get("traceparent")
    return (given and valid_traceparent(given)) or f"00-{request_id.hex()}-{request_id[8:].hex()}-01"


def valid_traceparent(value: str | None) -> str | None:
    """The caller's W3C trace context when it is well formed; what follows its four parts is cut."""
    if value is None:
        return None
    found = _TRACEPARENT.match(value.strip())
    return found[0] if found and not found[0].startswith("ff") else None


def unpacked(request: Request, limit: int) -> bytes:
    """The body, inflated when it came as gzip, never beyond `limit` bytes. Raises Problem 413 or 400."""
    if len(request.body) > limit:
        raise body_too_large(limit)
    coding = request.headers.get("content-encoding")
    if coding is None or coding == "identity" or not coding:
        return request.body
    if coding.strip().lower() not in {"gzip", "x-gzip"}:
        detail = "Send the body as it is, or with Content-Encoding: gzip."
        raise wrong_shape("unsupported_encoding", detail, "Content-Encoding")
    inflater = zlib.decompressobj(wbits=31)
    try:
        body = inflater.decompress(request.body, limit + 1)
    except zlib.error:
        raise wrong_shape("invalid_encoding", "The body is not valid gzip.", "Content-Encoding") from None
    if len(body) > limit:
        raise body_too_large(limit)
    if not inflater.eof:
        raise wrong_shape("invalid_encoding", "The gzip body is cut short.", "Content-Encoding")
    return body


def _check_address(request: Request, porch: Porch) -> None:
    if request.path not in _POSITIONS and (porch.registrar is None or request.path not in _DEVICES):
        raise Problem(404, "not_found", f"Nothing is here. Positions are posted to {POSITIONS_PATH}.")
    if request.method != "POST":
        detail = f"{request.method} is not possible here: POST your positions."
        raise Problem(405, "method_not_allowed", detail, headers=(("allow", "POST, OPTIONS"),))


def _stream_away() -> Problem:
    detail = "The reports could not be stored just now. Send them again in a few seconds."
    return Problem(503, "stream_unavailable", detail, headers=(("retry-after", str(RETRY_AFTER_S)),))


def _accepted(request_id: str, received: int, limits: Sequence[tuple[str, str]]) -> Reply:
    headers = [("content-type", "application/json"), ("x-request-id", request_id), *OPEN_TO_BROWSERS, *limits]
    return Reply(202, headers, f'{{"request_id":"{request_id}","received":{received}}}'.encode())
