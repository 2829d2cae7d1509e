"""Fourth step: the marker moves forward, and the anchor tells since when a device stands still."""

from __future__ import annotations

from ingest_lambda.batch import Batch, State
from ingest_lambda.geometry import distance_m, farthest_m
from ingest_lambda.report import PositionReport
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store

STANDING_RADIUS_M = 30.0  # jitter of a parked phone stays within


def move_state(batch: Batch, store: Store, known: Known) -> None:
    """Write the states of devices that moved forward, and the jumps of those that did not."""
    moved, suspected = [], []
    for trail in batch.trails.values():
        if not trail.touched or trail.state is None:
            continue
        if not trail.forward:
            suspected.append((trail.device_id, trail.state.believed))
            continue
        for fix, _ in trail.forward:
            drag_anchor(trail.state, fix)
        moved.append(trail)
    if moved:
        # sorted, so that two workers that ever meet on the same devices wait instead of deadlocking
        store.move_states(sorted(moved, key=lambda trail: trail.device_id), batch.now_us)
    if suspected:
        store.suspect_states(suspected)


def drag_anchor(state: State, fix: PositionReport) -> None:
    """Let the anchor follow a fix that is farther away than jitter explains; that is when it last moved."""
    radius_m = max(STANDING_RADIUS_M, fix.accuracy_m or 0.0)
    places = (state.anchor_longitude, state.anchor_latitude, fix.longitude, fix.latitude)
    if farthest_m(*places) > radius_m and distance_m(*places) > radius_m:
        state.anchor_longitude, state.anchor_latitude = fix.longitude, fix.latitude
        state.moved_at_us = fix.recorded_at_us
