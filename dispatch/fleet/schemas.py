"""Hubs, types of vehicles and vehicles as the API shows and takes them."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from dispatch.fleet.models import Hub, Vehicle, VehicleHolding, VehicleType
from dispatch.fleet.tree import Totals
from tracker.http.times import Moment, moment_text

HubKind = Literal["region", "centre", "zone"]
HubId = Annotated[str, Meta(examples=["hub_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
OwnId = Annotated[
    str | None, Meta(description="An id of your own, unique in the environment.", examples=["pune-1"])
]
Reference = Annotated[
    str, Meta(description="Our id, or `external:` and yours.", examples=["external:pune-1"])
]
Zone = Annotated[
    str,
    Meta(description="IANA time zone; shifts and windows are in its local time.", examples=["Asia/Kolkata"]),
]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="Degrees, WGS 84.", examples=[73.8567])]
Latitude = Annotated[float, Meta(ge=-90, le=90, description="Degrees, WGS 84.", examples=[18.5204])]
Capacities = Annotated[
    dict[str, float],
    Meta(
        description="What fits in, by unit. `parcels`, `kg` and `litres` are the usual ones; a unit left out has no "
        "limit.",
        examples=[{"parcels": 30, "kg": 40, "litres": 120}],
    ),
]
Cursor = Annotated[str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")]


class HubDocument(Struct):
    """A hub: a region, a fulfilment centre or a delivery zone, somewhere in the tree."""

    id: HubId
    external_id: OwnId
    kind: HubKind
    name: Annotated[str, Meta(examples=["Aundh"])]
    parent: Annotated[str | None, Meta(description="The hub above, `hub_…`; null at the top.")]
    timezone: Zone
    longitude: Longitude | None
    latitude: Latitude | None
    geofence: Annotated[
        str | None,
        Meta(description="`gf_…`: its area. Shipments without a hub of their own are sorted by it."),
    ]
    metadata: dict[str, Any]
    created_at: Moment
    retired_at: Moment | None


class HubPage(Struct):
    """Some hubs, in the order they were made."""

    data: list[HubDocument]
    next_cursor: Cursor


class NewHub(Struct, forbid_unknown_fields=True):
    """A hub to make. `name` is needed, and `timezone` at the top of the tree; below, it is the parent's."""

    name: Annotated[str, Meta(max_length=200, examples=["Aundh"])]
    kind: HubKind = "zone"
    parent: Reference | None = None
    timezone: Zone = ""
    external_id: OwnId = None
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    geofence: Reference | None = None
    metadata: dict[str, Any] = {}


class HubChange(Struct, forbid_unknown_fields=True):
    """What to change of a hub; what is left out stays. Another `parent` moves it with everything below."""

    name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    kind: HubKind | UnsetType = UNSET
    parent: Reference | UnsetType | None = UNSET
    timezone: Zone | UnsetType = UNSET
    external_id: OwnId | UnsetType = UNSET
    longitude: Longitude | UnsetType | None = UNSET
    latitude: Latitude | UnsetType | None = UNSET
    geofence: Reference | UnsetType | None = UNSET
    metadata: Annotated[
        dict[str, Any] | UnsetType | None, Meta(description="Replaces what is there; null takes all away.")
    ] = UNSET


class HubTotals(Struct):
    """What a hub and everything below it hold at this moment."""

    hub: HubId
    shipments: Annotated[
        dict[str, int],
        Meta(
            description="Shipments by state. Those that are over are counted for a day.",
            examples=[{"ready": 12, "out_for_delivery": 40, "delivered": 7}],
        ),
    ]
    shipments_open: Annotated[int, Meta(description="Those that something must still happen to.")]
    drivers: Annotated[int, Meta(description="Drivers in service.")]
    drivers_on_shift: int
    late_stops: Annotated[
        int, Meta(description="Stops of manifests in force that will be, or are, after their slot.")
    ]


class HubTotalsList(Struct):
    """The totals of every hub of the environment."""

    data: list[HubTotals]


class VehicleTypeDocument(Struct):
    """A kind of vehicle. `two_wheeler` and `four_wheeler` are there from the beginning, and may be changed."""

    id: Annotated[str, Meta(examples=["vty_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
    key: Annotated[str, Meta(description="Never changes.", examples=["two_wheeler"])]
    name: str
    capacities: Capacities
    speed_factor: Annotated[float, Meta(description="Its speed over that of the environment's travel times.")]
    cost_fixed: Annotated[float, Meta(description="Cost units of putting one on the road.")]
    cost_per_km: float
    cost_per_hour: float


class VehicleTypeList(Struct):
    """All types of vehicles."""

    data: list[VehicleTypeDocument]


class VehicleTypeBody(Struct, forbid_unknown_fields=True):
    """A type to make, or what to change of one; of a change what is left out stays."""

    key: Annotated[str, Meta(max_length=50, description="Needed for a new one.")] | UnsetType = UNSET
    name: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    capacities: Capacities | UnsetType | None = UNSET
    speed_factor: float | UnsetType = UNSET
    cost_fixed: float | UnsetType = UNSET
    cost_per_km: float | UnsetType = UNSET
    cost_per_hour: float | UnsetType = UNSET


class VehicleDocument(Struct):
    """A vehicle, and in whose hands it is."""

    id: Annotated[str, Meta(examples=["veh_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
    external_id: OwnId
    type: Annotated[str, Meta(description="The key of its type.", examples=["two_wheeler"])]
    hub: str | None
    plate: str
    capacities: Annotated[dict[str, float] | None, Meta(description="Its own; null: those of its type.")]
    driver: Annotated[str | None, Meta(description="`drv_…`, who has it now.")]
    since: Annotated[Moment | None, Meta(description="Since when.")]
    retired_at: Moment | None


class VehiclePage(Struct):
    """Some vehicles, in the order they were made."""

    data: list[VehicleDocument]
    next_cursor: Cursor


class VehicleBody(Struct, forbid_unknown_fields=True):
    """A vehicle to make, or what to change of one; of a change what is left out stays."""

    external_id: OwnId | UnsetType = UNSET
    type: Annotated[str, Meta(description="Key or id of its type; needed for a new one.")] | UnsetType = UNSET
    hub: Reference | UnsetType | None = UNSET
    plate: Annotated[str, Meta(max_length=50)] | UnsetType = UNSET
    capacities: Capacities | UnsetType | None = UNSET


def hub_document(hub: Hub) -> HubDocument:
    """A hub, parent and geofence loaded."""
    return HubDocument(
        id=hub.public_id,
        external_id=hub.external_id,
        kind=hub.kind,  # type: ignore[arg-type]  # its choices are those of the literal
        name=hub.name,
        parent=hub.parent.public_id if hub.parent else None,
        timezone=hub.timezone,
        longitude=hub.longitude,
        latitude=hub.latitude,
        geofence=hub.geofence.public_id if hub.geofence else None,
        metadata=hub.metadata,
        created_at=moment_text(hub.created_at),
        retired_at=moment_text(hub.retired_at) if hub.retired_at else None,
    )


def totals_document(hub: Hub, totals: Totals) -> HubTotals:
    """What lies in a hub's subtree."""
    return HubTotals(
        hub.public_id,
        totals.shipments,
        totals.shipments_open,
        totals.drivers,
        totals.on_shift,
        totals.late_stops,
    )


def type_document(row: VehicleType) -> VehicleTypeDocument:
    """A type of vehicle."""
    return VehicleTypeDocument(
        row.public_id, row.key, row.name, row.capacities, row.speed_factor, row.cost_fixed, row.cost_per_km,
        row.cost_per_hour,
    )  # fmt: skip


def vehicle_document(vehicle: Vehicle, held: VehicleHolding | None) -> VehicleDocument:
    """A vehicle, type and hub loaded, and its open holding."""
    return VehicleDocument(
        id=vehicle.public_id,
        external_id=vehicle.external_id,
        type=vehicle.type.key,
        hub=vehicle.hub.public_id if vehicle.hub else None,
        plate=vehicle.plate,
        capacities=vehicle.capacities,
        driver=held.driver.public_id if held else None,
        since=moment_text(held.since) if held else None,
        retired_at=moment_text(vehicle.retired_at) if vehicle.retired_at else None,
    )
