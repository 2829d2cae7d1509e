"""Fourth step: the marker moves to the newest accepted fix; back only where a late fix proved that one wrong."""

from __future__ import annotations

from ingest_lambda.batch import Batch
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store


def move_state(batch: Batch, store: Store, known: Known) -> None:
    """Write the states of devices with another newest fix, and the jumps of those without."""
    moved, suspected = [], []
    for trail in batch.trails.values():
        if not trail.touched or trail.state is None:
            continue
        if trail.newest is not None:
            moved.append(trail)
        else:
            suspected.append((trail.device_id, trail.state))
    if stateless := batch.rewritten.stateless:
        store.drop_states([trail.device_id for trail in stateless])
    if moved:
        if batch.careful:
            store.clear_staged()  # another half of the batch may have been walked in this transaction
        # sorted, so that two workers that ever meet on the same devices wait instead of deadlocking
        store.move_states(sorted(moved, key=lambda trail: trail.device_id), batch.now_us)
    if suspected:
        store.suspect_states(suspected)
