"""What the `data` of each kind of event about shipments holds. Nothing in it says who the recipient is or where they
live: events are kept and sent on, and whoever may know asks the API for the shipment."""

from typing import Annotated

from msgspec import Meta, Struct

from tracker.http.times import Moment

ShipmentId = Annotated[str, Meta(examples=["shp_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
DriverId = Annotated[str, Meta(examples=["drv_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
ManifestId = Annotated[str, Meta(examples=["mft_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
HubId = Annotated[str, Meta(examples=["hub_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
Reason = Annotated[str, Meta(description="A word or sentence of whoever said so.", examples=["nobody_home"])]
Interval = Annotated[str, Meta(examples=["2026-05-01T09:00:00.000000Z/2026-05-01T11:00:00.000000Z"])]
State = Annotated[
    str,
    Meta(
        description="created, ready, assigned, out_for_delivery, failed, delivered, returning, returned, cancelled or "
        "lost.",
        examples=["out_for_delivery"],
    ),
]


class AboutShipment(Struct):
    """A shipment, as it was after this happened."""

    id: ShipmentId
    external_id: Annotated[str | None, Meta(description="Your own id of it.", examples=["order-4711"])]
    state: State
    sequence: Annotated[int, Meta(ge=1, description="Of its newest event.", examples=[4])]
    hub: HubId | None
    driver: DriverId | None
    manifest: Annotated[ManifestId | None, Meta(description="The one it is on or was last on.")]
    attempts: Annotated[int, Meta(ge=0, description="Failed attempts so far.")]
    slots: Annotated[list[Interval], Meta(description="When the recipient can be met, UTC; none: any time.")]
    promised_to: Annotated[Moment | None, Meta(description="End of the slot the recipient was last told.")]


class AboutShipmentEvent(Struct):
    """The stored fact."""

    id: Annotated[str, Meta(examples=["sev_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    kind: Annotated[str, Meta(examples=["OutForDelivery"])]
    sequence: Annotated[int, Meta(ge=1, description="Counts from 1 within the shipment.")]
    author: Annotated[str, Meta(description="member, key, driver, customer or system.", examples=["driver"])]
    occurred_at: Annotated[Moment, Meta(description="When it happened.")]
    recorded_at: Annotated[
        Moment, Meta(description="When it became known: later where a phone had no network.")
    ]


class ShipmentTold(Struct, kw_only=True):
    """Something happened to a shipment."""

    shipment: AboutShipment
    event: AboutShipmentEvent


class ShipmentAssigned(ShipmentTold, kw_only=True):
    """A released manifest gave it to a driver."""

    driver: DriverId
    manifest: ManifestId
    manifest_version: Annotated[int, Meta(ge=0, examples=[1])]


class ShipmentAttemptFailed(ShipmentTold, kw_only=True):
    """A driver was there and could not deliver."""

    reason: Reason
    attempt: Annotated[int, Meta(ge=1, description="Counts the attempts from 1.", examples=[1])]
    driver: DriverId | None


class AboutProof(Struct):
    """What proves it."""

    id: Annotated[str, Meta(examples=["pod_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    kind: Annotated[str, Meta(description="photo, signature or code.", examples=["photo"])]
    sha256: Annotated[str, Meta(description="Of its bytes, hexadecimal.", min_length=64, max_length=64)]


class ShipmentDelivered(ShipmentTold, kw_only=True):
    """It was handed over."""

    driver: DriverId | None
    proofs: list[AboutProof]
    cash_minor: Annotated[int, Meta(ge=0, description="Collected, in minor units.", examples=[49900])]
    currency: Annotated[str, Meta(description="Empty: no cash was to be collected.", examples=["INR"])]


class ShipmentRescheduled(ShipmentTold, kw_only=True):
    """It is wanted at another time: `shipment.slots`."""

    reason: Reason


class ShipmentEnded(ShipmentTold, kw_only=True):
    """It was cancelled, lost or found damaged, and why."""

    reason: Reason
