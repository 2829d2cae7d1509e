"""What billing will count, written with what it counts: uses by key and hour, and which devices a month has seen.

In the batch's transaction, so a batch that is stored once is counted once. Both tables outlive what they count:
deleting a device, or dropping old days, changes nothing in them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from ingest_lambda.batch import Batch
from ingest_lambda.report import MICROSECONDS, Envelope
from ingest_lambda.steps.count_outcomes import lane_suffix
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store

_HOUR_US = 3600 * MICROSECONDS


def note_use(batch: Batch, store: Store, known: Known) -> None:
    """Add the batch's uses; note the devices that this worker does not know to be noted for the month already."""
    if batch.uses:
        store.count_uses(lane_suffix(batch.lane), batch.uses)
    batch.active = _first_seen(batch, known)
    if batch.active:
        store.note_active(batch.active)


def _first_seen(batch: Batch, known: Known) -> list[tuple[int, int, int, int]]:
    """Of each device and month the first instant at which this batch received an accepted fix, where that is news."""
    found: dict[tuple[int, int, int], int] = {}
    last: Envelope | None = None
    for trail, _, envelope, _ in batch.accepted:
        if envelope is last:
            continue  # an envelope is of one device and one instant
        last, received_us = envelope, envelope.received_at_us
        month = month_of(received_us // _HOUR_US)
        if known.is_noted_active(trail.device_id, month, received_us):
            continue
        key = (trail.environment.id, month, trail.device_id)
        found[key] = min(received_us, found.get(key, received_us))
    return [(*key, received_us) for key, received_us in found.items()]


@lru_cache(maxsize=64)
def month_of(hour: int) -> int:
    """The month, as the epoch second of its begin in UTC, of an hour since the epoch."""
    at = datetime.fromtimestamp(hour * 3600, UTC)
    return int(at.replace(day=1, hour=0).timestamp())
