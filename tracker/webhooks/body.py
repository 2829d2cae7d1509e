"""What an endpoint is sent: the body and headers of a message, the same bytes at every attempt. Pure."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tracker.http.times import moment_text
from tracker.tenants.identifiers import public_id

USER_AGENT = "Milepost-Webhooks/1"


def body_of(
    *, event: UUID, kind: str, occurred_at: datetime, environment: UUID, data: dict[str, Any] | msgspec.Raw
) -> bytes:
    """The JSON of an event. `timestamp` is when it happened; when it is sent stands in the header."""
    return msgspec.json.encode(
        {
            "id": public_id("evt", event),
            "type": kind,
            "timestamp": moment_text(occurred_at),
            "environment": public_id("env", environment),
            "data": data,
        }
    )


def trace_headers(request: UUID | None, message: UUID) -> dict[str, str]:
    """By which the receiver can name the report that led to this: our request id, and a trace with that id."""
    if request is None:
        return {}
    return {
        "milepost-request-id": public_id("req", request),
        "traceparent": f"00-{request.hex}-{message.hex[:16]}-01",
    }
