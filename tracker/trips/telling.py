"""Tells of trips: each happening becomes an event in the outbox; one told before is named by what corrects it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tracker.outbox.models import OutboxEvent
from tracker.outbox.services import record
from tracker.trips.advance import Happening
from tracker.trips.models import Trip
from tracker.trips.schemas import trip_document


def tell(trip: Trip, happenings: Sequence[Happening]) -> None:
    """Write the events of one trip, in order, in the transaction that changed it; remembers in the trip which stand."""
    for happening in happenings:
        data: dict[str, Any] = {"trip": msgspec.to_builtins(trip_document(trip)), **happening.facts}
        standing = trip.told.get(happening.fact) if happening.fact else None
        if standing is not None:
            data["corrects"] = _public_id(trip, standing)
        event = record(
            trip.environment_id,
            happening.kind,
            data,
            occurred_at=happening.occurred_at,
            device_id=trip.device_id,
        )
        if happening.fact:
            trip.told = trip.told | {happening.fact: event.pk}


def _public_id(trip: Trip, pk: int) -> str | None:
    """None where the event is so old that it was forgotten."""
    event = OutboxEvent.objects.for_environment(trip.environment_id).filter(pk=pk).first()
    return event.public_id if event else None
