"""Writes on trips by people and programs: create, change, complete, cancel. The tick does the rest."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.contrib.gis.geos import LineString, MultiPolygon, Point
from django.db import IntegrityError, transaction

from tracker.devices.models import Device
from tracker.geofences.models import Geofence
from tracker.outbox.catalogue import Kind
from tracker.trips.advance import (
    MICROSECOND,
    Given,
    Happening,
    Memory,
    complete,
    estimate_of,
    memory_of,
    next_look,
    us,
)
from tracker.trips.lateness import Watch
from tracker.trips.models import Trip
from tracker.trips.paces import paces_of
from tracker.trips.telling import tell
from tracker.trips.ticking import FRESH, finish, look_at, places_of, write
from tracker.trips.transitions import require

HEADING = ["destination", "destination_name", "geofence", "area"]


class ExternalIdTaken(Exception):
    """Another trip of the environment has this external id."""

    def __init__(self, existing: Trip) -> None:
        super().__init__(f"The external id is taken by {existing.public_id}.")
        self.existing = existing


@dataclass(frozen=True)
class Destination:
    """Where a trip goes. With `area` the geofence as it is now; `place` is then a point inside it."""

    place: Point
    name: str = ""
    geofence: Geofence | None = None
    area: MultiPolygon | None = None


@dataclass(frozen=True)
class NewTrip:
    """What a caller wants."""

    device: Device
    destination: Destination | None = None
    external_id: str | None = None
    radius_m: float = 50.0
    scheduled_at: datetime | None = None
    corridor: LineString | None = None
    corridor_m: float | None = None
    complete_on: str = Trip.CompleteOn.MANUAL
    metadata: dict[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None


def create_trip(wanted: NewTrip, *, now: datetime) -> Trip:
    """Begin a trip and tell of it; its first estimate is made at once. Raises ExternalIdTaken."""
    trip = Trip(
        environment_id=wanted.device.environment_id,
        device=wanted.device,
        external_id=wanted.external_id,
        radius_m=wanted.radius_m,
        scheduled_at=wanted.scheduled_at,
        corridor=wanted.corridor,
        corridor_m=wanted.corridor_m,
        complete_on=wanted.complete_on,
        metadata=wanted.metadata,
        created_at=now,
        started_at=wanted.started_at or now,
        due_at=now,
    )
    _head_for(trip, wanted.destination)
    with transaction.atomic():
        try:
            with transaction.atomic():
                trip.save(force_insert=True)
        except IntegrityError as error:
            if "trip_external_id" not in str(error):
                raise
            raise ExternalIdTaken(_holder(trip)) from None
        _expect_anew(trip, now)
        tell(trip, [Happening(Kind.TRIP_CREATED, now)])
        write([trip])
    return trip


def change_trip(trip: Trip, changes: dict[str, Any], *, now: datetime) -> Trip:
    """Change destination, radius, schedule or metadata of a trip under way; what is not named stays. The estimate
    follows at once. Raises IllegalTransition for one that has ended, unless only metadata changes."""
    fields = dict(changes)
    with transaction.atomic():
        trip = _hold(trip)
        if fields.keys() - {"metadata"}:
            require(trip.state, Trip.State.COMPLETED)
        moved = "destination" in fields
        if moved:
            _head_for(trip, fields.pop("destination"))
        for name, value in fields.items():
            setattr(trip, name, value)
        trip.save(update_fields=[*fields, *(HEADING if moved else [])])
        if moved:
            # positions of before are no arriving there; having arrived at the last place was told, and stays told
            trip.fold, trip.told = msgspec.to_builtins(Memory(headed_us=us(now))), {}
            trip.state, trip.arrived_at, trip.exited_at = Trip.State.ACTIVE, None, None
        if trip.state == Trip.State.ACTIVE:
            _expect_anew(trip, now)
            trip.due_at = now
        write([trip])
    return trip


def complete_trip(trip: Trip, *, now: datetime) -> Trip:
    """End a trip as done; positions that came until now count. Raises IllegalTransition."""
    with transaction.atomic():
        trip = _hold(trip)
        require(trip.state, Trip.State.COMPLETED)
        look_at([trip], now=now)
        if trip.state != Trip.State.COMPLETED:  # or arriving just now completed it
            happening = complete(trip, now=now, by="request")
            trip.due_at = next_look(trip, memory_of(trip).progress, Watch(), now=now)
            finish([(trip, [happening], False)])
            write([trip])
    return trip


def cancel_trip(trip: Trip, *, now: datetime) -> Trip:
    """End a trip that will not be made. Raises IllegalTransition."""
    with transaction.atomic():
        trip = _hold(trip)
        require(trip.state, Trip.State.CANCELLED)
        trip.state, trip.ended_at, trip.due_at = Trip.State.CANCELLED, now, None
        trip.eta_at = trip.eta_earliest_at = trip.eta_latest_at = None
        tell(trip, [Happening(Kind.TRIP_CANCELLED, now)])
        write([trip])
    return trip


def forget_trips(device: Device) -> None:
    """Forget every trip of a device and its links; part of forgetting the device."""
    Trip.objects.for_environment(device.environment_id).filter(device_id=device.pk).delete()


def _hold(trip: Trip) -> Trip:
    """The row as it is now, locked against the tick and other callers to the end of the transaction."""
    rows = Trip.objects.for_environment(trip.environment_id).select_related("device", "geofence")
    return rows.select_for_update(of=("self",)).get(pk=trip.pk)


def _head_for(trip: Trip, destination: Destination | None) -> None:
    trip.destination = destination.place if destination else None
    trip.destination_name = destination.name if destination else ""
    trip.geofence = destination.geofence if destination else None
    trip.area = destination.area if destination else None


def _expect_anew(trip: Trip, now: datetime) -> None:
    """A first estimate from where the device is; nobody is told, for whoever changed the trip gets it as an answer."""
    here = places_of([trip.device_id]).get(trip.device_id)
    fresh = here is not None and us(now) - here.at_us <= FRESH / MICROSECOND
    paces = paces_of([trip.environment_id]).get(trip.environment_id, {})
    trip.eta_at = trip.eta_earliest_at = trip.eta_latest_at = trip.remaining_m = None
    estimate_of(trip, memory_of(trip).progress, Given(here=here if fresh else None, paces=paces), now=now)


def _holder(trip: Trip) -> Trip:
    rows = Trip.objects.for_environment(trip.environment_id).filter(external_id=trip.external_id)
    return rows.get()
