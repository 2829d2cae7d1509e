"""Second step: the verdict on each fix, in the order it was recorded."""

from __future__ import annotations

from ingest_lambda.batch import Arrival, Batch, State, Trail
from ingest_lambda.judgement import Believed, judge, judge_late
from ingest_lambda.outcomes import ACCEPTED, DUPLICATE, Quarantine, Verdict, quarantined
from ingest_lambda.report import MICROSECONDS
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.payload import payload_text
from ingest_lambda.steps.store import Store

# Fixes up to this far beyond what can be kept are not looked up: they are filtered as too old anyway.
_LOOK_UP_MARGIN_US = 86_400 * MICROSECONDS

Found = dict[tuple[int, int], Believed]  # (device id, recorded_at_us) -> the kept fix at or next before it


def judge_batch(batch: Batch, store: Store, known: Known) -> None:
    """End each fix as accepted, duplicate or filtered; a deleted device's are quarantined."""
    for trail in batch.trails.values():
        # stable: of two fixes with one time the first to arrive is judged first
        trail.arrivals.sort(key=_recorded_then_arrived)
    found = _look_up(batch, store)
    for trail in batch.trails.values():
        if trail.deleted:
            _quarantine(batch, trail)
        elif trail.arrivals:
            _judge_trail(batch, trail, found)


def _recorded_then_arrived(arrival: Arrival) -> tuple[int, int]:
    return arrival[0], arrival[1]


def _look_up(batch: Batch, store: Store) -> Found:
    """Ask once for all late fixes what is kept at or before them.

    A fix newer than the device's state cannot be stored yet, for the state moves in the transaction that
    stores: so the usual batch asks nothing. A careful batch trusts nobody and asks for every fix.
    """
    late: list[tuple[int, int, int]] = []
    for trail in batch.trails.values():
        if trail.deleted or not trail.arrivals or (trail.state is None and not batch.careful):
            continue
        newest_us = trail.state.believed.recorded_at_us if trail.state is not None else -1
        oldest_us = batch.now_us - trail.environment.bounds.retention_us - _LOOK_UP_MARGIN_US
        future_us = batch.now_us + _LOOK_UP_MARGIN_US
        late += [
            (trail.environment.id, trail.device_id, recorded_us)
            for recorded_us, _, _, _ in trail.arrivals
            if (recorded_us <= newest_us or batch.careful) and oldest_us < recorded_us < future_us
        ]
    if not late:
        return {}
    slowest = min(trail.environment.bounds.speed_mps for trail in batch.trails.values())
    return {(late[n][1], late[n][2]): believed for n, believed in store.neighbours(late, slowest).items()}


def _judge_trail(batch: Batch, trail: Trail, found: Found) -> None:
    believed = trail.state.believed if trail.state is not None else None
    bounds, now_us = trail.environment.bounds, batch.now_us
    newest_us = believed.recorded_at_us if believed is not None else None
    kept: Believed | None = None  # the last late fix kept in this batch
    for recorded_us, _, fix, envelope in trail.arrivals:
        verdict: Verdict
        if newest_us is not None and recorded_us <= newest_us:
            stored = found.get((trail.device_id, recorded_us))
            if stored is None or (kept is not None and kept.recorded_at_us > stored.recorded_at_us):
                stored = kept
            if stored is not None and stored.recorded_at_us == recorded_us:
                verdict = DUPLICATE
            else:
                verdict = judge_late(stored, fix, envelope.received_at_us, now_us, bounds)
                if verdict is ACCEPTED:
                    kept = Believed(recorded_us, fix.longitude, fix.latitude, fix.accuracy_m, fix.speed_mps)
        elif believed is not None and believed.recorded_at_us == recorded_us:
            verdict = DUPLICATE  # twice in this batch
        elif (
            batch.careful
            and (twin := found.get((trail.device_id, recorded_us)))
            and twin.recorded_at_us == recorded_us
        ):
            verdict = DUPLICATE
        else:
            believed, verdict = judge(believed, fix, envelope.received_at_us, now_us, bounds)
            if verdict is ACCEPTED:
                trail.forward.append((fix, envelope))
        if verdict is ACCEPTED:
            batch.accepted.append((trail, fix, envelope))
            batch.end(envelope, verdict)
        elif verdict is DUPLICATE:
            batch.end(envelope, verdict)
        else:
            batch.put_aside(envelope, trail.device_id, verdict, payload_text(fix), recorded_us)
    _keep(trail, believed)


def _keep(trail: Trail, believed: Believed | None) -> None:
    """Hand what is believed now to the state; the anchor is the next step's business."""
    if believed is None or (trail.state is not None and trail.state.believed is believed):
        return
    trail.touched = True
    if trail.state is None:
        first = trail.forward[0][0]
        trail.state = State(believed, first.recorded_at_us, first.longitude, first.latitude)
    else:
        trail.state.believed = believed


def _quarantine(batch: Batch, trail: Trail) -> None:
    verdict = quarantined(
        Quarantine.DEVICE_DELETED, "the device was deleted; its reports are no longer taken"
    )
    for recorded_us, _, fix, envelope in trail.arrivals:
        batch.put_aside(envelope, trail.device_id, verdict, payload_text(fix), recorded_us)
