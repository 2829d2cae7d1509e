"""Positions as the API shows them: GeoJSON (RFC 7946). The OpenAPI document is made from these structs."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

from tracker.devices.schemas import Activity, Battery, Heading, Metres, Speed
from tracker.http.times import Moment, moment_text
from tracker.positions.antimeridian import cut
from tracker.positions.models import DailyLine
from tracker.tenants.identifiers import public_id

Coordinates = Annotated[
    list[float],
    Meta(
        min_length=2,
        max_length=3,
        description="Longitude, latitude and, where the device sent one, altitude in metres.",
        examples=[[4.8952, 52.3702]],
    ),
]
AnyJson = Annotated[Raw, Meta(extra_json_schema={"type": ["object", "null"], "additionalProperties": True})]


class Point(Struct):
    """A GeoJSON point, WGS 84."""

    type: Literal["Point"]
    coordinates: Coordinates


class PositionFacts(Struct):
    """The three clocks of a position and what the device sent with it. A fact it did not send is null."""

    recorded_at: Annotated[Moment, Meta(description="When it was there, by the device's clock.")]
    received_at: Annotated[Moment, Meta(description="When we received the report.")]
    stored_at: Annotated[Moment, Meta(description="When it became known: from then on answers contain it.")]
    accuracy_m: Metres | None
    altitude_m: Metres | None
    speed_mps: Speed | None
    heading_deg: Heading | None
    battery: Battery | None
    charging: bool | None
    activity: Activity | None
    permissions: AnyJson
    extra: AnyJson
    request_id: Annotated[
        str,
        Meta(description="The request that reported it.", examples=["req_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"]),
    ]


class PositionFeature(Struct):
    """A position."""

    type: Literal["Feature"]
    geometry: Point
    properties: PositionFacts


class PositionPage(Struct):
    """Some positions of a device, oldest first: a GeoJSON FeatureCollection and where to go on."""

    type: Literal["FeatureCollection"]
    features: list[PositionFeature]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class LineString(Struct, tag_field="type", tag="LineString"):
    """A GeoJSON line, WGS 84."""

    coordinates: list[Coordinates]


class MultiLineString(Struct, tag_field="type", tag="MultiLineString"):
    """A GeoJSON line that crosses the antimeridian, cut there (RFC 7946, section 3.1.9)."""

    coordinates: list[list[Coordinates]]


class DailyLineFacts(Struct):
    """What is known of a day."""

    day: Annotated[
        str,
        Meta(description="The UTC day.", examples=["2026-05-01"], extra_json_schema={"format": "date"}),
    ]
    first_at: Annotated[Moment, Meta(description="The recorded time of the day's first position.")]
    last_at: Annotated[Moment, Meta(description="The recorded time of its last.")]
    positions: Annotated[int, Meta(ge=1, description="How many positions the line was made of.")]
    distance_m: Annotated[float, Meta(ge=0, description="The way through all positions, in metres.")]
    error_bound_m: Annotated[
        float, Meta(ge=0, description="No position of the day lies farther from the line, in metres.")
    ]
    made_at: Annotated[Moment, Meta(description="When the line was made, or made again after late reports.")]


class DailyLineFeature(Struct):
    """Where a device went on one day. A day in one place is a line from that place to itself."""

    type: Literal["Feature"]
    geometry: LineString | MultiLineString
    properties: DailyLineFacts


class DailyLinePage(Struct):
    """Some days of a device, oldest first: a GeoJSON FeatureCollection and where to go on."""

    type: Literal["FeatureCollection"]
    features: list[DailyLineFeature]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


def daily_line_feature(row: DailyLine) -> DailyLineFeature:
    """A daily line as the API shows it."""
    parts = [[list(point) for point in part] for part in cut([(x, y) for x, y in row.line.coords])]
    shape = LineString(parts[0]) if len(parts) == 1 else MultiLineString(parts)
    facts = DailyLineFacts(
        day=row.day.isoformat(),
        first_at=moment_text(row.first_at),
        last_at=moment_text(row.last_at),
        positions=row.positions,
        distance_m=round(row.distance_m, 1),
        error_bound_m=round(row.error_bound_m + 0.005, 2),  # up: it is a bound
        made_at=moment_text(row.made_at),
    )
    return DailyLineFeature("Feature", shape, facts)


def position_feature(row: Mapping[str, Any]) -> PositionFeature:
    """A row of `selectors.positions_between` as the API shows it."""
    coordinates = [row["longitude"], row["latitude"]]
    if row["altitude_m"] is not None:
        coordinates.append(row["altitude_m"])
    return PositionFeature("Feature", Point("Point", coordinates), _facts(row))


def _facts(row: Mapping[str, Any]) -> PositionFacts:
    return PositionFacts(
        recorded_at=moment_text(row["recorded_at"]),
        received_at=moment_text(row["received_at"]),
        stored_at=moment_text(row["stored_at"]),
        accuracy_m=row["accuracy_m"],
        altitude_m=row["altitude_m"],
        speed_mps=row["speed_mps"],
        heading_deg=row["heading_deg"],
        battery=row["battery"],
        charging=row["charging"],
        activity=row["activity"],
        permissions=Raw((row["permissions_text"] or "null").encode()),
        extra=Raw((row["extra_text"] or "null").encode()),
        request_id=public_id("req", row["request_id"]),
    )
