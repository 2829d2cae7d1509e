"""The ordered list of steps a batch walks. What happens to a report, and in which order, is read here."""

from __future__ import annotations

from collections.abc import Callable

from ingest_lambda.batch import Batch
from ingest_lambda.steps.count_outcomes import count_outcomes
from ingest_lambda.steps.cross_geofences import cross_geofences
from ingest_lambda.steps.judge import judge_batch
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.move_state import move_state
from ingest_lambda.steps.note_traces import note_traces
from ingest_lambda.steps.note_use import note_use
from ingest_lambda.steps.recognise import recognise
from ingest_lambda.steps.store import Store
from ingest_lambda.steps.store_positions import store_positions

Step = Callable[[Batch, Store, Known], None]

# In one transaction, one round trip more or less each for the whole batch. `announce` follows the commit.
STEPS: tuple[Step, ...] = (
    recognise,  # whose is it, may it come in, which device is it
    judge_batch,  # accepted, duplicate or filtered, and why
    store_positions,  # the history, and the reports set aside
    cross_geofences,  # which geofences were entered and left
    move_state,  # the marker
    note_traces,  # from callers' trace ids to our request ids
    note_use,  # what is charged for, by key and hour
    count_outcomes,  # each report has exactly one ending
)


def walk(batch: Batch, store: Store, known: Known) -> None:
    """Take the batch through every step. Whatever a step raises ends the walk; the caller owns the transaction."""
    for step in STEPS:
        batch.step = step.__name__
        step(batch, store, known)
