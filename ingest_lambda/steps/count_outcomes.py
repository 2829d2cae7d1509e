"""Last step of the transaction: count each ending, to the unit, and park what nobody can end."""

from __future__ import annotations

from ingest_lambda.batch import Batch
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store


class Miscounted(Exception):
    """A report ended twice or not at all: a mistake in the steps, so nothing of the batch may be stored."""


def count_outcomes(batch: Batch, store: Store, known: Known) -> None:
    """Add the endings to the counts. Raises Miscounted unless each report has exactly one."""
    ended = sum(batch.counts.values())
    homeless = sum(dead.unit.fixes for dead in batch.dead)
    if ended + homeless != batch.received:
        raise Miscounted(f"{batch.received} reports, {ended} endings and {homeless} for the dead letters")
    if batch.counts:
        store.count_outcomes(lane_suffix(batch.lane), batch.counts)
    if batch.dead:
        store.park(batch.dead)


def lane_suffix(lane: str) -> int:
    """The number a lane's name ends with; it keeps two workers off one row of counts."""
    digits = lane.rpartition(":")[2]
    return int(digits) % 32_768 if digits.isdigit() else 0
