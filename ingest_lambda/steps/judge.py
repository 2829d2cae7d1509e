"""Second step: the verdict on each fix, in the order it was recorded."""

from __future__ import annotations

from ingest_lambda.alone import alone
from ingest_lambda.batch import Batch, State, Trail
from ingest_lambda.history import rank
from ingest_lambda.judgement import judge
from ingest_lambda.outcomes import ACCEPTED, DUPLICATE, Quarantine, quarantined
from ingest_lambda.report import Envelope, PositionReport
from ingest_lambda.standing import stand
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.payload import payload_text
from ingest_lambda.steps.settle import Late, settle
from ingest_lambda.steps.store import Store
from ingest_lambda.steps.thin import thin

_FOR_EVER_US = 2**62


def judge_batch(batch: Batch, store: Store, known: Known) -> None:
    """End each fix as accepted, duplicate or filtered; a deleted device's are quarantined.

    A fix newer than all that was judged of its device cannot be stored yet, and nothing stored depends on it: the
    state moves in the transaction that stores. So the usual batch asks nothing. Late fixes are settled first:
    they may change what the newer ones are judged by.
    """
    late: list[Late] = []
    ahead: list[tuple[Trail, int]] = []
    for trail in batch.trails.values():
        arrivals = trail.arrivals
        if not arrivals:
            continue
        if trail.deleted:
            _quarantine(batch, trail)
            continue
        if trail.environment.thins:
            thin(batch, trail)
            arrivals = trail.arrivals
            if not arrivals:
                continue
        # stable: of two copies of one fix the first to arrive comes first
        arrivals.sort(key=_recorded_then_arrived)
        judged_to_us = _judged_to(trail, careful=batch.careful)
        if arrivals[0][0] > judged_to_us:
            ahead.append((trail, 0))
            continue
        candidates, index = _late_ones(batch, trail, judged_to_us)
        if candidates:
            late.append(Late(trail, candidates))
        ahead.append((trail, index))
    if late:
        settle(batch, store, late)
    for trail, index in ahead:
        if index < len(trail.arrivals):
            _go_forward(batch, trail, index)


def _recorded_then_arrived(arrival: tuple[int, int, PositionReport, Envelope]) -> tuple[int, int]:
    return arrival[0], arrival[1]


def _judged_to(trail: Trail, *, careful: bool) -> int:
    """Up to which instant a fix of the device is late. A careful batch trusts no state."""
    if careful and trail.registered_name is None:
        return _FOR_EVER_US
    if trail.state is not None:
        return trail.state.judged_to_us
    # registered by this batch: nothing can be stored. Registered before and nothing kept: something may be set aside
    return -_FOR_EVER_US if trail.registered_name is not None else _FOR_EVER_US


def _late_ones(
    batch: Batch, trail: Trail, judged_to_us: int
) -> tuple[list[tuple[PositionReport, Envelope]], int]:
    """The late candidates, and the place of the first fix that is not late. What is wrong by itself ends here."""
    candidates = []
    index = 0
    for recorded_us, _, fix, envelope in trail.arrivals:
        if recorded_us > judged_to_us:
            break
        index += 1
        verdict = alone(fix, envelope.received_at_us, batch.now_us, trail.environment.bounds)
        if verdict is None:
            candidates.append((fix, envelope))
        else:
            batch.put_aside(envelope, trail.device_id, verdict, payload_text(fix), recorded_us)
    return candidates, index


def _go_forward(batch: Batch, trail: Trail, index: int) -> None:
    """Judge the fixes from `index` on, all of them newer than anything judged before."""
    state, bounds, arrivals, now_us = trail.state, trail.environment.bounds, trail.arrivals, batch.now_us
    believed, anchor = (state.believed, state.anchor) if state is not None else (None, None)
    judged_to_us, count = -_FOR_EVER_US, len(arrivals)
    newest, accepted = None, 0  # accepted of the envelope of `newest`, counted at once
    while index < count:
        recorded_us, _, fix, envelope = arrivals[index]
        index += 1
        verdict = alone(fix, envelope.received_at_us, now_us, bounds)
        if verdict is not None:
            batch.put_aside(envelope, trail.device_id, verdict, payload_text(fix), recorded_us)
            continue
        if index < count and arrivals[index][0] == recorded_us:
            fix, envelope, index = _best_copy(batch, trail, index - 1)
        judged_to_us = recorded_us
        believed, verdict = judge(believed, fix, bounds)
        if verdict is ACCEPTED:
            anchor = stand(anchor, fix)
            if newest is not None and newest[1] is not envelope:
                batch.end(newest[1], ACCEPTED, accepted)
                accepted = 0
            newest = (fix, envelope)
            accepted += 1
            batch.accepted.append((trail, fix, envelope, anchor.at_us))
        else:
            batch.put_aside(envelope, trail.device_id, verdict, payload_text(fix), recorded_us, fix)
    if newest is not None:
        batch.end(newest[1], ACCEPTED, accepted)
        trail.newest = newest
    if believed is not None and anchor is not None and judged_to_us > -_FOR_EVER_US:
        trail.touched = True
        trail.state = State(believed, anchor, judged_to_us)


def _best_copy(batch: Batch, trail: Trail, index: int) -> tuple[PositionReport, Envelope, int]:
    """The copy of one instant that stays, the first of them at `index`, and the place behind the last."""
    recorded_us, _, fix, envelope = trail.arrivals[index]
    index += 1
    while index < len(trail.arrivals) and trail.arrivals[index][0] == recorded_us:
        _, _, other, sender = trail.arrivals[index]
        index += 1
        verdict = alone(other, sender.received_at_us, batch.now_us, trail.environment.bounds)
        if verdict is not None:
            batch.put_aside(sender, trail.device_id, verdict, payload_text(other), recorded_us)
            continue
        if other != fix and rank(other) < rank(fix):
            fix, envelope, sender = other, sender, envelope
        batch.end(sender, DUPLICATE)
    return fix, envelope, index


def _quarantine(batch: Batch, trail: Trail) -> None:
    verdict = quarantined(
        Quarantine.DEVICE_DELETED, "the device was deleted; its reports are no longer taken"
    )
    for recorded_us, _, fix, envelope in trail.arrivals:
        batch.put_aside(envelope, trail.device_id, verdict, payload_text(fix), recorded_us)
