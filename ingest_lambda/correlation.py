"""The ids by which a report is found again: the request's own, and the trace it belongs to."""

from __future__ import annotations

import os
import re

from ingest_lambda.exchange import Request

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


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
