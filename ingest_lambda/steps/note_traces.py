"""Lead from a caller's own trace id to our request id, where the caller sent a W3C trace context."""

from __future__ import annotations

from uuid import UUID

from ingest_lambda.batch import Batch
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store

_TRACE_ID = slice(3, 35)  # of a traceparent: two digits of version, a dash, 32 digits of trace id


def note_traces(batch: Batch, store: Store, known: Known) -> None:
    """One row for each request whose trace id is not its request id; the door makes those alike where it makes one."""
    noted: dict[tuple[int, UUID, UUID], int] = {}
    for envelope in batch.envelopes:
        if envelope.traceparent is None:
            continue
        trace_id = envelope.traceparent[_TRACE_ID]
        if trace_id == envelope.request_id.hex():
            continue
        try:
            key = (envelope.environment_id, UUID(hex=trace_id), UUID(bytes=envelope.request_id))
        except ValueError:
            continue  # no trace id at all: not worth a report
        noted[key] = envelope.received_at_us
    if noted:
        store.note_traces([(*key, received_us) for key, received_us in sorted(noted.items())])
