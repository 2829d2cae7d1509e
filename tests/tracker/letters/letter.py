"""A dead letter as the edge parks it."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from ingest_lambda.report import WIRE_VERSION, Envelope, PositionReport, RefusedPosition, encode
from tracker.ingestion.models import DeadLetter
from tracker.tenants.models import Environment

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromtimestamp(0, UTC)


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def an_envelope(
    environment_id: int,
    *,
    device: str = "van-1",
    request: uuid.UUID | None = None,
    fixes: int = 1,
    first: datetime | None = None,
    **facts: Any,
) -> Envelope:
    """What a door would have put on the stream: fixes a second apart, the first one given or a minute old."""
    begin = first or datetime.now(UTC) - timedelta(minutes=1)
    values: dict[str, Any] = {
        "version": WIRE_VERSION,
        "environment_id": environment_id,
        "key_id": 1,
        "device": device,
        "device_info": None,
        "received_at_us": microseconds(datetime.now(UTC)),
        "request_id": (request or uuid.uuid4()).bytes,
        "traceparent": None,
        "channel": "http",
        "positions": [
            PositionReport(microseconds(begin) + n * 1_000_000, 4.9 + n * 1e-4, 52.37, accuracy_m=5.0)
            for n in range(fixes)
        ],
    }
    return Envelope(**cast(Any, values | facts))


def a_letter(environment: Environment | None, *, device: str = "van-1", **facts: Any) -> DeadLetter:
    """A letter of one fix, parked now."""
    envelope = an_envelope(environment.pk if environment else 7, device=device)
    refused = [RefusedPosition(0, "bad_latitude", "latitude 91", '{"latitude":91}')]
    values: dict[str, Any] = {
        "lane": "loc:0",
        "entry_id": "1795400000000-0",
        "entry_index": 3,
        "reason": "store_positions: ValueError",
        "error": "ValueError: row 4711 of nobody's business",
        "payload": encode(envelope)
        if not facts.pop("refused", False)
        else encode(an_envelope(environment.pk if environment else 7, device=device, refused=refused)),
        "request_id": uuid.UUID(bytes=envelope.request_id),
        "received_at": datetime.now(UTC),
    }
    return DeadLetter.objects.create(environment=environment, **cast(Any, values | facts))
