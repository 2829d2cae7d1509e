"""Late fixes: loads what is stored around them, judges that stretch again, and notes what changes.

A device's late fixes are taken in clusters, each with the accepted fix before it. A cluster whose replay does not
come to rest within what was loaded is loaded further, and where it runs into the next one the two become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ingest_lambda.batch import Batch, State, Trail
from ingest_lambda.history import Ending, Item, Rejudged, Where, rejudge
from ingest_lambda.outcomes import ACCEPTED, DUPLICATE, Verdict
from ingest_lambda.report import MICROSECONDS, Envelope, PositionReport
from ingest_lambda.steps.cluster import CLUSTER_GAP_US, Cluster
from ingest_lambda.steps.payload import payload_text
from ingest_lambda.steps.recall import load_more, load_past
from ingest_lambda.steps.store import Store

_NOTHING_LATER_US = 86_400 * MICROSECONDS  # no clock that is further ahead is let in


class Late(NamedTuple):
    """The late candidates of one device, in recorded order."""

    trail: Trail
    fixes: list[tuple[PositionReport, Envelope]]


def settle(batch: Batch, store: Store, late: Sequence[Late]) -> None:
    """End every late fix, and correct whatever they change in what is stored."""
    rows = [_clusters(one, batch.now_us, careful=batch.careful) for one in late]
    load_past(store, [cluster for row in rows for cluster in row])
    unsettled = [cluster for row in rows for cluster in row]
    while unsettled:
        load_more(store, unsettled)
        rows = [row for row in (_judge_row(batch, row) for row in rows) if row]
        unsettled = [row[0] for row in rows]


def _clusters(late: Late, now_us: int, *, careful: bool) -> list[Cluster]:
    """The late fixes of a device, cut where an hour lies between two."""
    state = late.trail.state
    end_us = now_us + _NOTHING_LATER_US if state is None or careful else state.judged_to_us
    row: list[Cluster] = []
    for fix, envelope in late.fixes:
        if not row or fix.recorded_at_us - row[-1].last_us > CLUSTER_GAP_US:
            row.append(Cluster(late.trail, max(end_us, late.fixes[-1][0].recorded_at_us), []))
        row[-1].arriving.append(Item(fix, envelope))
    return row


def _judge_row(batch: Batch, row: list[Cluster]) -> list[Cluster]:
    """Judge a device's clusters in order, as far as what is loaded carries; those that are left."""
    while row:
        cluster = row[0]
        border_us = row[1].first_us if len(row) > 1 else cluster.end_us + 1
        items = [one for one in cluster.stored if one.fix.recorded_at_us < border_us]
        done = rejudge(
            cluster.past, [*items, *cluster.arriving], cluster.last_us, cluster.trail.environment.bounds
        )
        if not done.settled and cluster.loaded_to_us < border_us - 1:
            return row
        if not done.settled and len(row) > 1:
            cluster.join(row.pop(1))
            continue
        for ending in done.endings:
            _apply(batch, cluster.trail, ending)
        if not done.settled:
            _restate(batch, cluster, done)
        row.pop(0)
    return row


def _apply(batch: Batch, trail: Trail, ending: Ending) -> None:
    (fix, envelope, where, _, aside_id, before), verdict, moved_at_us = ending
    changes = batch.rewritten
    if where is Where.KEPT:
        if verdict is ACCEPTED:
            changes.restood.append((trail, fix.recorded_at_us, moved_at_us))
            return
        changes.withdrawn.append((trail, fix.recorded_at_us))
        batch.end(envelope, ACCEPTED, -1)
    elif where is Where.ASIDE and before is not None:
        batch.end(envelope, before, -1)
        if verdict is not ACCEPTED and verdict is not DUPLICATE:
            changes.reworded.append((aside_id, verdict))
            batch.end(envelope, verdict)
            return
        changes.taken_up.append(aside_id)
    _end(batch, trail, fix, envelope, verdict, moved_at_us)


def _end(
    batch: Batch, trail: Trail, fix: PositionReport, envelope: Envelope, verdict: Verdict, moved_at_us: int
) -> None:
    if verdict is ACCEPTED:
        batch.accepted.append((trail, fix, envelope, moved_at_us))
        batch.end(envelope, verdict)
    elif verdict is DUPLICATE:
        batch.end(envelope, verdict)
    else:
        batch.put_aside(envelope, trail.device_id, verdict, payload_text(fix), fix.recorded_at_us, fix)


def _restate(batch: Batch, cluster: Cluster, done: Rejudged) -> None:
    """The replay reached the device's newest fix: its state is what came out, even where that goes back."""
    trail = cluster.trail
    (believed, anchor, newest), before = done.past, trail.state
    if believed is None or anchor is None or newest is None:
        if before is not None:
            batch.rewritten.stateless.append(trail)
        trail.state, trail.newest, trail.touched = None, None, False
        return
    state = State(believed, anchor, max(cluster.judged_to_us, before.judged_to_us if before else 0))
    if state == before and newest.where is Where.KEPT:
        return
    if before is not None:
        was = before.believed
        if believed.recorded_at_us < was.recorded_at_us:
            batch.rewritten.stateless.append(trail)
        trail.corrected = believed.recorded_at_us <= was.recorded_at_us
    trail.state, trail.newest, trail.touched = state, newest[:2], True
