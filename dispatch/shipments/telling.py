"""Tells others what happened to shipments: an OutboxEvent for each event, in the transaction that wrote it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from dispatch.shipments import kinds
from dispatch.shipments.intervals import interval_text
from dispatch.shipments.state import State
from dispatch.shipments.store import Appended, Parcel, Writing
from tracker.http.times import moment_text
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import NewEvent, record_all
from tracker.webhooks import shipment_payloads as payloads

TOLD_AS: dict[type[kinds.Event], Kind] = {
    kinds.ShipmentCreated: Kind.SHIPMENT_CREATED,
    kinds.PickupConfirmed: Kind.SHIPMENT_PICKED_UP,
    kinds.Assigned: Kind.SHIPMENT_ASSIGNED,
    kinds.OutForDelivery: Kind.SHIPMENT_OUT_FOR_DELIVERY,
    kinds.DeliveryAttempted: Kind.SHIPMENT_ATTEMPT_FAILED,
    kinds.DeliveryConfirmed: Kind.SHIPMENT_DELIVERED,
    kinds.Rescheduled: Kind.SHIPMENT_RESCHEDULED,
    kinds.Returned: Kind.SHIPMENT_RETURNED,
    kinds.Cancelled: Kind.SHIPMENT_CANCELLED,
    kinds.Damaged: Kind.SHIPMENT_DAMAGED,
    kinds.Lost: Kind.SHIPMENT_LOST,
}  # every other kind is told as a change


def tell(
    writing: Writing,
    parcels: Mapping[int, Parcel],
    states: Mapping[int, State],
    written: Mapping[int, Sequence[Appended]],
) -> None:
    """Write the outbox events of what was appended, shipment by shipment."""
    record_all(
        [
            NewEvent(
                environment_id=writing.environment_id,
                kind=TOLD_AS.get(type(one.known.event), Kind.SHIPMENT_CHANGED),
                data=_data(parcels[shipment], states[shipment], one, writing.author.kind),
                occurred_at=one.known.occurred_at,
                request_id=writing.request_id,
            )
            for shipment, listed in written.items()
            for one in listed
        ]
    )


def _data(parcel: Parcel, state: State, one: Appended, author: str) -> dict[str, Any]:
    event = one.known.event
    told: dict[str, Any] = {"shipment": about(parcel, state), "event": _about_event(one, author)}
    make = _MORE.get(type(event))
    whole = make(told, event, state) if make else payloads.ShipmentTold(**told)
    return dict(msgspec.to_builtins(whole))


def about(parcel: Parcel, state: State) -> payloads.AboutShipment:
    """A shipment as events and manifests of others show it: nothing of its recipient."""
    return payloads.AboutShipment(
        id=parcel.public_id,
        external_id=parcel.external_id,
        state=state.state,
        sequence=state.sequence,
        hub=state.hub,
        driver=state.driver,
        manifest=state.manifest,
        attempts=state.attempts,
        slots=[interval_text(slot) for slot in state.slots],
        promised_to=_text(state.promised_to),
    )


def _about_event(one: Appended, author: str) -> payloads.AboutShipmentEvent:
    known = one.known
    return payloads.AboutShipmentEvent(
        id=one.public_id,
        kind=type(known.event).__name__,
        sequence=known.sequence,
        author=author,
        occurred_at=moment_text(known.occurred_at),
        recorded_at=moment_text(known.recorded_at),
    )


def _assigned(told: dict[str, Any], event: kinds.Assigned, state: State) -> msgspec.Struct:
    facts: dict[str, Any] = {
        "driver": event.driver,
        "manifest": event.manifest,
        "manifest_version": event.version,
    }
    return payloads.ShipmentAssigned(**told, **facts)


def _attempted(told: dict[str, Any], event: kinds.DeliveryAttempted, state: State) -> msgspec.Struct:
    facts: dict[str, Any] = {"reason": event.reason, "attempt": event.attempt, "driver": event.driver}
    return payloads.ShipmentAttemptFailed(**told, **facts)


def _delivered(told: dict[str, Any], event: kinds.DeliveryConfirmed, state: State) -> msgspec.Struct:
    proofs = [payloads.AboutProof(proof.id, proof.kind, proof.sha256) for proof in event.proofs]
    facts: dict[str, Any] = {
        "driver": event.driver,
        "cash_minor": event.cash_minor,
        "currency": state.currency,
    }
    return payloads.ShipmentDelivered(**told, **facts, proofs=proofs)


def _rescheduled(told: dict[str, Any], event: kinds.Rescheduled, state: State) -> msgspec.Struct:
    return payloads.ShipmentRescheduled(**told, reason=event.reason)


def _ended(told: dict[str, Any], event: kinds.Cancelled, state: State) -> msgspec.Struct:
    return payloads.ShipmentEnded(**told, reason=event.reason)


def _text(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None


_MORE: dict[type[kinds.Event], Callable[[dict[str, Any], Any, State], msgspec.Struct]] = {
    kinds.Assigned: _assigned,
    kinds.DeliveryAttempted: _attempted,
    kinds.DeliveryConfirmed: _delivered,
    kinds.Rescheduled: _rescheduled,
    kinds.Cancelled: _ended,
    kinds.Damaged: _ended,
    kinds.Lost: _ended,
}
