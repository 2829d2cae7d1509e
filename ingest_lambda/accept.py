"""The HTTP edge in one function: request -> credential -> parse -> stream -> reply. No server, no database."""

from __future__ import annotations

import os
import re
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ingest_lambda.addresses import Address, Way, find
from ingest_lambda.config import MAX_BODY_BYTES
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.exchange import Reply, Request
from ingest_lambda.explain import explain
from ingest_lambda.feed import Feed
from ingest_lambda.formats import DeviceReports, native
from ingest_lambda.formats.catalogue import Understood, not_understood, understand
from ingest_lambda.formats.taking_apart import take_apart
from ingest_lambda.keys import VerifiedKey
from ingest_lambda.limits import Limits, NoLimits, over_quota
from ingest_lambda.problems import OPEN_TO_BROWSERS, Problem, body_too_large, render, wrong_shape
from ingest_lambda.report import MAX_POSITIONS, WIRE_VERSION, Channel, Envelope, request_id_text
from ingest_lambda.stream import StreamUnavailable, StreamWriter

RETRY_AFTER_S = 5

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_PREFLIGHT = [
    *OPEN_TO_BROWSERS,
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    (
        "access-control-allow-headers",
        "Authorization, Content-Type, Content-Encoding, Traceparent, X-Limit-U, X-Limit-D",
    ),
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
    feed: Feed | None = None  # what is known of environments; only explaining asks it


async def accept(request: Request, porch: Porch) -> Reply:
    """Answer one request, with what its app needs once the stream holds its reports. Never raises a Problem.

    401 for the credential, 413 for the size, 429 over quota, 400 for what cannot be read at all or told to be any
    device's, 404 and 405 for another address, 503 with Retry-After when the stream is away. A position that cannot
    be read is no reason for any of these: it travels on as refused, with its reason.
    """
    received_at_us = porch.now_us()
    request_id = new_request_id(received_at_us)
    try:
        if request.method == "OPTIONS":
            return Reply(204, [("x-request-id", request_id_text(request_id)), *_PREFLIGHT], b"")
        address = find(request.path)
        _check_method(request.method, address)
        key = (
            porch.gatekeeper.from_header(request.headers.get("authorization"))
            if address.key is None
            else (porch.gatekeeper.from_text(address.key))
        )
        traceparent = trace_of(request, request_id)
        if address.way is Way.DEVICES:
            body = unpacked(request, porch.max_body_bytes)
            return await _registrar(porch).register(body, key, received_at_us, request_id, traceparent)
        allowance = porch.limits.take(key, 1, received_at_us)
        if not allowance.granted:
            raise over_quota(allowance)
        understood = _understood(request, address, received_at_us, porch.max_body_bytes)
        if address.explain:
            facts = porch.feed.environment(key.environment_id) if porch.feed is not None else None
            would_be = _answer(understood, request_id, traceparent, allowance.headers)
            return explain(understood, would_be, facts, received_at_us, request_id_text(request_id))
        quota = porch.limits.charge(key, understood.fixes - 1 if understood.fixes else 0)
        envelopes = enclose_all(understood, key, received_at_us, request_id, traceparent)
        if envelopes:
            await porch.stream.put(envelopes)
    except Problem as problem:
        return render(problem, request_id_text(request_id))
    except StreamUnavailable:
        return render(_stream_away(), request_id_text(request_id))
    return _answer(understood, request_id, traceparent, quota)


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
    form: str = native.NAME,
    part: int = 0,
) -> Envelope:
    """The envelope in which the reports of one device travel the stream."""
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
        form,
        reports.speed_unit,
        part,
    )


def enclose_all(
    understood: Understood,
    key: VerifiedKey,
    received_at_us: int,
    request_id: bytes,
    traceparent: str,
    channel: Channel = Channel.HTTP,
) -> list[Envelope]:
    """The envelopes of one request: one for each device, more for one that sent more than MAX_POSITIONS."""
    envelopes: list[Envelope] = []
    for reports in understood.reports:
        if not reports.positions and not reports.refused:
            continue  # a heartbeat, a region left: nothing to store
        for piece in (reports,) if understood.fixes <= MAX_POSITIONS else _pieces(reports):
            envelopes.append(
                enclose(
                    piece,
                    key,
                    received_at_us,
                    request_id,
                    traceparent,
                    channel,
                    understood.form.NAME,
                    len(envelopes),
                )
            )
    return envelopes


def new_request_id(now_us: int) -> bytes:
    """The 16 bytes of a fresh UUID version 7: they begin with the time, so ids made together sort together."""
    milliseconds = (now_us // 1000).to_bytes(6, "big")
    random = bytearray(os.urandom(10))
    random[0] = random[0] & 0x0F | 0x70
    random[2] = random[2] & 0x3F | 0x80
    return milliseconds + random


def trace_of(request: Request, request_id: bytes) -> str:
    """The caller's W3C trace context, or one made here whose trace id is the request id."""
    return trace_context(request.headers.get("traceparent"), request_id)


def trace_context(given: str | None, request_id: bytes) -> str:
    """The trace context that was given where it is well formed, else one whose trace id is the request id."""
    return valid_traceparent(given) or f"00-{request_id.hex()}-{request_id[8:].hex()}-01"


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


def _understood(request: Request, address: Address, received_at_us: int, limit: int) -> Understood:
    """What the request is. Raises Problem 413; at our own address also 400, for that has its one form."""
    if address.way is Way.POSITIONS:
        reports = native.read_body(unpacked(request, limit))
        return Understood(native, [reports], len(reports.positions) + len(reports.refused))
    try:
        body = unpacked(request, limit)
        asked = take_apart(request.query, body, received_at_us, request.headers, address.device)
    except Problem as problem:
        if problem.status != 400:
            raise
        return not_understood(problem, request.body)
    return understand(asked)


def _pieces(reports: DeviceReports) -> list[DeviceReports]:
    """The same reports in runs of at most MAX_POSITIONS, in their order."""
    return [
        reports._replace(
            positions=reports.positions[start : start + MAX_POSITIONS],
            refused=reports.refused[start : start + MAX_POSITIONS],
        )
        for start in range(0, max(len(reports.positions), len(reports.refused)), MAX_POSITIONS)
    ]


def _check_method(method: str, address: Address) -> None:
    if method not in address.methods:
        allowed = ", ".join(sorted(address.methods))
        detail = f"{method} is not possible here: send your reports with {allowed.replace(', ', ' or ')}."
        raise Problem(405, "method_not_allowed", detail, headers=(("allow", f"{allowed}, OPTIONS"),))


def _registrar(porch: Porch) -> Registrar:
    if porch.registrar is None:
        raise Problem(404, "not_found", "This door takes no registrations.")
    return porch.registrar


def _stream_away() -> Problem:
    detail = "The reports could not be stored just now. Send them again in a few seconds."
    return Problem(503, "stream_unavailable", detail, headers=(("retry-after", str(RETRY_AFTER_S)),))


def _answer(
    understood: Understood, request_id: bytes, traceparent: str, quota: Sequence[tuple[str, str]]
) -> Reply:
    text = request_id_text(request_id)
    if understood.problem is not None:
        reply = render(understood.problem, text)
        reply.headers.extend(quota)
        return reply
    status, content_type, body = understood.form.reply(text, understood.fixes)
    headers = [
        ("content-type", content_type),
        ("x-request-id", text),
        ("traceparent", traceparent),
        *OPEN_TO_BROWSERS,
        *quota,
    ]
    return Reply(status, headers, body)
