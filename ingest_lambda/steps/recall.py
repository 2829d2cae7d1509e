"""What is stored around late fixes, read back as items of a history. The statements are in `late_statements`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from ingest_lambda.batch import Trail
from ingest_lambda.history import Item, Past, Where
from ingest_lambda.judgement import Believed
from ingest_lambda.outcomes import Verdict
from ingest_lambda.report import Envelope, PositionReport
from ingest_lambda.standing import Anchor
from ingest_lambda.steps import late_statements as statements
from ingest_lambda.steps.cluster import Cluster, Stretch
from ingest_lambda.steps.store import Store, at

# Nearly always the fix before a late one is found within this; then the planner has three partitions to think
# about, not a hundred.
USUAL_REACH = timedelta(hours=56)
LONGEST_REACH = timedelta(days=92)  # nothing older is kept
_decode = msgspec.msgpack.Decoder(PositionReport).decode


def load_past(store: Store, clusters: Sequence[Cluster]) -> None:
    """Fill in what is known just before each cluster: the accepted fix before it and the anchor it stands at."""
    searched = list(clusters)
    for reach in (USUAL_REACH, LONGEST_REACH):
        found = _before(store, searched, reach) if searched else {}
        _fill(store, [(searched[place], row) for place, row in found.items()])
        searched = [cluster for place, cluster in enumerate(searched) if place not in found]


def _before(store: Store, clusters: Sequence[Cluster], reach: timedelta) -> dict[int, tuple[Any, ...]]:
    times = [cluster.first_us for cluster in clusters]
    wanted = {
        "environments": [cluster.trail.environment.id for cluster in clusters],
        "devices": [cluster.trail.device_id for cluster in clusters],
        "times_us": times,
        "first": at(min(times)) - reach,
        "last": at(max(times)),
    }
    found = store.connection.cursor(binary=True).execute(statements.ACCEPTED_BEFORE, wanted).fetchall()
    return {row[0] - 1: row[1:] for row in found}


def _fill(store: Store, found: Sequence[tuple[Cluster, tuple[Any, ...]]]) -> None:
    """The predecessors' anchors: mostly themselves, else the positions they stand at."""
    elsewhere = []
    for cluster, row in found:
        newest = _kept(cluster.trail, row)
        fix = newest.fix
        believed = Believed(fix.recorded_at_us, fix.longitude, fix.latitude, fix.accuracy_m, fix.speed_mps)
        moved_at_us = fix.recorded_at_us if newest.moved_at_us is None else newest.moved_at_us
        # an anchor whose day is gone, or that was not noted then, is taken to be where the device stood since
        anchor = Anchor(moved_at_us, fix.longitude, fix.latitude)
        cluster.past = Past(believed, anchor, newest)
        if moved_at_us != fix.recorded_at_us:
            elsewhere.append(cluster)
    if not elsewhere:
        return
    times = [cluster.past.anchor.at_us for cluster in elsewhere if cluster.past.anchor is not None]
    wanted = {
        "environments": [cluster.trail.environment.id for cluster in elsewhere],
        "devices": [cluster.trail.device_id for cluster in elsewhere],
        "times_us": times,
        "first": at(min(times)),
        "last": at(max(times)),
    }
    for row in store.connection.cursor(binary=True).execute(statements.ANCHORS, wanted).fetchall():
        cluster = elsewhere[row[0] - 1]
        cluster.past = cluster.past._replace(anchor=Anchor(row[1], row[2], row[3]))


def load_more(store: Store, clusters: Sequence[Cluster]) -> None:
    """Load of each cluster the stretch it wants: positions, then the set-aside reports among them."""
    stretches = [cluster.wanted() for cluster in clusters]
    stored: list[list[Item]] = [[] for _ in stretches]
    cursor = store.connection.cursor(binary=True)
    wanted: dict[str, Any] = {
        "environments": [one.trail.environment.id for one in stretches],
        "devices": [one.trail.device_id for one in stretches],
        "from_us": [one.from_us for one in stretches],
        "to_us": [one.to_us for one in stretches],
        "upto_us": [one.upto_us for one in stretches],
        "more": [one.more for one in stretches],
        "first": at(min(one.from_us for one in stretches)),
        "last": at(max(one.upto_us for one in stretches)),
    }
    for row in cursor.execute(statements.ACCEPTED_BETWEEN, wanted).fetchall():
        stored[row[0] - 1].append(_kept(stretches[row[0] - 1].trail, row[1:]))
    loaded_to = [_loaded_to(stretch, kept) for stretch, kept in zip(stretches, stored, strict=True)]
    # jumps before the first late fix are witnesses too, back to the accepted fix before it
    wanted["from_us"] = [
        _aside_from(cluster, stretch) for cluster, stretch in zip(clusters, stretches, strict=True)
    ]
    wanted["to_us"] = loaded_to
    for row in cursor.execute(statements.ASIDE_BETWEEN, wanted).fetchall():
        stored[row[0] - 1].append(_aside(stretches[row[0] - 1].trail, row[1:]))
    for cluster, found, to_us in zip(clusters, stored, loaded_to, strict=True):
        cluster.take_in(found, to_us)


def _loaded_to(stretch: Stretch, kept: Sequence[Item]) -> int:
    """How far everything is loaded: to the end asked for, unless the positions behind were cut off."""
    behind = [one.fix.recorded_at_us for one in kept if one.fix.recorded_at_us > stretch.to_us]
    return max(behind) if len(behind) >= stretch.more else stretch.upto_us


def _aside_from(cluster: Cluster, stretch: Stretch) -> int:
    if stretch.from_us != cluster.first_us:
        return stretch.from_us
    return 0 if cluster.past.believed is None else cluster.past.believed.recorded_at_us + 1


def _kept(trail: Trail, row: tuple[Any, ...]) -> Item:
    """A row of POSITION_FACTS."""
    fix = PositionReport(row[0], *row[3:14])
    return Item(fix, _envelope(trail, row[1], row[2]), Where.KEPT, row[14])


def _aside(trail: Trail, row: tuple[Any, ...]) -> Item:
    aside_id, received_at_us, request_id, outcome, reason, detail, fix = row
    verdict = Verdict(outcome, reason, detail)
    return Item(
        _decode(fix), _envelope(trail, received_at_us, request_id), Where.ASIDE, None, aside_id, verdict
    )


def _envelope(trail: Trail, received_at_us: int, request_id: Any) -> Envelope:
    """As much of a stored report's envelope as is still known."""
    return Envelope(
        *(1, trail.environment.id, 0, trail.external_id, None, received_at_us),
        *(request_id.bytes, None, "", []),
    )
