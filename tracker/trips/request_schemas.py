"""What the API takes about trips. These structs describe; `bodies` reads, for its refusals name the place."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from tracker.devices.schemas import Latitude, Longitude
from tracker.http.times import Moment
from tracker.trips.schemas import CompleteOn, TripCorridor


class Place(Struct):
    """A place in degrees."""

    longitude: Longitude
    latitude: Latitude


Where = Annotated[Place | UnsetType | None, Meta(description="A place; a GeoJSON Point is taken as well.")]
Area = Annotated[
    str | UnsetType | None,
    Meta(
        description="`gf_…` or `external:…`: a published geofence as destination, as it is now. Instead of a place."
    ),
]
Called = Annotated[
    Annotated[str, Meta(max_length=300)] | UnsetType, Meta(description="What people call the destination.")
]
Due = Annotated[Moment | UnsetType | None, Meta(description="Due there by; two minutes later is delayed.")]
Radius = Annotated[
    Annotated[float, Meta(ge=5, le=100_000)] | UnsetType,
    Meta(description="Arrived nearer than this, in metres; 50."),
]


class NewTripBody(Struct, forbid_unknown_fields=True):
    """A trip to begin."""

    device: Annotated[
        str, Meta(description="`dev_…`, or `external:` and the id it sends.", examples=["external:van-12"])
    ]
    destination: Where = UNSET
    geofence: Area = UNSET
    destination_name: Called = UNSET
    external_id: Annotated[
        Annotated[str, Meta(max_length=200)] | UnsetType | None,
        Meta(description="Your own id of it; one trip has it."),
    ] = UNSET
    radius_m: Radius = UNSET
    scheduled_at: Due = UNSET
    corridor: Annotated[
        TripCorridor | UnsetType | None, Meta(description="The way to keep to: 2 to 2,000 places.")
    ] = UNSET
    corridor_m: Annotated[
        Annotated[float, Meta(ge=5, le=100_000)] | UnsetType,
        Meta(description="Farther from the corridor is off it, in metres; 200."),
    ] = UNSET
    complete_on: CompleteOn | UnsetType = UNSET
    metadata: Annotated[dict[str, Any] | UnsetType | None, Meta(description="Your own facts about it.")] = (
        UNSET
    )
    started_at: Annotated[
        Moment | UnsetType | None,
        Meta(description="Since when its positions count: now, or up to seven days ago."),
    ] = UNSET


class TripChangeBody(Struct, forbid_unknown_fields=True):
    """What to change; a field that is left out stays as it is."""

    destination: Where = UNSET
    geofence: Area = UNSET
    destination_name: Called = UNSET
    radius_m: Radius = UNSET
    scheduled_at: Due = UNSET
    metadata: Annotated[
        dict[str, Any] | UnsetType | None,
        Meta(
            description="Keys given are set, a key with null is removed, all others stay; null removes all."
        ),
    ] = UNSET


class NewShareBody(Struct, forbid_unknown_fields=True):
    """A link to make."""

    expires_in_s: Annotated[
        Annotated[float, Meta(ge=60, le=2_592_000)] | UnsetType,
        Meta(description="How long it works, in seconds; a day."),
    ] = UNSET
    reveal_within_m: Annotated[
        Annotated[float, Meta(ge=10, le=100_000)] | UnsetType | None,
        Meta(description="Withhold the exact place until it is this near, in metres; null: show it always."),
    ] = UNSET
