"""One look at one trip: what its new positions and the clock change, and what is to be told of it. No queries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tracker.http.times import moment_text
from tracker.outbox.catalogue import Kind
from tracker.trips.estimate import Estimate, Pace, Way, by_pace, by_route
from tracker.trips.ground import Lines, Target, distance_m
from tracker.trips.lateness import Watch, due_us, look
from tracker.trips.models import Trip
from tracker.trips.progress import Fix, Plan, Progress, fold, settle, silence_due_us
from tracker.trips.transitions import ENDED, UNDER_WAY

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
AUDIT_EVERY = timedelta(seconds=30)  # looks for positions that came late
AUDITS_AFTER_END = tuple(timedelta(minutes=m) for m in (1, 10, 60, 360, 1440, 4320))
ANEW_EVERY = timedelta(seconds=60)  # an estimate whose time has come is pushed on
State, CompleteOn = Trip.State, Trip.CompleteOn


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What Trip.fold holds."""

    progress: Progress = Progress()
    watch: Watch = Watch()
    headed_us: int = 0  # when the destination was changed last


@dataclass(frozen=True)
class Route:
    """What the router said last: how long from a place `straight_m` from the destination."""

    seconds: float
    straight_m: float


@dataclass(frozen=True)
class Given:
    """What a look is based on."""

    fixes: list[Fix] = field(default_factory=list)  # in recorded order; all of the trip's where `afresh`
    stored_to: datetime | None = None
    afresh: bool = False  # positions came or went behind the newest: begin anew
    here: Fix | None = None  # where the device was last, for a first estimate
    seen_at: datetime | None = None  # recorded_at of the device's state, where that is the trip's
    paces: Mapping[int, Pace] = field(default_factory=dict)
    route: Route | None = None


@dataclass(frozen=True)
class Happening:
    """Something to be told of a trip. `fact` names what it is about, where a later telling may correct it."""

    kind: Kind
    occurred_at: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    fact: str = ""


def advance(trip: Trip, given: Given, *, now: datetime) -> list[Happening]:
    """Bring a trip, whose row is locked, up to date; what is to be told, in order. Completing adds no summary yet."""
    memory = memory_of(trip)
    progress = Progress() if given.afresh else memory.progress
    progress = fold(progress, given.fixes, plan_of(trip))
    progress = settle(progress, us(trip.ended_at or now))
    if trip.state in UNDER_WAY:
        trip.seen_at = given.seen_at
    trip.checked_to = max(
        filter(None, (given.stored_to, None if given.afresh else trip.checked_to)), default=None
    )
    happenings = [*_arrival(trip, progress), *_exit(trip, progress)]
    watch = memory.watch
    if trip.state == State.ACTIVE:
        happenings += _corridor(trip, progress)
        watch, told = _expect(trip, progress, given, watch, now)
        happenings += told
    happenings += _complete_by_itself(trip, now)
    trip.fold = msgspec.to_builtins(Memory(progress, watch, memory.headed_us))
    trip.due_at = next_look(trip, progress, watch, now=now)
    return happenings


def memory_of(trip: Trip) -> Memory:
    """What the last look remembered; nothing where an older release wrote it in another form: it begins anew."""
    try:
        return msgspec.convert(trip.fold, Memory) if trip.fold else Memory()
    except msgspec.ValidationError:
        return Memory()


def plan_of(trip: Trip) -> Plan:
    """What the trip's fixes are held against."""
    target = None
    if trip.destination is not None:
        rings = [ring for polygon in trip.area.coords for ring in polygon] if trip.area else None
        target = Target((trip.destination.x, trip.destination.y), trip.radius_m, rings)
    corridor = Lines([[(c[0], c[1]) for c in trip.corridor.coords]]) if trip.corridor else None
    return Plan(us(trip.started_at), memory_of(trip).headed_us, target, corridor, trip.corridor_m or 0.0)


def next_look(trip: Trip, progress: Progress, watch: Watch, *, now: datetime) -> datetime | None:
    """When the clock alone asks for a look; positions ask for theirs by themselves."""
    if trip.state == State.CANCELLED:
        return None
    if trip.state in ENDED:
        ended_at = trip.ended_at or now
        return next((ended_at + after for after in AUDITS_AFTER_END if ended_at + after > now), None)
    times = [now + AUDIT_EVERY * max(1, progress.fixes // 2000)]
    if (silence_us := silence_due_us(progress)) is not None:
        times.append(at(silence_us))
    if trip.state == State.ACTIVE and trip.eta_at is not None:
        late_us = due_us(watch, scheduled_us=us(trip.scheduled_at), delayed=trip.delayed_since is not None)
        times += [at(late_us)] if late_us is not None else []
        times.append(max(trip.eta_at, now + ANEW_EVERY))
    elif trip.state == State.ACTIVE and trip.scheduled_at and not trip.delayed_since:
        times.append(trip.scheduled_at)
    return max(min(times), now)


def _arrival(trip: Trip, progress: Progress) -> list[Happening]:
    arrived_at = at(progress.arrived_us)
    if arrived_at == trip.arrived_at:
        return []
    before, trip.arrived_at = trip.arrived_at, arrived_at
    facts: dict[str, Any] = {
        "arrived_at": _text(arrived_at),
        "decided_at": _text(at(progress.arrived_decided_us)),
    }
    if before is not None:
        facts |= {"previous_arrived_at": _text(before), "withdrawn": arrived_at is None}
    if arrived_at is not None and trip.scheduled_at is not None:
        facts["late_by_s"] = (arrived_at - trip.scheduled_at).total_seconds()
    if arrived_at is not None and trip.state == State.ACTIVE:
        trip.state = State.ARRIVED
        trip.eta_at = trip.eta_earliest_at = trip.eta_latest_at = None
        trip.remaining_m, trip.off_corridor_since = 0.0, None
        if trip.scheduled_at is None or arrived_at <= trip.scheduled_at:
            trip.delayed_since = None
    elif arrived_at is None and trip.state == State.ARRIVED:
        trip.state = State.ACTIVE
    return [Happening(Kind.TRIP_ARRIVED, arrived_at or before or trip.started_at, facts, "arrived")]


def _exit(trip: Trip, progress: Progress) -> list[Happening]:
    exited_at = at(progress.exited_us)
    if exited_at == trip.exited_at:
        return []
    before, trip.exited_at = trip.exited_at, exited_at
    facts: dict[str, Any] = {
        "exited_at": _text(exited_at),
        "decided_at": _text(at(progress.exited_decided_us)),
    }
    if before is not None:
        facts |= {"previous_exited_at": _text(before), "withdrawn": exited_at is None}
    return [Happening(Kind.TRIP_EXITED, exited_at or before or trip.started_at, facts, "exited")]


def _corridor(trip: Trip, progress: Progress) -> list[Happening]:
    off_at = at(progress.off_us)
    before, trip.off_corridor_since = trip.off_corridor_since, off_at
    if off_at is not None and before is None:
        facts = {"since": moment_text(off_at)}
        return [Happening(Kind.TRIP_OFF_CORRIDOR, off_at, facts)]
    if off_at is None and before is not None and progress.last is not None:
        facts = {"was_off_since": moment_text(before)}
        return [Happening(Kind.TRIP_BACK_ON_CORRIDOR, EPOCH + progress.last.at_us * MICROSECOND, facts)]
    return []


def _expect(
    trip: Trip, progress: Progress, given: Given, watch: Watch, now: datetime
) -> tuple[Watch, list[Happening]]:
    """The estimate, and whether it makes the trip late or is to be told."""
    estimate = estimate_of(trip, progress, given, now=now)
    if estimate is None:
        return watch, _overdue(trip, now)
    previous_at, was_late = trip.eta_told_at, trip.delayed_since is not None
    said = look(watch, estimate.at_us, scheduled_us=us(trip.scheduled_at), delayed=was_late, now_us=us(now))
    happenings = []
    if said.eta_told:
        trip.eta_told_at = trip.eta_at
        facts = {"eta_at": _text(trip.eta_at), "previous_eta_at": _text(previous_at)}
        happenings.append(Happening(Kind.TRIP_ETA_CHANGED, now, facts))
    if said.delayed != was_late:
        trip.delayed_since = now if said.delayed else None
        kind = Kind.TRIP_DELAYED if said.delayed else Kind.TRIP_BACK_ON_TIME
        happenings.append(
            Happening(kind, now, {"scheduled_at": _text(trip.scheduled_at), "eta_at": _text(trip.eta_at)})
        )
    return said.watch, happenings


def _overdue(trip: Trip, now: datetime) -> list[Happening]:
    """A device that never said where it is is late all the same once the schedule has passed."""
    if trip.scheduled_at is None or trip.delayed_since is not None or now <= trip.scheduled_at:
        return []
    trip.delayed_since = now
    return [Happening(Kind.TRIP_DELAYED, now, {"scheduled_at": _text(trip.scheduled_at), "eta_at": None})]


def estimate_of(trip: Trip, progress: Progress, given: Given, *, now: datetime) -> Estimate | None:
    """The estimate from where the device is, written into the trip; None where either end is unknown."""
    fix = progress.last or given.here
    if fix is None or trip.destination is None:
        return None
    straight_m = distance_m(fix.place, (trip.destination.x, trip.destination.y))
    from_us = fix.at_us if progress.last else us(now)
    if given.route is not None:
        seconds = given.route.seconds * straight_m / max(given.route.straight_m, 1.0)
        estimate = by_route(seconds, given.paces, from_us=from_us, now_us=us(now))
    else:
        way = Way(straight_m, progress.own_mps, progress.watched_s)
        estimate = by_pace(way, given.paces, from_us=from_us, now_us=us(now))
    trip.remaining_m, trip.eta_by, trip.eta_made_at = straight_m, estimate.by, now
    trip.eta_at, trip.eta_earliest_at, trip.eta_latest_at = (
        at(estimate.at_us),
        at(estimate.earliest_us),
        at(estimate.latest_us),
    )
    return estimate


def _complete_by_itself(trip: Trip, now: datetime) -> list[Happening]:
    arrived = trip.state == State.ARRIVED and trip.complete_on == CompleteOn.ARRIVAL
    left = trip.state == State.ARRIVED and trip.complete_on == CompleteOn.EXIT and trip.exited_at is not None
    return [complete(trip, now=now, by=trip.complete_on)] if arrived or left else []


def complete(trip: Trip, *, now: datetime, by: str) -> Happening:
    """The trip is completed; its summary is for the caller to make."""
    trip.state, trip.ended_at = State.COMPLETED, now
    trip.eta_at = trip.eta_earliest_at = trip.eta_latest_at = None
    return Happening(Kind.TRIP_COMPLETED, now, {"completed_by": by}, "completed")


def us(moment: datetime | None) -> Any:
    """Epoch microseconds; None for None."""
    return (moment - EPOCH) // MICROSECOND if moment is not None else None


def at(time_us: int | None) -> Any:
    """The same back."""
    return EPOCH + time_us * MICROSECOND if time_us is not None else None


def _text(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None
