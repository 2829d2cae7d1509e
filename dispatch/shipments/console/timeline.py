"""What happened to a shipment, told to a person: each event as a heading and the facts that belong to it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import asdict

from dispatch.intake.cells import MINOR_DIGITS
from dispatch.shipments import kinds
from dispatch.shipments.authors import Author
from dispatch.shipments.kinds import Event, Slot

LATE_S = 60.0  # what became known later than that says so
TITLES: dict[type[Event], str] = {
    kinds.ShipmentCreated: "Announced",
    kinds.AddressCorrected: "Place found",
    kinds.DetailsChanged: "Details changed",
    kinds.HubChanged: "Given to another hub",
    kinds.PickupConfirmed: "Taken in",
    kinds.Assigned: "Put on a manifest",
    kinds.Unassigned: "Taken off its manifest",
    kinds.OutForDelivery: "Out for delivery",
    kinds.DeliveryAttempted: "Attempt failed",
    kinds.AttemptAllowed: "May be tried again",
    kinds.DeliveryConfirmed: "Delivered",
    kinds.Rescheduled: "Wanted at another time",
    kinds.NoteLeft: "Note to the driver",
    kinds.Cancelled: "Cancelled",
    kinds.ReturnStarted: "Sent back",
    kinds.Returned: "Returned",
    kinds.Damaged: "Damaged",
    kinds.Lost: "Lost",
    kinds.ManifestOverridden: "Plan overridden",
    kinds.PersonalDataForgotten: "Personal data deleted",
}
TONES: dict[type[Event], str] = {
    kinds.DeliveryConfirmed: "ok",
    kinds.DeliveryAttempted: "warn",
    kinds.Damaged: "bad",
    kinds.Lost: "bad",
    kinds.Cancelled: "bad",
    kinds.ManifestOverridden: "warn",
}
AUTHORS = {"member": "", "key": "key ", "driver": "driver ", "customer": "the customer", "system": ""}
SYSTEMS = {"geocoding": "geocoding", "upload": "an upload"}


@dataclass(frozen=True)
class Told:
    """An event as a page shows it."""

    sequence: int
    title: str
    tone: str
    facts: list[str]
    by: str
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    moot: bool
    proofs: tuple[kinds.Proof, ...]
    hash: str


def told(
    event: Event, *, sequence: int, author: Author, occurred_at: datetime, recorded_at: datetime, moot: bool,
    digest: bytes, zone: tzinfo,
) -> Told:  # fmt: skip
    """An event in words; times are shown on the hub's clock."""
    more = _FACTS.get(type(event))
    facts = [fact for fact in (more(event, zone) if more else []) if fact]
    proofs: tuple[kinds.Proof, ...] = getattr(event, "proofs", ())
    title = TITLES.get(type(event), type(event).__name__)
    if isinstance(event, kinds.AddressCorrected):
        title = "Place set by a person" if event.place_by == "person" else title
    return Told(
        sequence=sequence,
        title=title,
        tone=TONES.get(type(event), ""),
        facts=facts,
        by=author_words(author),
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        late=(recorded_at - occurred_at).total_seconds() > LATE_S,
        moot=moot,
        proofs=proofs,
        hash=digest.hex()[:12],
    )


def author_words(author: Author) -> str:
    """Who it was, in a few words."""
    name = author.name or SYSTEMS.get(author.id, author.id.replace("_", " "))
    return f"{AUTHORS.get(author.kind, '')}{'' if author.kind == 'customer' else name}".strip() or author.kind


def author_of(stored: dict[str, Any]) -> Author:
    """The author as an event keeps it."""
    return msgspec.convert(stored, Author)


def pairs(slots: Sequence[Sequence[str]]) -> list[Slot]:
    """The slots of a projection's row."""
    return [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in slots]


def slot_words(slots: Sequence[Slot], zone: tzinfo) -> str:
    """`Mon 23 Nov 09:00 to 12:00`, several with semicolons."""
    return "; ".join(_slot(begin.astimezone(zone), end.astimezone(zone)) for begin, end in slots)


def reason_words(code: str) -> str:
    """A reason as people say it: `nobody home`."""
    return code.replace("_", " ")


def size_words(size: dict[str, float]) -> str:
    """`2 parcels, 2.5 kg`."""
    names = {"parcels": "parcel" if size.get("parcels") == 1 else "parcels"}
    parts = sorted(size.items(), key=lambda part: part[0] != "parcels")
    return ", ".join(f"{_plain(amount)} {names.get(unit, unit)}" for unit, amount in parts)


def _plain(amount: float) -> str:
    """`1,000,000` and `2.5`: never with an exponent."""
    return f"{amount:,.3f}".rstrip("0").rstrip(".")


def money_words(minor: int, currency: str) -> str:
    """`INR 1,250.00`."""
    digits = MINOR_DIGITS.get(currency, 2)
    return f"{currency} {minor / 10**digits:,.{digits}f}".strip()


def _slot(begin: datetime, end: datetime) -> str:
    last = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%a %d %b %H:%M}"
    return f"{begin:%a %d %b %H:%M} to {last}"


def _created(event: kinds.ShipmentCreated, zone: tzinfo) -> list[str]:
    return [
        event.recipient,
        event.address,
        slot_words(event.slots, zone),
        size_words(event.size),
        _place(event.longitude, event.latitude, event.place_by, event.confidence),
        "A person must look at the place." if event.doubtful else "",
    ]


def _address(event: kinds.AddressCorrected, zone: tzinfo) -> list[str]:
    return [
        "" if event.address is UNSET else str(event.address),
        _place(event.longitude, event.latitude, event.place_by, event.confidence)
        or "Nobody knew the address.",
        "A person must look at the place." if event.doubtful else "",
    ]


def _place(longitude: float | None, latitude: float | None, place_by: str, confidence: float | None) -> str:
    if longitude is None or latitude is None:
        return ""
    sure = (
        f", {confidence:.0%} sure" if confidence is not None and place_by not in {"given", "person"} else ""
    )
    return f"{latitude:.5f}, {longitude:.5f} ({place_by}{sure})"


def _changed(event: kinds.DetailsChanged, zone: tzinfo) -> list[str]:
    given = {name: value for name, value in asdict(event).items() if value is not UNSET}
    return [f"{name.replace('_', ' ')}: {_value(name, value, zone)}" for name, value in given.items()]


def _value(name: str, value: Any, zone: tzinfo) -> str:
    if name == "slots":
        return slot_words(value, zone) or "any time"
    if name == "size":
        return size_words(value)
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _assigned(event: kinds.Assigned, zone: tzinfo) -> list[str]:
    promised = (
        f"promised until {event.promised_to.astimezone(zone):%a %d %b %H:%M}" if event.promised_to else ""
    )
    return [f"version {event.version}", promised]


def _attempt(event: kinds.DeliveryAttempted, zone: tzinfo) -> list[str]:
    place = f"at {event.latitude:.5f}, {event.longitude:.5f}" if event.longitude is not None else ""
    return [f"attempt {event.attempt}: {event.reason.replace('_', ' ')}", event.note, place]


def _delivered(event: kinds.DeliveryConfirmed, zone: tzinfo) -> list[str]:
    place = f"at {event.latitude:.5f}, {event.longitude:.5f}" if event.longitude is not None else ""
    cash = "cash collected" if event.cash_minor else ""
    return [f"to {event.recipient}" if event.recipient else "", cash, event.note, place]


def _allowed(event: kinds.AttemptAllowed, zone: tzinfo) -> list[str]:
    return [f"not before {event.not_before.astimezone(zone):%a %d %b %H:%M}"] if event.not_before else []


def _rescheduled(event: kinds.Rescheduled, zone: tzinfo) -> list[str]:
    return [slot_words(event.slots, zone), event.reason]


def _reason(event: Any, zone: tzinfo) -> list[str]:
    return [reason_words(event.reason), getattr(event, "note", "")]


def _overridden(event: kinds.ManifestOverridden, zone: tzinfo) -> list[str]:
    return [event.reason_code.replace("_", " ")]


_FACTS: dict[type[Event], Callable[[Any, tzinfo], list[str]]] = {
    kinds.ShipmentCreated: _created,
    kinds.AddressCorrected: _address,
    kinds.DetailsChanged: _changed,
    kinds.Assigned: _assigned,
    kinds.DeliveryAttempted: _attempt,
    kinds.DeliveryConfirmed: _delivered,
    kinds.AttemptAllowed: _allowed,
    kinds.Rescheduled: _rescheduled,
    kinds.NoteLeft: lambda event, zone: [f"of the {event.whose}", event.note],
    kinds.Unassigned: _reason,
    kinds.Cancelled: _reason,
    kinds.ReturnStarted: _reason,
    kinds.Damaged: _reason,
    kinds.Lost: _reason,
    kinds.PersonalDataForgotten: _reason,
    kinds.ManifestOverridden: _overridden,
}
