"""Third step: write what was kept, and what was set aside with its reason; first what late fixes changed."""

from __future__ import annotations

from ingest_lambda.batch import Batch
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store


def store_positions(batch: Batch, store: Store, known: Known) -> None:
    """Copy accepted fixes straight into the history: the judge has already left out what is there."""
    store.rewrite(batch.rewritten)
    if batch.accepted:
        store.add_positions(batch.accepted, batch.now_us)
    if batch.set_aside:
        store.add_set_aside(batch.set_aside, batch.now_us)
