"""What a customer may see of their shipment, and nothing else. Pure: whatever is not put in here is not shown.

Its state, its slot, when it is expected, and where the driver is once few stops are left. Never an address or a phone
number: links are passed on. Nothing at all some time after the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

STEP = timedelta(minutes=5)  # times are told in whole five minutes: more would claim more than is known
SILENT = timedelta(minutes=15)
WAYS = {
    "created": "announced",
    "ready": "ready",
    "assigned": "ready",
    "out_for_delivery": "out",
    "failed": "failed",
    "delivered": "delivered",
    "returning": "returning",
    "returned": "returned",
    "cancelled": "cancelled",
    "lost": "lost",
}
ENDS = frozenset({"delivered", "returned", "cancelled", "lost"})
MAY_MOVE = frozenset({"created", "ready", "failed"})
MAY_NOTE = frozenset({"created", "ready", "assigned", "out_for_delivery", "failed"})


class Seen(NamedTuple):
    """The shipment, its stop in force and where its driver is, as one query reads them."""

    shipment_id: int
    reference: str | None
    state: str
    slots: list[list[str]]
    note: str
    language: str
    attempts: int
    failed_reason: str
    cash_minor: int
    currency: str
    not_before: datetime | None
    changed_at: datetime
    delivered_at: datetime | None
    ended_at: datetime | None
    timezone: str | None
    manifest_state: str | None
    stop_state: str | None
    slot_from: datetime | None
    slot_to: datetime | None
    planned_arrival: datetime | None
    eta_at: datetime | None
    eta_latest_at: datetime | None
    longitude: float | None
    latitude: float | None
    stops_before: int | None
    driver_recorded_at: datetime | None
    driver_longitude: float | None
    driver_latitude: float | None
    driver_heading_deg: float | None


class Rules(NamedTuple):
    """What the sender lets customers see and do."""

    brand: str
    language: str
    reveal_stops_away: int
    reschedule: bool
    note: bool
    ends_after: timedelta
    code: bool
    slots_offered: Sequence[Sequence[str]] = ()  # begin and end by the clock of the place


@dataclass(frozen=True)
class Glance:
    """What is shown. Times are rounded outwards to five minutes; `place` is where the driver is, if that is shown."""

    way: str
    reference: str
    brand: str
    slot: tuple[datetime, datetime] | None = None
    eta: tuple[datetime, datetime] | None = None  # from about when; by when with four chances in five
    not_before: datetime | None = None  # the next attempt
    stops_before: int | None = None
    arriving: bool = False
    silent: bool = False
    place: dict[str, Any] | None = None
    destination: dict[str, float] | None = None
    delivered_at: datetime | None = None
    attempts: int = 0
    failed_reason: str = ""
    cash_minor: int = 0
    currency: str = ""
    note: str = ""
    may_move: bool = False
    may_note: bool = False
    shows_code: bool = False
    over: bool = field(default=False)


def glance(seen: Seen, rules: Rules, *, now: datetime) -> Glance | None:
    """What may be seen at `now`; None once nothing is to be seen any more."""
    if seen.ended_at is not None and seen.ended_at + rules.ends_after <= now:
        return None
    out = seen.state == "out_for_delivery" and seen.stop_state in {"planned", "arrived"}
    near = out and seen.stops_before is not None and seen.stops_before <= rules.reveal_stops_away
    return Glance(
        way=WAYS.get(seen.state, "announced"),
        reference=seen.reference or "",
        brand=rules.brand,
        slot=None if seen.state in ENDS else _slot(seen),
        eta=_eta(seen) if out else None,
        not_before=seen.not_before if seen.state == "ready" else None,
        stops_before=seen.stops_before if near else None,
        arriving=out and (seen.stop_state == "arrived" or seen.stops_before == 0),
        silent=near and _silent(seen, now),
        place=_place(seen) if near else None,
        destination=_destination(seen) if near else None,
        delivered_at=seen.delivered_at if seen.state == "delivered" else None,
        attempts=seen.attempts,
        failed_reason=seen.failed_reason if seen.state == "failed" else "",
        cash_minor=0 if seen.state in ENDS else seen.cash_minor,
        currency=seen.currency,
        note=seen.note,
        may_move=rules.reschedule and seen.state in MAY_MOVE,
        may_note=rules.note and seen.state in MAY_NOTE,
        shows_code=rules.code and out,
        over=seen.state in ENDS,
    )


def _slot(seen: Seen) -> tuple[datetime, datetime] | None:
    if seen.slot_from is not None and seen.slot_to is not None:
        return seen.slot_from, seen.slot_to
    if not seen.slots:
        return None
    begin, end = seen.slots[0]
    return datetime.fromisoformat(begin), datetime.fromisoformat(end)


def _eta(seen: Seen) -> tuple[datetime, datetime] | None:
    """A band: from the estimate, rounded down, to the time by which four in five are there, rounded up."""
    about = seen.eta_at or seen.planned_arrival
    if about is None:
        return None
    latest = max(seen.eta_latest_at or about + timedelta(minutes=30), about)
    return rounded(about, up=False), rounded(latest, up=True)


def rounded(moment: datetime, *, up: bool) -> datetime:
    """To whole five minutes."""
    epoch = datetime.min.replace(tzinfo=UTC)
    steps = -(-(moment - epoch) // STEP) if up else (moment - epoch) // STEP
    return epoch + steps * STEP


def _silent(seen: Seen, now: datetime) -> bool:
    return seen.driver_recorded_at is None or now - seen.driver_recorded_at > SILENT


def _place(seen: Seen) -> dict[str, Any] | None:
    if seen.driver_recorded_at is None or seen.driver_longitude is None:
        return None
    return {
        "longitude": seen.driver_longitude,
        "latitude": seen.driver_latitude,
        "heading_deg": seen.driver_heading_deg,
        "recorded_at": seen.driver_recorded_at.isoformat(),
    }


def _destination(seen: Seen) -> dict[str, float] | None:
    if seen.longitude is None or seen.latitude is None:
        return None
    return {"longitude": seen.longitude, "latitude": seen.latitude}
