"""Writes an event into the outbox, in the transaction of whatever it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent

# one statement with one parameter: thousands of shipments may be announced at once
RECORD_ALL = """
    INSERT INTO tracker_outboxevent (environment_id, kind, data, occurred_at, device_id, request_id)
    SELECT r.environment_id, r.kind, r.data, r.occurred_at, r.device_id, r.request_id
    FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (environment_id bigint, kind text, data jsonb,
        occurred_at timestamptz, device_id bigint, request_id uuid)) WITH ORDINALITY AS r
    ORDER BY r.ordinality
"""


class OutsideTransaction(Exception):
    """An event was recorded outside the transaction of what it tells of: one could be kept without the other."""


def record(
    environment_id: int,
    kind: Kind,
    data: dict[str, Any],
    *,
    occurred_at: datetime,
    device_id: int | None = None,
    request_id: UUID | None = None,
) -> OutboxEvent:
    """Note that something happened. `data` is what subscribers get, as the kind's published schema says."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{kind}: record it where it happens, inside the transaction")
    return OutboxEvent.objects.create(
        environment_id=environment_id,
        kind=kind,
        data=data,
        occurred_at=occurred_at,
        device_id=device_id,
        request_id=request_id,
    )


@dataclass(frozen=True)
class NewEvent:
    """An event to be recorded among others; the fields are those of `record`."""

    environment_id: int
    kind: Kind
    data: dict[str, Any]
    occurred_at: datetime
    device_id: int | None = None
    request_id: UUID | None = None


def record_all(events: Sequence[NewEvent]) -> None:
    """The same for many at once, of whichever customers; in the order given."""
    if events and not connection.in_atomic_block:
        raise OutsideTransaction(f"{events[0].kind}: record it where it happens, inside the transaction")
    rows = msgspec.json.encode([vars(event) for event in events]).decode()
    if events:
        with connection.cursor() as cursor:
            cursor.execute(RECORD_ALL, [rows])
