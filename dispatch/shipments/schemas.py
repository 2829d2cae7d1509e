"""Shipments and their events as the API shows them. The OpenAPI document is made from these structs."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from dispatch.shipments.intervals import interval_text
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.state import State
from dispatch.shipments.store import StoredEvent
from tracker.http.times import Moment, moment_text
from tracker.tenants.identifiers import public_id

Id = Annotated[str, Meta(examples=["shp_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
Interval = Annotated[str, Meta(examples=["2026-05-01T09:00:00.000000Z/2026-05-01T11:00:00.000000Z"])]
Sha256 = Annotated[str, Meta(min_length=64, max_length=64, description="Hexadecimal.")]


class ShipmentPlace(Struct):
    """Where it goes."""

    longitude: float
    latitude: float
    by: Annotated[str, Meta(description="given, gazetteer, nominatim, google or person.", examples=["given"])]
    confidence: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="Of whoever found it; null: not said.")
    ]
    doubtful: Annotated[bool, Meta(description="It is not planned before a person has looked at the place.")]


class ShipmentCash(Struct):
    """Cash to collect."""

    minor: Annotated[int, Meta(ge=0, description="To collect, in minor units.")]
    collected_minor: Annotated[int, Meta(ge=0)]
    currency: str


class ShipmentDocument(Struct, omit_defaults=True):
    """A shipment."""

    id: Id
    external_id: str | None
    state: Annotated[
        str,
        Meta(
            description="created, ready, assigned, out_for_delivery, failed, delivered, returning, returned, cancelled "
            "or lost."
        ),
    ]
    sequence: Annotated[int, Meta(ge=1, description="Of its newest event.")]
    hub: str | None
    driver: Annotated[str | None, Meta(description="`drv_…` of who has it or is to have it.")]
    manifest: Annotated[str | None, Meta(description="The manifest it is on or was last on.")]
    recipient: str
    phone: str
    email: str
    language: str
    address: str
    place: Annotated[ShipmentPlace | None, Meta(description="null: not known.")]
    slots: Annotated[list[Interval], Meta(description="When the recipient can be met; none: any time.")]
    promised_to: Annotated[Moment | None, Meta(description="End of the slot the recipient was last told.")]
    size: dict[str, float]
    service_s: int
    priority: int
    skills: list[str]
    cash: ShipmentCash | None
    attempts: Annotated[int, Meta(ge=0, description="Failed attempts so far.")]
    failed_reason: str
    not_before: Annotated[Moment | None, Meta(description="The next attempt is not planned before.")]
    note: Annotated[str, Meta(description="Of the recipient, to the driver.")]
    sender_note: Annotated[str, Meta(description="Of the sender, to the driver. Recipients do not see it.")]
    damaged: bool
    out_at: Moment | None
    delivered_at: Moment | None
    ended_at: Annotated[Moment | None, Meta(description="When it reached a state in which it stays.")]
    created_at: Moment | None
    changed_at: Annotated[Moment | None, Meta(description="When its last event happened.")]
    metadata: dict[str, Any]
    commands: Annotated[
        list[str] | UnsetType, Meta(description="What it can take now; of one shipment only, not in lists.")
    ] = UNSET


class ShipmentPage(Struct):
    """Some shipments, the newest first."""

    data: list[ShipmentDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class ShipmentEventDocument(Struct):
    """Something that happened to a shipment."""

    id: Annotated[str, Meta(examples=["sev_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    shipment: Id
    external_id: str | None
    sequence: Annotated[int, Meta(ge=1, description="Counts from 1 within the shipment, as it became known.")]
    kind: Annotated[str, Meta(examples=["OutForDelivery"])]
    version: Annotated[int, Meta(ge=1, description="Of the form in which it was written.")]
    data: Annotated[dict[str, Any], Meta(description="As the kind has it now.")]
    author: Annotated[dict[str, str], Meta(description="kind, id and name of who made it happen.")]
    occurred_at: Annotated[Moment, Meta(description="When it happened.")]
    recorded_at: Annotated[Moment, Meta(description="When it became known.")]
    request_id: str | None
    moot: Annotated[
        bool | UnsetType,
        Meta(description="True: what became known later shows that it had no effect. Of one shipment only."),
    ]
    previous_sha256: Sha256
    sha256: Annotated[Sha256, Meta(description="Over the whole event and the one before it.")]


class ShipmentEvents(Struct):
    """All events of a shipment, by number."""

    data: list[ShipmentEventDocument]


class ShipmentFeed(Struct):
    """Some events of all shipments, in an order in which nothing is put in later."""

    data: list[ShipmentEventDocument]
    more: Annotated[bool, Meta(description="Whether there were more when this was answered.")]
    next_cursor: Annotated[str, Meta(description="Pass as `cursor` to go on. It is never null.")]


class ShipmentFault(Struct):
    """What is wrong with one of many."""

    param: Annotated[str, Meta(description="JSON pointer into that one.", examples=["/slots/0"])]
    detail: str


class ShipmentResult(Struct, omit_defaults=True):
    """What became of one of many, in the order given."""

    outcome: Annotated[
        str,
        Meta(description="created, repeated (known, the same), changed, or refused.", examples=["created"]),
    ]
    id: Annotated[str | None, Meta(description="`shp_…`; of a refused one, whose external id it names.")]
    external_id: str | None
    faults: Annotated[list[ShipmentFault], Meta(description="Why it was refused.")] = []


class ShipmentResults(Struct):
    """What became of each."""

    created: int
    repeated: int
    changed: int
    refused: int
    data: list[ShipmentResult]


def row_document(row: ShipmentState) -> ShipmentDocument:
    """A shipment of the projection; shipment, hub and driver loaded."""
    state = State(
        **{
            name: getattr(row, name)
            for name in State.__struct_fields__
            if name not in {"hub", "driver", "manifest", "slots", "skills", *NOT_IN_ROW}
        },
        hub=row.hub.public_id if row.hub else None,
        driver=row.driver.public_id if row.driver else None,
        manifest=public_id("mft", row.manifest_uid) if row.manifest_uid else None,
        slots=tuple((_moment(begin), _moment(end)) for begin, end in row.slots),
        skills=tuple(row.skills),
    )
    return shipment_document(row.shipment.public_id, row.shipment.external_id, state)


NOT_IN_ROW = {"picked_up", "on_road", "manifest_version", "forgotten"}


def shipment_document(
    shipment: str, external_id: str | None, state: State, commands: list[str] | UnsetType = UNSET
) -> ShipmentDocument:
    """A shipment in that state."""
    cash = ShipmentCash(state.cash_minor, state.cash_collected_minor, state.currency)
    same = ("state", "sequence", "hub", "driver", "manifest", "recipient", "phone", "email", "language", "address",
        "size", "service_s", "priority", "attempts", "failed_reason", "note",
        "sender_note", "damaged", "metadata")  # fmt: skip
    shown: dict[str, Any] = {name: getattr(state, name) for name in same}
    times = ("promised_to", "not_before", "out_at", "delivered_at", "ended_at", "created_at", "changed_at")
    shown |= {name: _text(getattr(state, name)) for name in times}
    return ShipmentDocument(
        id=shipment,
        external_id=external_id,
        place=_place(state),
        slots=[interval_text(slot) for slot in state.slots],
        skills=list(state.skills),
        cash=cash if state.cash_minor or state.cash_collected_minor else None,
        commands=commands,
        **shown,
    )


def event_document(stored: StoredEvent, moot: bool | UnsetType = UNSET) -> ShipmentEventDocument:
    """An event with its data whole, in the form the program has it."""
    link = stored.link
    return ShipmentEventDocument(
        id=public_id("sev", link.uid),
        shipment=link.shipment,
        external_id=stored.external_id,
        sequence=link.sequence,
        kind=link.kind,
        version=link.version,
        data=to_builtins(stored.event),
        author=link.author,
        occurred_at=moment_text(link.occurred_at),
        recorded_at=moment_text(link.recorded_at),
        request_id=public_id("req", link.request_id) if link.request_id else None,
        moot=moot,
        previous_sha256=link.previous.hex(),
        sha256=stored.hash.hex(),
    )


def _place(state: State) -> ShipmentPlace | None:
    if state.longitude is None or state.latitude is None:
        return None
    doubt = (state.place_confidence, state.place_doubtful)
    return ShipmentPlace(state.longitude, state.latitude, state.place_by, *doubt)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None
