"""Rows as read become shipments: their place is looked up, their hub found, their slots put on its clock.

A place that may be wrong does not refuse a row: the shipment is taken, marked doubtful, and a person looks before it is
planned. A slot that is over refuses the row, unless the file says that such rows are to be kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.fleet.zoning import hub_for
from dispatch.intake.cells import Wrong
from dispatch.intake.coordinates import judge as judge_place
from dispatch.intake.delivering import Hubs, KnownHub
from dispatch.intake.geocoding.answers import GIVEN, Answer, Wanted
from dispatch.intake.geocoding.lookup import is_doubtful, look_up, provider
from dispatch.intake.options import KEEP, Options
from dispatch.intake.rows import Draft, RowReader
from dispatch.intake.slots import Clock, Span, from_parts, joined, parse_slots
from dispatch.intake.slots import judge as judge_slots
from dispatch.shipments.commands import Create
from tracker.tenants.models import Environment

NOBODY = "none"  # as place_by: nobody could be asked, or nobody knew the address
PAST = "past"


@dataclass(slots=True)
class Settled:
    """A row, and what it announces."""

    draft: Draft
    place: tuple[float, float] | None = None  # longitude, latitude
    place_by: str = ""
    confidence: float | None = None
    doubt: str = ""  # why a person must look at the place
    hub: KnownHub | None = None
    hub_by_zone: bool = False  # nobody named it: it was found by the place
    spans: list[Span] = field(default_factory=list)
    past: bool = False  # its slots are over, which refuses it unless it was announced before
    past_reason: str = ""
    reader: RowReader | None = None

    @property
    def refused(self) -> bool:
        """Whether something keeps it from being announced, other than slots that are over."""
        return any(one.refused and one.reason != self.past_reason for one in self.draft.faults.found)

    def refuse(self, column: str, reason: str) -> None:
        """Note that a column's value was refused."""
        if self.reader is not None:
            self.reader.fault(self.draft, column, reason)

    def create(self, *, known: bool = False) -> Create:
        """The command that announces it. One that is known keeps its hub, whatever zones there are by now."""
        draft = self.draft
        longitude, latitude = self.place if self.place is not None else (None, None)
        return Create(
            hub=self.hub.public_id if self.hub and not (known and self.hub_by_zone) else None,
            recipient=draft.recipient,
            phone=draft.phone,
            email=draft.email,
            language=draft.language,
            address=draft.address,
            longitude=longitude,
            latitude=latitude,
            place_by=self.place_by,
            confidence=self.confidence,
            doubtful=bool(self.doubt),
            slots=tuple(self.spans),
            size=draft.size,
            service_s=draft.service_s,
            priority=draft.priority,
            skills=draft.skills,
            cash_minor=draft.cash_minor,
            currency=draft.currency,
            metadata=dict(draft.metadata),
        )


class Settler:
    """Settles the rows of one file, a chunk at a time. Needs the environment's scope."""

    def __init__(
        self, environment: Environment, reader: RowReader, options: Options, hub_id: int | None
    ) -> None:
        self._environment, self._reader, self._options = environment, reader, options
        self._hubs = Hubs(environment.pk)
        self._hub = self._hubs.of(hub_id)
        self._read: dict[tuple[str, ...], list[Span] | Wrong] = {}  # slots repeat from row to row

    def settle(self, drafts: Sequence[Draft], *, now: datetime) -> list[Settled]:
        """Each row with its place, hub and slots; what is wrong is noted among the row's faults."""
        rows = [Settled(draft, reader=self._reader) for draft in drafts]
        for row in rows:
            self._given_place(row)
            self._named_hub(row)
        self._look_up([row for row in rows if row.place is None and row.draft.address], now)
        self._by_zone(rows)
        for row in rows:
            if row.place is not None and not row.doubt:
                self._judge(row)
            if row.doubt:
                self._warn_of_place(row)
            self._slots(row, now)
        return rows

    def _given_place(self, row: Settled) -> None:
        draft = row.draft
        if draft.latitude is None or draft.longitude is None:
            return
        try:
            spot = judge_place(draft.latitude, draft.longitude)
        except Wrong as wrong:
            at = "latitude" if abs(draft.latitude) > 90 else "longitude"
            self._reader.fault(draft, at, str(wrong), refused=not draft.address)
            return
        if (spot.longitude, spot.latitude) == (0.0, 0.0):
            row.doubt = spot.doubt  # kept as no place at all: an address, if there is one, is looked up
            return
        row.place, row.place_by, row.confidence = (spot.longitude, spot.latitude), GIVEN, 1.0
        row.doubt = spot.doubt if "sea" not in spot.doubt else ""  # judged once the hub is known

    def _named_hub(self, row: Settled) -> None:
        row.hub = self._hub
        if row.draft.hub:
            try:
                row.hub = self._hubs.find(row.draft.hub)
            except Wrong as wrong:
                self._reader.fault(row.draft, "hub", f"{row.draft.hub[:60]!r} {wrong}")

    def _look_up(self, rows: Sequence[Settled], now: datetime) -> None:
        wanted = [
            Wanted(
                row.draft.address,
                row.draft.city,
                row.draft.postcode,
                next(iter(self._hubs.places(row.hub)), None),
            )
            for row in rows
        ]
        answers, unasked = look_up(self._environment.pk, wanted, now=now)
        waiting = set(unasked)
        for number, (row, answer) in enumerate(zip(rows, answers, strict=True)):
            self._found(row, answer, waits=number in waiting)

    def _found(self, row: Settled, answer: Answer | None, *, waits: bool) -> None:
        was_nowhere = row.doubt
        if waits and (answer is None or answer.confidence < 0.2):
            row.doubt = was_nowhere or f"{provider()} is being asked for the address"
            return
        if answer is None:
            row.place_by, row.confidence = NOBODY, 0.0
            said = "the address was not found"
            row.doubt = f"{was_nowhere}; {said}" if was_nowhere else said
            return
        row.place, row.place_by = (answer.longitude, answer.latitude), answer.provider
        row.confidence, row.doubt = answer.confidence, ""
        if is_doubtful(answer):
            row.doubt = (
                f"{answer.provider} is {answer.confidence:.0%} sure that it is {answer.matched[:80]!r}"
            )

    def _by_zone(self, rows: Sequence[Settled]) -> None:
        homeless = [row for row in rows if row.hub is None and row.place is not None and not row.draft.hub]
        places = [row.place for row in homeless if row.place is not None]
        for row, hub_id in zip(homeless, hub_for(self._environment, places) if places else [], strict=True):
            row.hub = self._hubs.of(hub_id)
            row.hub_by_zone = row.hub is not None

    def _judge(self, row: Settled) -> None:
        if row.place is None:
            return
        try:
            row.doubt = judge_place(row.place[1], row.place[0], self._hubs.places(row.hub)).doubt
        except Wrong as wrong:  # a gazetteer's own mistake
            row.place, row.doubt = None, str(wrong)

    def _warn_of_place(self, row: Settled) -> None:
        at = "latitude" if row.draft.latitude is not None else "address"
        self._reader.fault(row.draft, at, f"{row.doubt}; a person must look on the map", refused=False)

    def _slots(self, row: Settled, now: datetime) -> None:
        draft = row.draft
        if not draft.slots:
            return
        zone, certain = self._hubs.zone_of(row.hub)
        found = self._spans(draft, zone)
        at = next(name for name in ("slot", "slot_from", "slot_date", "slot_to") if name in draft.slots)
        try:
            if isinstance(found, Wrong):
                raise found
            judged = judge_slots(found, now, zone)
        except Wrong as wrong:
            self._reader.fault(draft, at, str(wrong))
            return
        row.spans = found
        if not certain:
            self._reader.fault(draft, at, "belongs to no hub whose clock we know: read as UTC", refused=False)
        if judged.warning:
            self._reader.fault(draft, at, judged.warning, refused=False)
        if judged.past:
            refused = self._options.past_slots != KEEP
            said = judged.past if refused else f"{judged.past}; it is kept, and no plan will hold it"
            row.past, row.past_reason = refused, said if refused else ""
            self._reader.fault(draft, at, said, refused=refused)

    def _spans(self, draft: Draft, zone: ZoneInfo) -> list[Span] | Wrong:
        parts = draft.slots
        key = (zone.key, *(parts.get(name, "") for name in ("slot", "slot_date", "slot_from", "slot_to")))
        known = self._read.get(key)
        if known is None:
            known = self._read[key] = self._parsed(parts, zone)
        return known

    def _parsed(self, parts: dict[str, str], zone: ZoneInfo) -> list[Span] | Wrong:
        clock = Clock(zone, self._options.date_form, self._options.day)
        try:
            if "slot" in parts:
                own = from_parts(parts["slot_date"], "", "", clock) if "slot_date" in parts else None
                day = own[0].astimezone(zone).date() if own else clock.day
                return parse_slots(parts["slot"], Clock(zone, clock.form, day))
            day_text, begin, end = (parts.get(name, "") for name in ("slot_date", "slot_from", "slot_to"))
            span = from_parts(day_text, begin, end, clock)
        except Wrong as wrong:
            return wrong
        return joined([span]) if span else []
