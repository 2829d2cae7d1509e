"""A device's history as the API shows it."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tracker.devices.schemas import DeviceId, Latitude, Longitude, Metres
from tracker.http.times import Moment, moment_text
from tracker.trips.history import History
from tracker.trips.movement import Segment

Seconds = Annotated[float, Meta(ge=0, description="Seconds.", examples=[1260.0])]


class HistorySegment(Struct, rename={"from_": "from"}):
    """A move or a dwell."""

    kind: Annotated[
        Literal["moving", "stopped"],
        Meta(description="`stopped`: a dwell, at rest around one place for five minutes or longer."),
    ]
    from_: Moment
    to: Moment
    duration_s: Seconds
    distance_m: Annotated[Metres, Meta(description="Along its positions; of a dwell 0.")]
    longitude: Annotated[Longitude, Meta(description="Of a dwell its middle, of a move where it began.")]
    latitude: Latitude


class HistoryTrip(Struct):
    """A trip that was under way; `GET /api/v1/trips/{id}` has all of it."""

    id: str
    external_id: str | None
    state: str
    destination: str
    started_at: Moment
    arrived_at: Moment | None
    ended_at: Moment | None


class HistoryVisit(Struct):
    """A stay in a geofence, as known now."""

    geofence: Annotated[str, Meta(examples=["gf_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    name: str
    entered_at: Moment
    exited_at: Annotated[Moment | None, Meta(description="null: still inside.")]


class HistoryDocument(Struct, rename={"from_": "from"}):
    """What a device did over a time."""

    device: DeviceId
    from_: Moment
    to: Moment
    positions: Annotated[int, Meta(ge=0)]
    distance_m: Annotated[
        Metres, Meta(description="Along its moves; the drift of a standing device is no way.")
    ]
    moving_s: Seconds
    stopped_s: Seconds
    segments: list[HistorySegment]
    trips: list[HistoryTrip]
    visits: list[HistoryVisit]


def segment_document(segment: Segment) -> HistorySegment:
    """A segment as the API shows it."""
    return HistorySegment(
        kind=segment.kind,
        from_=_text(segment.from_s),
        to=_text(segment.to_s),
        duration_s=segment.duration_s,
        distance_m=round(segment.distance_m, 1),
        longitude=round(segment.longitude, 6),
        latitude=round(segment.latitude, 6),
    )


def trip_entries(history: History) -> list[HistoryTrip]:
    """The trips of a history."""
    return [
        HistoryTrip(
            id=trip.public_id,
            external_id=trip.external_id,
            state=trip.state,
            destination=trip.destination_name,
            started_at=moment_text(trip.started_at),
            arrived_at=moment_text(trip.arrived_at) if trip.arrived_at else None,
            ended_at=moment_text(trip.ended_at) if trip.ended_at else None,
        )
        for trip in history.trips
    ]


def visit_entries(history: History) -> list[HistoryVisit]:
    """The stays of a history."""
    return [
        HistoryVisit(
            geofence=visit.geofence.public_id,
            name=visit.name,  # type: ignore[attr-defined]  # annotated by the selector
            entered_at=moment_text(visit.entered_at),
            exited_at=moment_text(visit.exited_at) if visit.exited_at else None,
        )
        for visit in history.visits
    ]


def _text(seconds: float) -> str:
    return moment_text(datetime.fromtimestamp(seconds, UTC))
