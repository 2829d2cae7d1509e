"""The ids by which a report is found again: the request's own, and the trace it belongs to."""

from __future__ import annotations

import os
import re

from ingest_lambda.exchange import Request

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_VERSION_AND_VARIANT = 7 << 76 | 2 << 62
_RANDOM_BITS = (1 << 80) - 1 - (15 << 76 | 3 << 62)


def new_request_id(now_us: int) -> bytes:
    """The 16 bytes of a fresh UUID version 7: they begin with the time, so ids made together sort together."""
    random = int.from_bytes(os.urandom(10), "big") & _RANDOM_BITS
    return ((now_us // 1000) << 80 | random | _VERSION_AND_VARIANT).to_bytes(16, "big")


def trace_of(request: Request, request_id: bytes) -> str:
    """The caller's W3C trace context, or one made here whose trace id is the request id."""
    return trace_context(request.headers.get("traceparent"), request_id)


def trace_context(given: str | None, request_id: bytes) -> str:
    """The trace context that was given where it is well formed, else one whose trace id is the request id."""
    if given is not None and (valid := valid_traceparent(given)) is not None:
        return valid
    digits = request_id.hex()
    return f"00-{digits}-{digits[16:]}-01"


def valid_traceparent(value: str | None) -> str | None:
    """The caller's W3C trace context when it is well formed; what follows its four parts is cut."""
    if value is None:
        return None
    found = _TRACEPARENT.match(value.strip())
    return found[0] if found and not found[0].startswith("ff") else None
