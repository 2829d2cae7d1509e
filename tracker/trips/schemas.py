"""Trips as the API and the events show them. The OpenAPI document is made from these structs."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from tracker.devices.schemas import DeviceId, ExternalId, Latitude, Longitude, Metres
from tracker.http.times import Moment, moment_text
from tracker.positions.schemas import Coordinates
from tracker.trips.models import Trip

Word = Annotated[str, Meta(max_length=300)]
Seconds = Annotated[float, Meta(ge=0, description="Seconds.", examples=[1260.0])]
State = Annotated[
    Literal["active", "arrived", "completed", "cancelled"],
    Meta(description="Completed and cancelled are for good."),
]
CompleteOn = Annotated[
    Literal["manual", "arrival", "exit"],
    Meta(description="What completes it by itself: nothing, arriving, or leaving the destination again."),
]


class TripDevice(Struct):
    """The device that makes the trip."""

    id: DeviceId
    external_id: ExternalId
    name: str


class TripDestination(Struct):
    """Where it goes: a place, or a geofence as it was when the trip was made and then a place inside."""

    longitude: Longitude
    latitude: Latitude
    name: Word
    geofence: Annotated[str | None, Meta(description="`gf_…` where the destination is a geofence.")]


class TripCorridor(Struct):
    """The way it should keep to, a GeoJSON line."""

    type: Literal["LineString"]
    coordinates: list[Coordinates]


class TripEstimate(Struct):
    """When it arrives."""

    at: Annotated[Moment, Meta(description="As likely earlier as later.")]
    earliest_at: Annotated[Moment, Meta(description="One trip in five arrives before this.")]
    latest_at: Annotated[Moment, Meta(description="Four trips in five have arrived by this.")]
    by: Annotated[
        Literal["pace", "osrm"],
        Meta(description="`osrm`: by the router; `pace`: straight line, street factor and learned pace."),
    ]
    made_at: Moment


class TripDwell(Struct, rename={"from_": "from"}):
    """A pause on the way."""

    from_: Annotated[Moment, Meta(description="Since when it stood.")]
    to: Moment
    duration_s: Seconds
    longitude: Longitude
    latitude: Latitude


class TripSummary(Struct):
    """What a trip was like, reckoned when it ended; again where late positions changed it."""

    distance_m: Annotated[Metres, Meta(description="The way through all its positions, in metres.")]
    duration_s: Annotated[Seconds, Meta(description="From its start to arriving, or to its end.")]
    average_speed_mps: float | None
    straight_m: Annotated[Metres | None, Meta(description="From its first position to the destination.")]
    detour: Annotated[float | None, Meta(description="The way over the straight line.")]
    on_time: Annotated[bool | None, Meta(description="null: nothing was scheduled, or it did not arrive.")]
    late_by_s: Annotated[float | None, Meta(description="Negative: early by so much.")]
    positions: int
    stopped_s: Seconds
    dwells: list[TripDwell]


class TripDocument(Struct):
    """A trip."""

    id: Annotated[str, Meta(examples=["trp_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    external_id: str | None
    device: TripDevice
    state: State
    destination: TripDestination | None
    radius_m: Annotated[Metres, Meta(description="Nearer to the destination than this is arriving.")]
    scheduled_at: Annotated[Moment | None, Meta(description="Due there by.")]
    corridor: TripCorridor | None
    corridor_m: Annotated[Metres | None, Meta(description="Farther from the corridor than this is off it.")]
    complete_on: CompleteOn
    metadata: dict[str, Any]
    created_at: Moment
    started_at: Annotated[Moment, Meta(description="Positions recorded before it are not the trip's.")]
    seen_at: Annotated[Moment | None, Meta(description="Recorded time of the newest position looked at.")]
    eta: TripEstimate | None
    remaining_m: Annotated[Metres | None, Meta(description="To the destination, in a straight line.")]
    delayed_since: Moment | None
    off_corridor_since: Moment | None
    arrived_at: Moment | None
    exited_at: Moment | None
    ended_at: Moment | None
    summary: TripSummary | None


class TripPage(Struct):
    """Some trips, the newest first."""

    data: list[TripDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class ShareDocument(Struct):
    """A link by which a stranger sees one trip. Its address is shown once, when it is made."""

    id: Annotated[str, Meta(examples=["shr_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    state: Annotated[
        Literal["open", "expired", "revoked", "ended"], Meta(description="Only an open one shows anything.")
    ]
    reveal_within_m: Annotated[
        Metres | None,
        Meta(description="Its exact place is shown only this near to the destination; null: always."),
    ]
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None
    views: Annotated[int, Meta(ge=0, description="How often the page was opened.")]
    last_viewed_at: Moment | None


class NewShareDocument(ShareDocument):
    """A link just made, with its addresses."""

    url: Annotated[str, Meta(description="Give it to whoever waits.")]
    embed_url: Annotated[str, Meta(description="The same for an `<iframe>` in a page of yours.")]


class SharePage(Struct):
    """All links of a trip, the newest first."""

    data: list[ShareDocument]


def trip_document(trip: Trip) -> TripDocument:
    """A trip, its device and geofence loaded, as the API shows it."""
    device = trip.device
    return TripDocument(
        id=trip.public_id,
        external_id=trip.external_id,
        device=TripDevice(device.public_id, device.external_id, device.name),
        state=trip.state,  # type: ignore[arg-type]  # the database knows no other
        destination=_destination(trip),
        radius_m=trip.radius_m,
        scheduled_at=_text(trip.scheduled_at),
        corridor=TripCorridor("LineString", [list(c) for c in trip.corridor.coords])
        if trip.corridor
        else None,
        corridor_m=trip.corridor_m,
        complete_on=trip.complete_on,  # type: ignore[arg-type]  # the same
        metadata=trip.metadata,
        created_at=moment_text(trip.created_at),
        started_at=moment_text(trip.started_at),
        seen_at=_text(trip.seen_at),
        eta=_estimate(trip),
        remaining_m=round(trip.remaining_m, 1) if trip.remaining_m is not None else None,
        delayed_since=_text(trip.delayed_since),
        off_corridor_since=_text(trip.off_corridor_since),
        arrived_at=_text(trip.arrived_at),
        exited_at=_text(trip.exited_at),
        ended_at=_text(trip.ended_at),
        summary=_summary(trip.summary),
    )


def _destination(trip: Trip) -> TripDestination | None:
    if trip.destination is None:
        return None
    geofence = trip.geofence.public_id if trip.geofence else None
    return TripDestination(trip.destination.x, trip.destination.y, trip.destination_name, geofence)


def _estimate(trip: Trip) -> TripEstimate | None:
    if trip.eta_at is None or trip.eta_made_at is None:
        return None
    earliest, latest = trip.eta_earliest_at or trip.eta_at, trip.eta_latest_at or trip.eta_at
    return TripEstimate(
        at=moment_text(trip.eta_at),
        earliest_at=moment_text(earliest),
        latest_at=moment_text(latest),
        by="osrm" if trip.eta_by == "osrm" else "pace",
        made_at=moment_text(trip.eta_made_at),
    )


def _summary(stored: dict[str, Any] | None) -> TripSummary | None:
    if stored is None:
        return None
    dwells = [TripDwell(**dwell) for dwell in stored["dwells"]]
    return TripSummary(**{**stored, "dwells": dwells})


def _text(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None
