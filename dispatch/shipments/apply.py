"""What an event makes of a shipment. Pure: no clock, no refusal; what cannot follow is passed over."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace

from dispatch.shipments import kinds
from dispatch.shipments.kinds import Event
from dispatch.shipments.state import (
    ASSIGNED,
    CANCELLED,
    CREATED,
    DELIVERED,
    FAILED,
    LOST,
    OUT,
    READY,
    RETURNED,
    RETURNING,
    State,
)
from dispatch.shipments.transitions import follows

Change = dict[str, Any]


def apply(state: State, event: Event, occurred_at: datetime) -> State:
    """The shipment after the event; as before, but for `changed_at`, where it cannot follow any more."""
    if not follows(state, type(event)):
        return replace(state, changed_at=occurred_at)
    return replace(state, changed_at=occurred_at, **_CHANGES[type(event)](state, event, occurred_at))


def _created(state: State, event: kinds.ShipmentCreated, at: datetime) -> Change:
    facts = asdict(event)
    facts |= {"place_confidence": facts.pop("confidence"), "place_doubtful": facts.pop("doubtful")}
    return facts | {"state": CREATED, "created_at": at, "promised_to": _end_of(event.slots)}


def _address(state: State, event: kinds.AddressCorrected, at: datetime) -> Change:
    return {
        "address": state.address if event.address is UNSET else event.address,
        "longitude": event.longitude,
        "latitude": event.latitude,
        "place_by": event.place_by,
        "place_confidence": event.confidence,
        "place_doubtful": event.doubtful,
    }


def _details(state: State, event: kinds.DetailsChanged, at: datetime) -> Change:
    given = {name: value for name, value in asdict(event).items() if value is not UNSET}
    return given | ({"promised_to": _end_of(given["slots"])} if "slots" in given else {})


def _hub(state: State, event: kinds.HubChanged, at: datetime) -> Change:
    return {"hub": event.hub}


def _picked_up(state: State, event: kinds.PickupConfirmed, at: datetime) -> Change:
    return {
        "picked_up": True,
        "state": READY if state.state == CREATED else state.state,
        "hub": event.hub or state.hub,
    }


def _assigned(state: State, event: kinds.Assigned, at: datetime) -> Change:
    return {
        "state": ASSIGNED,
        "manifest": event.manifest,
        "manifest_version": event.version,
        "driver": event.driver,
        "hub": event.hub or state.hub,
        "promised_to": event.promised_to or state.promised_to,
        "not_before": None,
    }


def _unassigned(state: State, event: kinds.Unassigned, at: datetime) -> Change:
    return {"state": READY if state.picked_up else CREATED, "driver": None, "on_road": False}


def _out(state: State, event: kinds.OutForDelivery, at: datetime) -> Change:
    return {"state": OUT, "picked_up": True, "on_road": True, "out_at": at}


def _attempted(state: State, event: kinds.DeliveryAttempted, at: datetime) -> Change:
    return {
        "state": FAILED,
        "attempts": state.attempts + 1,
        "failed_reason": event.reason,
        "picked_up": True,
        "on_road": True,
        "not_before": None,
    }


def _allowed(state: State, event: kinds.AttemptAllowed, at: datetime) -> Change:
    return {"state": READY, "not_before": event.not_before}


def _delivered(state: State, event: kinds.DeliveryConfirmed, at: datetime) -> Change:
    return {
        "state": DELIVERED,
        "picked_up": True,
        "on_road": False,
        "driver": event.driver or state.driver,
        "cash_collected_minor": event.cash_minor,
        "not_before": None,
        "delivered_at": at,
        "ended_at": at,
    }


def _rescheduled(state: State, event: kinds.Rescheduled, at: datetime) -> Change:
    return {"slots": event.slots, "promised_to": _end_of(event.slots)}


def _note(state: State, event: kinds.NoteLeft, at: datetime) -> Change:
    return {"note" if event.whose == kinds.CUSTOMER else "sender_note": event.note}


def _cancelled(state: State, event: kinds.Cancelled, at: datetime) -> Change:
    return {"state": CANCELLED, "ended_at": at, "not_before": None}


def _returning(state: State, event: kinds.ReturnStarted, at: datetime) -> Change:
    return {"state": RETURNING, "ended_at": None, "not_before": None}


def _returned(state: State, event: kinds.Returned, at: datetime) -> Change:
    return {"state": RETURNED, "on_road": False, "ended_at": at, "hub": event.hub or state.hub}


def _damaged(state: State, event: kinds.Damaged, at: datetime) -> Change:
    return {"damaged": True}


def _lost(state: State, event: kinds.Lost, at: datetime) -> Change:
    return {"state": LOST, "ended_at": at, "not_before": None}


def _nothing(state: State, event: Event, at: datetime) -> Change:
    return {}


def _forgotten(state: State, event: kinds.PersonalDataForgotten, at: datetime) -> Change:
    told = ("recipient", "phone", "email", "address", "note", "sender_note")
    nothing: Change = dict.fromkeys(told, "")
    return nothing | {"longitude": None, "latitude": None, "metadata": {}, "forgotten": True}


def _end_of(slots: tuple[kinds.Slot, ...]) -> datetime | None:
    return max((end for _, end in slots), default=None)


_CHANGES: dict[type[Event], Callable[[State, Any, datetime], Change]] = {
    kinds.ShipmentCreated: _created,
    kinds.AddressCorrected: _address,
    kinds.DetailsChanged: _details,
    kinds.HubChanged: _hub,
    kinds.PickupConfirmed: _picked_up,
    kinds.Assigned: _assigned,
    kinds.Unassigned: _unassigned,
    kinds.OutForDelivery: _out,
    kinds.DeliveryAttempted: _attempted,
    kinds.AttemptAllowed: _allowed,
    kinds.DeliveryConfirmed: _delivered,
    kinds.Rescheduled: _rescheduled,
    kinds.NoteLeft: _note,
    kinds.Cancelled: _cancelled,
    kinds.ReturnStarted: _returning,
    kinds.Returned: _returned,
    kinds.Damaged: _damaged,
    kinds.Lost: _lost,
    kinds.ManifestOverridden: _nothing,
    kinds.PersonalDataForgotten: _forgotten,
}
