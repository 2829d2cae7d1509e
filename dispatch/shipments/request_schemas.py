"""What the API takes about shipments: these structs describe it and read it (`bodies.py`)."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from tracker.http.times import Moment

Interval = Annotated[
    str,
    Meta(
        description="ISO 8601: from/to, from/duration or duration/to; UTC where no offset is given.",
        examples=["2026-05-01T09:00:00Z/2026-05-01T11:00:00Z"],
    ),
]
Slots = Annotated[
    list[Interval], Meta(max_length=20, description="When the recipient can be met; none: any time.")
]
Size = Annotated[
    dict[str, float],
    Meta(
        description="How much of each unit it takes up, at most 1,000,000; the units are those of your vehicles' "
        "capacities.",
        examples=[{"parcels": 1, "kg": 2.5}],
    ),
]
ServiceS = Annotated[int, Meta(ge=0, le=86_400, description="How long the visit takes, in seconds.")]
Priority = Annotated[int, Meta(ge=-10, le=10, description="Where not all can be served, higher goes first.")]
Skills = Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=50)]
Cash = Annotated[int, Meta(ge=0, description="In minor units of the currency.", examples=[49900])]
Currency = Annotated[str, Meta(max_length=3, description="ISO 4217.", examples=["INR"])]
Hub = Annotated[str, Meta(description="`hub_…`, or `external:` and your own id.")]
Reason = Annotated[str, Meta(min_length=1, max_length=40, examples=["nobody_home"])]
Note = Annotated[str, Meta(max_length=500)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]


class NewShipmentBody(Struct, forbid_unknown_fields=True):
    """A shipment to announce."""

    external_id: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None,
        Meta(description="Your own id of it; one shipment has it, and announcing it again is harmless."),
    ] = None
    hub: Annotated[Hub | None, Meta(description="Without one: the hub in whose zone it lies.")] = None
    recipient: Annotated[str, Meta(max_length=200)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    language: Annotated[str, Meta(max_length=10, examples=["hi"])] = ""
    address: Annotated[str, Meta(max_length=500)] = ""
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    slots: Slots = []
    size: Size = {}
    service_s: ServiceS = 180
    priority: Priority = 0
    skills: Skills = []
    cash_minor: Annotated[Cash, Meta(description="To collect, in minor units.")] = 0
    currency: Currency = ""
    metadata: Annotated[dict[str, Any], Meta(description="Your own facts about it.")] = {}


class NewShipmentsBody(Struct, forbid_unknown_fields=True):
    """Many at once; each is taken or refused by itself."""

    shipments: Annotated[
        list[Any], Meta(min_length=1, max_length=1_000, description="Each an object as for one shipment.")
    ]
    change: Annotated[
        bool,
        Meta(
            description="Whether one that is known with another content takes the new one where its state allows."
        ),
    ] = False


class CommandBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """What every command takes."""

    occurred_at: Annotated[Moment | None, Meta(description="When it happened, in the past; null: now.")] = (
        None
    )
    expected_sequence: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Only if this is the number of its newest event still; otherwise a 409."),
    ] = None


class ReasonBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class HubBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """Where."""

    hub: Hub | None = None


class ChangeHubBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """The hub that delivers it from now on."""

    hub: Hub


class CorrectAddressBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """Where it goes; you vouch for the place."""

    longitude: Longitude
    latitude: Latitude
    address: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET


class ChangeDetailsBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """What changes; a field that is left out stays."""

    recipient: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    phone: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=254)] | UnsetType = UNSET
    language: Annotated[str, Meta(max_length=10)] | UnsetType = UNSET
    slots: Slots | UnsetType = UNSET
    size: Size | UnsetType = UNSET
    service_s: ServiceS | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    skills: Skills | UnsetType = UNSET
    cash_minor: Cash | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class FailAttemptBody(ReasonBody, kw_only=True, forbid_unknown_fields=True):
    """Why it could not be delivered, and where the driver was."""

    note: Note = ""
    longitude: Longitude | None = None
    latitude: Latitude | None = None


class AllowAttemptBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """From when on it may be planned again."""

    not_before: Moment | None = None


class ConfirmDeliveryBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """Who took it, and what was collected."""

    recipient: Annotated[str, Meta(max_length=200)] = ""
    cash_minor: Annotated[Cash, Meta(description="Collected, in minor units.")] = 0
    note: Note = ""
    longitude: Longitude | None = None
    latitude: Latitude | None = None


class RescheduleBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """When the recipient can be met instead."""

    slots: Annotated[list[Interval], Meta(min_length=1, max_length=20)]
    reason: Annotated[str, Meta(max_length=40)] = ""


class NoteBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """What the driver should know; an empty one takes the last back."""

    note: Note
    whose: Annotated[
        Literal["sender", "customer"],
        Meta(
            description="Who says it. The recipient sees and can change a `customer`'s note, never a `sender`'s."
        ),
    ] = "sender"


class DamageBody(ReasonBody, kw_only=True, forbid_unknown_fields=True):
    """What is damaged."""

    note: Note = ""
