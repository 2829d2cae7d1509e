"""Everything that can happen to a shipment, a struct for each kind of event. Pure.

What must mean the same for ever has no default: only "nothing" has one (none, empty, false, nought), so a change of a
default in the code cannot change the past. Another form of a kind is another `VERSION`, with a step in `upcasters.py`.
Ids are public ones (`hub_…`, `drv_…`), amounts of money are in minor units of their currency, times are in UTC.

Fields named in `PERSONAL` say something of the recipient. They are kept beside the event, where they can be forgotten;
the event itself keeps a salted digest of them (`personal.py`).
"""

from datetime import datetime
from typing import Any, ClassVar

from msgspec import UNSET, Struct, UnsetType

Slot = tuple[datetime, datetime]
PLACE = ("longitude", "latitude")
SENDER, CUSTOMER = "sender", "customer"
NOTES = (SENDER, CUSTOMER)  # who can tell the driver something: the recipient sees only what a customer wrote


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that happened."""

    VERSION: ClassVar[int] = 1
    PERSONAL: ClassVar[tuple[str, ...]] = ()


class Proof(Struct, frozen=True):
    """What proves a delivery or a damage, by the digest of its bytes."""

    id: str  # pod_…
    kind: str  # photo, signature, code
    sha256: str  # hexadecimal


class ShipmentCreated(Event, frozen=True, kw_only=True):
    """It was announced to us."""

    PERSONAL = ("recipient", "phone", "email", "address", *PLACE, "metadata")

    service_s: int  # how long a visit takes
    hub: str | None = None
    language: str = ""  # of the recipient, BCP 47
    place_by: str = ""  # given, gazetteer, nominatim, google, person
    confidence: float | None = None  # of the place, 0 to 1
    doubtful: bool = False  # a person must look at the place first
    slots: tuple[Slot, ...] = ()  # none: any time
    size: dict[str, float] = {}  # {"parcels": 1, "kg": 2.5}
    priority: int = 0
    skills: tuple[str, ...] = ()
    cash_minor: int = 0  # to collect
    currency: str = ""
    recipient: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None
    metadata: dict[str, Any] = {}


class AddressCorrected(Event, frozen=True, kw_only=True):
    """Its address or place is another, or was found."""

    PERSONAL = ("address", *PLACE)

    place_by: str
    confidence: float | None = None
    doubtful: bool = False
    address: str | UnsetType = UNSET  # unset: as it was
    longitude: float | None = None
    latitude: float | None = None


class DetailsChanged(Event, frozen=True, kw_only=True):
    """Whoever sent it changed what is to be done; what is unset stays."""

    PERSONAL = ("recipient", "phone", "email", "metadata")

    language: str | UnsetType = UNSET
    slots: tuple[Slot, ...] | UnsetType = UNSET
    size: dict[str, float] | UnsetType = UNSET
    service_s: int | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    skills: tuple[str, ...] | UnsetType = UNSET
    cash_minor: int | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    recipient: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class HubChanged(Event, frozen=True, kw_only=True):
    """Another hub delivers it."""

    hub: str


class PickupConfirmed(Event, frozen=True, kw_only=True):
    """It is in our hands."""

    hub: str | None = None  # where; none: at its own


class Assigned(Event, frozen=True, kw_only=True):
    """A driver was given it on a released manifest."""

    manifest: str
    version: int
    driver: str
    hub: str | None = None
    promised_to: datetime | None = None  # end of the slot it is planned into


class Unassigned(Event, frozen=True, kw_only=True):
    """It was taken off its manifest."""

    reason: str
    manifest: str | None = None


class OutForDelivery(Event, frozen=True, kw_only=True):
    """Its driver is on the way with it."""

    manifest: str
    driver: str


class DeliveryAttempted(Event, frozen=True, kw_only=True):
    """Its driver was there and could not deliver."""

    PERSONAL = ("note", *PLACE)

    reason: str
    attempt: int
    driver: str | None = None
    proofs: tuple[Proof, ...] = ()
    note: str = ""
    longitude: float | None = None
    latitude: float | None = None


class AttemptAllowed(Event, frozen=True, kw_only=True):
    """It may be planned again."""

    not_before: datetime | None = None


class DeliveryConfirmed(Event, frozen=True, kw_only=True):
    """It was handed over."""

    PERSONAL = ("recipient", "note", *PLACE)

    driver: str | None = None
    proofs: tuple[Proof, ...] = ()
    cash_minor: int = 0  # collected
    recipient: str = ""  # who took it
    note: str = ""
    longitude: float | None = None
    latitude: float | None = None


class Rescheduled(Event, frozen=True, kw_only=True):
    """It is wanted at another time."""

    slots: tuple[Slot, ...]
    reason: str = ""


class NoteLeft(Event, frozen=True, kw_only=True):
    """Somebody told the driver something; of each, the newest counts. An empty one takes it back."""

    VERSION = 2
    PERSONAL = ("note",)

    whose: str  # one of NOTES
    note: str = ""


class Cancelled(Event, frozen=True, kw_only=True):
    """It is not to be delivered any more."""

    reason: str


class ReturnStarted(Event, frozen=True, kw_only=True):
    """It goes back to whoever sent it."""

    reason: str


class Returned(Event, frozen=True, kw_only=True):
    """Whoever sent it has it back."""

    hub: str | None = None


class Damaged(Event, frozen=True, kw_only=True):
    """It was found to be damaged."""

    PERSONAL = ("note",)

    reason: str
    proofs: tuple[Proof, ...] = ()
    note: str = ""


class Lost(Event, frozen=True, kw_only=True):
    """Nobody knows where it is."""

    reason: str


class ManifestOverridden(Event, frozen=True, kw_only=True):
    """A person changed what the plan had said of it."""

    override: str  # ovr_…: before, after, cost
    reason_code: str
    manifest: str | None = None  # the one it is on now


class PersonalDataForgotten(Event, frozen=True, kw_only=True):
    """What was known of its recipient was deleted."""

    reason: str


KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        ShipmentCreated,
        AddressCorrected,
        DetailsChanged,
        HubChanged,
        PickupConfirmed,
        Assigned,
        Unassigned,
        OutForDelivery,
        DeliveryAttempted,
        AttemptAllowed,
        DeliveryConfirmed,
        Rescheduled,
        NoteLeft,
        Cancelled,
        ReturnStarted,
        Returned,
        Damaged,
        Lost,
        ManifestOverridden,
        PersonalDataForgotten,
    )
}
