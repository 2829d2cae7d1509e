"""From decided stretches to rows: what is told anew, what is put right, which visits there were, one event each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

import msgspec

from ingest_lambda.presence.event import Named, Subject, event_data, event_kind
from ingest_lambda.presence.state import Inside
from ingest_lambda.presence.telling import (
    DWELLED,
    FOR_EVER_US,
    WITHDRAWN,
    Amendments,
    Crossing,
    Told,
    Visit,
    amend,
    crossing_of,
    dwell_crossing,
    retired_crossing,
    visits_of,
    with_dwells,
)
from ingest_lambda.report import MICROSECONDS
from ingest_lambda.steps.passages import Stretch
from ingest_lambda.steps.store import Store, at
from ingest_lambda.steps.stored_crossings import (
    NewCrossing,
    NewEvent,
    Span,
    load_told,
    load_visits,
    names_of,
    put_visits,
    tell,
)

_json = msgspec.json.Encoder().encode
_NO_NAME = Named("0" * 32, None, "")


@dataclass(slots=True, eq=False)
class _Account:
    """A stretch, and what is stored of it."""

    stretch: Stretch
    visits: list[tuple[int, Visit]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    @property
    def span(self) -> Span:
        trail = self.stretch.passage.trail
        return Span(trail.environment.id, trail.device_id, self.stretch.from_us, self.stretch.to_us)


@dataclass(slots=True, eq=False)
class _Rows:
    """Everything to be written for a batch."""

    gone: list[int] = field(default_factory=list)
    visits: list[tuple[int, int, Visit]] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    crossings: list[NewCrossing] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)


def tell_stretches(store: Store, stretches: Sequence[Stretch], now_us: int) -> None:
    """Write what the stretches amount to. Two round trips to read only where something may have been told before."""
    accounts = [_Account(stretch) for stretch in stretches]
    _read(store, [account for account in accounts if _may_be_stored(account.stretch)])
    rows = _Rows()
    unnamed = _unnamed(accounts)
    register = names_of(store, unnamed) if unnamed else {}
    for account in accounts:
        _account_for(account, rows, register, now_us)
    put_visits(store, rows.gone, rows.visits)
    tell(store, rows.superseded, rows.crossings, rows.events, at(now_us))


def _may_be_stored(stretch: Stretch) -> bool:
    """Whether anything may be stored of it that its own beginning does not say."""
    if stretch.again:
        return True
    begun_inside = {(one.geofence_id, one.entered_us) for one in stretch.inside}
    for transition in stretch.transitions:
        left = transition.left
        if left is not None and (left.geofence_id, left.entered_us) in begun_inside:
            sets = stretch.passage.sets
            if not sets.has(left.version) or sets.dwell_s(left.geofence_id, left.version) is not None:
                return True  # it may have been told to be long
    return False


def _read(store: Store, accounts: Sequence[_Account]) -> None:
    """The stored visits, of those begun before a rootless stretch none; and what was told, long stays included."""
    for account, visits in zip(
        accounts, load_visits(store, [account.span for account in accounts]), strict=True
    ):
        stretch = account.stretch
        account.visits = [
            one for one in visits if not stretch.rootless or one[1].entered_decided_us > stretch.from_us
        ]
    spans = []
    for account in accounts:
        dwells = [visit.dwelled_us for _, visit in account.visits if visit.dwelled_us is not None]
        spans.append(
            account.span._replace(
                from_us=min([account.stretch.from_us, *(one - 1 for one in dwells)]),
                to_us=max([account.stretch.to_us, *dwells]),
            )
        )
    for account, told in zip(accounts, load_told(store, spans), strict=True):
        long = {(visit.geofence_id, visit.dwelled_us) for _, visit in account.visits}
        account.told = [one for one in told if _concerns(one.crossing, account.stretch, long)]


def _concerns(crossing: Crossing, stretch: Stretch, long: set[tuple[int, int | None]]) -> bool:
    if crossing.kind == DWELLED:
        return (crossing.to_id or 0, crossing.occurred_us) in long
    return stretch.from_us < crossing.decided_us <= stretch.to_us


def _unnamed(accounts: Sequence[_Account]) -> set[tuple[int, int]]:
    """Geofences of told rows that no loaded version has."""
    found = set()
    for account in accounts:
        sets = account.stretch.passage.sets
        for one in account.told:
            for geofence_id in (one.crossing.from_id, one.crossing.to_id):
                if geofence_id is not None and sets.named(geofence_id, sets.newest) is None:
                    found.add((sets.environment_id, geofence_id))
    return found


def _account_for(account: _Account, rows: _Rows, register: dict[tuple[int, int], Named], now_us: int) -> None:
    visits = _true_visits(account, now_us)
    trail = account.stretch.passage.trail
    stored = {visit.key: (row_id, visit) for row_id, visit in account.visits}
    kept = {visit.key for visit in visits}
    rows.gone += [row_id for key, (row_id, _) in stored.items() if key not in kept]
    for visit in visits:
        if visit.key not in stored or stored[visit.key][1] != visit:
            rows.visits.append((trail.environment.id, trail.device_id, visit))
    entered = {(visit.geofence_id, visit.dwelled_us): visit.entered_us for _, visit in account.visits}
    entered |= {(visit.geofence_id, visit.dwelled_us): visit.entered_us for visit in visits}
    amendments = amend(account.told, _true_crossings(account.stretch, visits))
    _write_down(_Pen(account.stretch, rows, register, entered, now_us), amendments)


def _true_visits(account: _Account, now_us: int) -> list[Visit]:
    """The visits of a stretch as they are true now; of one that nothing is stored of, those it touches."""
    stretch = account.stretch
    known = [visit for _, visit in account.visits]
    visits = visits_of(stretch.inside, stretch.transitions, partial(_due_us, stretch, known))
    stored = {visit.key: visit for visit in known}
    out = []
    for visit in visits:
        if visit.exited_us is None:
            if visit.geofence_id in stretch.closings:
                number, effective_us = stretch.closings[visit.geofence_id]
                visit = visit._replace(
                    exited_us=max(effective_us, visit.entered_us),
                    exited_decided_us=effective_us,
                    exited_version=number,
                )
            elif stretch.to_us < FOR_EVER_US and visit.key in stored:
                # it goes on behind the stretch, as it is stored
                was = stored[visit.key]
                visit = visit._replace(
                    exited_us=was.exited_us,
                    exited_decided_us=was.exited_decided_us,
                    exited_version=was.exited_version,
                )
        out.append(visit)
    if not _may_be_stored(stretch):
        begun = {(one.geofence_id, one.entered_us) for one in stretch.inside}
        out = [visit for visit in out if visit.exited_us is not None or visit.key not in begun]
    return with_dwells(out, known, now_us)


def _due_us(stretch: Stretch, known: Sequence[Visit], inside: Inside) -> int | None:
    """When a stay is long enough to be told of: as it was stored, or by the version under which it began."""
    for visit in known:
        if visit.as_inside() == inside:
            return visit.dwell_due_us
    sets = stretch.passage.sets
    dwell_s = sets.dwell_s(inside.geofence_id, inside.version) if sets.has(inside.version) else None
    return None if dwell_s is None else inside.entered_us + dwell_s * MICROSECONDS


def _true_crossings(stretch: Stretch, visits: Sequence[Visit]) -> list[Crossing]:
    sets = stretch.passage.sets
    crossings = [crossing_of(one, sets.effective(one.version)) for one in stretch.transitions]
    for visit in visits:
        number, effective_us = stretch.closings.get(visit.geofence_id, (0, 0))
        if number and (visit.exited_version, visit.exited_decided_us) == (number, effective_us):
            crossings.append(retired_crossing(visit.geofence_id, effective_us, number))
    crossings += [dwell_crossing(visit, visit.dwelled_us) for visit in visits if visit.dwelled_us is not None]
    return crossings


@dataclass(slots=True, eq=False)
class _Pen:
    """Writes the rows of one stretch."""

    stretch: Stretch
    rows: _Rows
    register: dict[tuple[int, int], Named]
    entered_us: dict[tuple[int, int | None], int]
    now_us: int

    def named(self, geofence_id: int | None, number: int, told_as: str | None = None) -> Named | None:
        """A geofence as a version calls it, or as it was called when it was told."""
        if geofence_id is None:
            return None
        sets = self.stretch.passage.sets
        found = sets.named(geofence_id, number) or sets.named(geofence_id, sets.newest)
        found = found or self.register.get((sets.environment_id, geofence_id), _NO_NAME)
        return found if told_as is None else found._replace(name=told_as)

    def write(
        self, crossing: Crossing, origin: Named | None, target: Named | None, corrects: Told | None, kind: str
    ) -> None:
        """One row and its event; `kind` is the row's, the crossing's own unless it is withdrawn."""
        passage = self.stretch.passage
        trail, uid = passage.trail, uuid4()
        envelope = passage.envelope_of(crossing.decided_us)
        request_id = UUID(bytes=envelope.request_id) if envelope is not None else None
        names = (origin.name if origin else None, target.name if target else None)
        self.rows.crossings.append(
            NewCrossing(
                *(uid, trail.environment.id, trail.device_id, kind, crossing.cause),
                *(crossing.from_id, crossing.to_id),
                *names,
                *(crossing.occurred_us, crossing.decided_us),
                *(crossing.longitude, crossing.latitude),
                crossing.version,
                corrects.id if corrects is not None else None,
                envelope.received_at_us if envelope is not None else self.now_us,
                *(request_id, self.now_us),
            )
        )
        named = f"crs_{corrects.uid.hex}" if corrects is not None else None
        data = event_data(
            *(crossing, Subject(trail.uid, trail.external_id)),
            public_id=f"crs_{uid.hex}",
            origin=origin,
            target=target,
            corrects=named,
            withdrawn=kind == WITHDRAWN,
            entered_us=self.entered_us.get((crossing.to_id or 0, crossing.occurred_us)),
        )
        self.rows.events.append(
            NewEvent(
                *(trail.environment.id, event_kind(crossing, corrects=named), trail.device_id),
                *(_json(data).decode(), crossing.occurred_us, request_id),
            )
        )


def _write_down(pen: _Pen, amendments: Amendments) -> None:
    """Taken back first, then put right, then new: a receiver who follows the order never believes two at once."""
    for told in amendments.withdrawn:
        origin, target = _told_names(pen, told)
        pen.write(told.crossing, origin, target, told, WITHDRAWN)
    for crossing, corrects in _in_order(amendments):
        origin, target = (
            pen.named(geofence_id, crossing.version) for geofence_id in (crossing.from_id, crossing.to_id)
        )
        pen.write(crossing, origin, target, corrects, crossing.kind)
    pen.rows.superseded += [told.id for told in amendments.withdrawn]
    pen.rows.superseded += [told.id for told, _ in amendments.replaced]


def _in_order(amendments: Amendments) -> Iterator[tuple[Crossing, Told | None]]:
    told: list[tuple[Crossing, Told | None]] = [(crossing, one) for one, crossing in amendments.replaced]
    told += [(crossing, None) for crossing in amendments.new]
    yield from sorted(told, key=lambda one: (one[0].occurred_us, one[0].decided_us, one[0].to_id or 0))


def _told_names(pen: _Pen, told: Told) -> tuple[Named | None, Named | None]:
    crossing = told.crossing
    return (
        pen.named(crossing.from_id, crossing.version, told.from_name),
        pen.named(crossing.to_id, crossing.version, told.to_name),
    )
