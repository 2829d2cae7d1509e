"""The tick of trips: looks at those whose device moved or whose time came, and at no others.

Rows are taken with FOR UPDATE SKIP LOCKED, a few hundred to a transaction: two workers never look at one trip at once,
and what one holds the other passes over. A round costs the same number of queries whether it looks at one trip or at
hundreds; only what is to be told costs a query each.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec
from django.db import connection, transaction

from tracker.outbox.catalogue import Kind
from tracker.trips.advance import EPOCH, MICROSECOND, Given, Happening, advance, memory_of
from tracker.trips.models import Trip
from tracker.trips.osrm import ask, known_routes
from tracker.trips.paces import learn, paces_of
from tracker.trips.progress import Fix
from tracker.trips.summary import summary_of
from tracker.trips.telling import tell
from tracker.trips.tracks import AHEAD, Count, Read, Stretch, count, read

logger = logging.getLogger(__name__)
A_ROUND = 400
MOST_ROUNDS = 40  # of one tick: the next goes on where this one ends
BROKEN_WAITS = timedelta(minutes=5)
FRESH = timedelta(hours=1)  # a place older than this is no beginning for a first estimate
TAKE_DUE = """
    SELECT t.id FROM tracker_trip t WHERE t.due_at <= %(now)s
    ORDER BY t.due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED"""
# `seen_at` is the recorded time of the state that was looked at: any other state, also an older one, is news
TAKE_MOVED = """
    SELECT t.id FROM tracker_trip t JOIN tracker_devicestate s ON s.device_id = t.device_id
    WHERE t.state IN ('active', 'arrived') AND s.recorded_at IS DISTINCT FROM t.seen_at
        AND (s.recorded_at >= t.started_at OR t.seen_at IS NOT NULL)
    ORDER BY t.id LIMIT %(most)s FOR UPDATE OF t SKIP LOCKED"""
PLACES = """
    SELECT device_id, recorded_at, longitude, latitude, accuracy_m FROM tracker_devicestate
    WHERE device_id = ANY(%s)"""
COLUMNS = {
    "state": "text",
    **dict.fromkeys(
        (
            "seen_at", "checked_to", "eta_at", "eta_earliest_at", "eta_latest_at", "eta_made_at", "eta_told_at",
            "delayed_since", "off_corridor_since", "arrived_at", "exited_at", "ended_at", "due_at",
        ),
        "timestamptz",
    ),
    "eta_by": "text",
    "remaining_m": "float8",
    "fold": "jsonb",
    "told": "jsonb",
    "summary": "jsonb",
}  # fmt: skip
WRITE = f"""
    UPDATE tracker_trip t SET {", ".join(f"{name} = said.{name}" for name in COLUMNS)}
    FROM jsonb_to_recordset(%s::jsonb) AS said (id bigint, {", ".join(f"{n} {k}" for n, k in COLUMNS.items())})
    WHERE t.id = said.id"""  # noqa: S608 only the constants above are put in


class Ticked(NamedTuple):
    """What a tick did."""

    trips: int
    told: int


def progress_trips(*, now: datetime) -> Ticked:
    """Bring every trip up to date that asks for it."""
    looked, told = [], 0
    for _ in range(MOST_ROUNDS):
        with transaction.atomic():
            ids = _take(now)
            trips = _locked(ids)
            told += look_at(trips, now=now)
        looked += trips
        if len(ids) < A_ROUND:
            break
    ask(
        looked, now=now
    )  # over the network, so no row may be locked meanwhile; the next look uses the answers
    return Ticked(len(looked), told)


def look_at(trips: Sequence[Trip], *, now: datetime) -> int:
    """Bring these up to date; their rows are locked by the caller's transaction. How much was told."""
    if not trips:
        return 0
    givens = _given(trips, now)
    happened = [(trip, _advance(trip, givens[trip.pk], now)) for trip in trips]
    finish([(trip, happenings, givens[trip.pk].afresh) for trip, happenings in happened])
    write(trips)
    return sum(len(happenings) for _, happenings in happened)


def _advance(trip: Trip, given: Given, now: datetime) -> list[Happening]:
    """One trip that cannot be looked at is left as it was for a while, and does not hold up the others."""
    before = {name: getattr(trip, name) for name in COLUMNS}
    try:
        return advance(trip, given, now=now)
    except Exception:
        logger.exception("a trip cannot be looked at", extra={"trip": trip.public_id})
    for name, value in before.items():
        setattr(trip, name, value)
    trip.seen_at, trip.due_at = given.seen_at, now + BROKEN_WAITS
    return []


def finish(happened: Sequence[tuple[Trip, list[Happening], bool]]) -> None:
    """Summaries of what was completed now or corrected later, lessons from it, and the telling of all of it."""
    ended = [trip for trip, said, afresh in happened if _ends(said) or (afresh and trip.summary is not None)]
    tracks = read([stretch_of(trip, until=trip.ended_at) for trip in ended])
    for trip, said, _ in happened:
        if trip in ended:
            before, trip.summary = trip.summary, summary_of(trip, tracks.get(trip.pk, Read([], None)).fixes)
            if before is not None and before != trip.summary and not _ends(said):
                said.append(_corrected_end(trip))
        tell(trip, said)
    learn(trip for trip, said, _ in happened if _ends(said))


def write(trips: Sequence[Trip]) -> None:
    """Write what a look may change: one statement for all."""
    rows = [{"id": trip.pk, **{name: getattr(trip, name) for name in COLUMNS}} for trip in trips]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [msgspec.json.encode(rows).decode()])


def stretch_of(trip: Trip, *, since: datetime | None = None, until: datetime | None) -> Stretch:
    """The trip's positions recorded after `since`, by default from its start on."""
    first = since or trip.started_at - MICROSECOND
    return Stretch(trip.pk, trip.environment_id, trip.device_id, first, until or first)


def _take(now: datetime) -> list[int]:
    facts: dict[str, Any] = {"now": now, "most": A_ROUND}
    with connection.cursor() as cursor:
        cursor.execute(TAKE_MOVED, facts)
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(TAKE_DUE, facts | {"most": max(A_ROUND - len(ids), A_ROUND // 4)})
        return list({*ids, *(row[0] for row in cursor.fetchall())})


def _locked(ids: Sequence[int]) -> list[Trip]:
    rows = Trip.objects.unscoped("the tick takes what is under way of every customer")
    return list(rows.filter(pk__in=ids).select_related("device", "geofence").order_by("pk")) if ids else []


def _given(trips: Sequence[Trip], now: datetime) -> dict[int, Given]:
    """What each look is based on: six queries at most, however many trips."""
    states = places_of([trip.device_id for trip in trips])
    changed = _changed_behind(trips, now)
    stretches = []
    for trip in trips:
        last = memory_of(trip).progress.last
        state = states.get(trip.device_id)
        went_back = last is not None and trip.ended_at is None and (state is None or state.at_us < last.at_us)
        if trip.pk in changed or went_back:
            changed.add(trip.pk)
            stretches.append(stretch_of(trip, until=trip.ended_at or now + AHEAD))
        elif trip.ended_at is None:
            stretches.append(stretch_of(trip, since=_at(last) if last else None, until=now + AHEAD))
    tracks = read(stretches)
    paces, routes = paces_of(trip.environment_id for trip in trips), known_routes(trips)
    return {
        trip.pk: _one(trip, tracks.get(trip.pk, Read([], None)), states.get(trip.device_id), now)(
            afresh=trip.pk in changed,
            paces=paces.get(trip.environment_id, {}),
            route=routes.get(trip.pk),
        )
        for trip in trips
    }


def _one(trip: Trip, track: Read, state: Fix | None, now: datetime) -> Callable[..., Given]:
    """What the device adds to a look."""
    state_at = _at(state) if state else None
    return partial(
        Given,
        fixes=track.fixes,
        stored_to=track.stored_to,
        here=state if state_at and now - state_at <= FRESH else None,
        seen_at=state_at if state_at and state_at >= trip.started_at else None,
    )


def _changed_behind(trips: Sequence[Trip], now: datetime) -> set[int]:
    """Trips behind whose newest fix positions came or went since: their count or time of storing is another."""
    due = [trip for trip in trips if trip.due_at is not None and trip.due_at <= now]
    known = {trip.pk: memory_of(trip).progress for trip in due}
    stretches = []
    for trip in due:
        last = known[trip.pk].last
        until = trip.ended_at or (_at(last) if last else None)
        if until is not None:
            stretches.append(stretch_of(trip, until=until))
    found = count(stretches)
    checked = {trip.pk: trip.checked_to for trip in due}
    expected = {
        stretch.trip_id: Count(known[stretch.trip_id].fixes, checked[stretch.trip_id])
        for stretch in stretches
    }
    return {trip_id for trip_id, there in expected.items() if found.get(trip_id) != there}


def places_of(devices: Sequence[int]) -> dict[int, Fix]:
    """Where each of the devices was last."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [list(devices)])
        return {row[0]: Fix((row[1] - EPOCH) // MICROSECOND, *row[2:]) for row in cursor.fetchall()}


def _at(fix: Fix) -> datetime:
    return EPOCH + fix.at_us * MICROSECOND


def _ends(said: Sequence[Happening]) -> bool:
    return any(happening.fact == "completed" for happening in said)


def _corrected_end(trip: Trip) -> Happening:
    """Late positions changed what a completed trip was like."""
    return Happening(
        Kind.TRIP_COMPLETED, trip.ended_at or trip.started_at, {"completed_by": "correction"}, "completed"
    )
