"""Writes an event into the outbox, in the transaction of whatever it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent


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
    rows = OutboxEvent.objects.unscoped("each row below names its environment")
    rows.bulk_create([OutboxEvent(**vars(event)) for event in events])
