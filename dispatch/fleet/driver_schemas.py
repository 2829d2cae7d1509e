"""Drivers, their hours and their handovers as the API shows and takes them."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from dispatch.fleet.hours import Interval
from dispatch.fleet.models import DeviceHolding, Driver, Shift, ShiftChange, Vehicle, VehicleHolding
from dispatch.fleet.schemas import Cursor, Latitude, Longitude, OwnId, Reference, Zone
from tracker.devices.models import Device
from tracker.http.times import Moment, moment_text

EndsAt = Literal["hub", "home", "anywhere"]
DriverId = Annotated[str, Meta(examples=["drv_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
Clock = Annotated[
    str,
    Meta(pattern="^[0-2][0-9]:[0-5][0-9]$", description="Local time of day.", examples=["09:00"]),
]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"}, examples=["2026-05-04"])]
Weekdays = Annotated[
    list[int], Meta(description="On which it begins: 1 is Monday, 7 Sunday.", examples=[[1, 2, 3, 4, 5]])
]
Skills = Annotated[list[str], Meta(description="What a shipment may ask for.", examples=[["cash", "heavy"]])]


class BreakBody(Struct, forbid_unknown_fields=True, rename={"begins": "from", "ends": "to"}):
    """A break: so many seconds, taken between two local times of day."""

    begins: Clock
    ends: Clock
    duration_s: Annotated[int, Meta(ge=60, le=43200, examples=[1800])]


class DriverDocument(Struct):
    """A driver. Vehicle and device are things of their own that change hands."""

    id: DriverId
    external_id: OwnId
    name: str
    phone: str
    email: str
    language: str
    hub: str
    skills: Skills
    ends_at: Annotated[EndsAt, Meta(description="Where the last route of the day ends.")]
    home_longitude: Longitude | None
    home_latitude: Latitude | None
    metadata: dict[str, Any]
    vehicle: Annotated[str | None, Meta(description="`veh_…`, the one they have now.")]
    device: Annotated[str | None, Meta(description="`dev_…`, the one they carry now.")]
    retired_at: Moment | None


class DriverPage(Struct):
    """Some drivers, in the order they were made."""

    data: list[DriverDocument]
    next_cursor: Cursor


class DriverBody(Struct, forbid_unknown_fields=True):
    """A driver to make, for which `name` and `hub` are needed, or what to change of one."""

    external_id: OwnId | UnsetType = UNSET
    name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    phone: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=254)] | UnsetType = UNSET
    language: Annotated[str, Meta(max_length=10, description="BCP 47, such as mr.")] | UnsetType = UNSET
    hub: Reference | UnsetType = UNSET
    skills: Skills | UnsetType = UNSET
    ends_at: EndsAt | UnsetType = UNSET
    home_longitude: Longitude | UnsetType | None = UNSET
    home_latitude: Latitude | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class ShiftDocument(Struct):
    """Weekly hours in local time. An end before the start is on the next day."""

    id: Annotated[str, Meta(examples=["shf_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
    weekdays: Weekdays
    starts: Clock
    ends: Clock
    timezone: Annotated[str, Meta(description="Empty: the hub's.")]
    breaks: list[dict[str, Any]]
    valid_from: Day | None
    valid_to: Annotated[Day | None, Meta(description="Its last day.")]


class ShiftChangeDocument(Struct):
    """Hours of one date, in place of the weekly ones; without times the driver is absent."""

    id: Annotated[str, Meta(examples=["shc_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
    date: Day
    starts: Clock | None
    ends: Clock | None
    breaks: list[dict[str, Any]]
    reason: str


class ShiftList(Struct):
    """All weekly hours of a driver, and all changes from yesterday on."""

    shifts: list[ShiftDocument]
    changes: list[ShiftChangeDocument]


class NewShift(Struct, forbid_unknown_fields=True):
    """Weekly hours. `starts` and `ends` must differ: a shift of no length is refused."""

    starts: Clock
    ends: Clock
    weekdays: Weekdays | None = None
    timezone: Zone = ""
    breaks: list[BreakBody] = []
    valid_from: Day | None = None
    valid_to: Day | None = None


class NewShiftChange(Struct, forbid_unknown_fields=True):
    """Hours of one date; without `starts` and `ends` the driver is absent."""

    date: Day
    starts: Clock | None = None
    ends: Clock | None = None
    breaks: list[BreakBody] = []
    reason: Annotated[str, Meta(max_length=200)] = ""


class BreakInterval(Struct):
    """A break begins between these moments and lasts so long."""

    earliest: Moment
    latest: Moment
    duration_s: int


class HoursInterval(Struct):
    """A shift in real time."""

    start: Moment
    end: Moment
    breaks: list[BreakInterval]


class HoursDocument(Struct):
    """When a driver works, clock changes and single dates taken into account."""

    data: list[HoursInterval]
    why_none: Annotated[
        str, Meta(description="Where there are no hours, why.", examples=["absent on this day"])
    ]


class GiveVehicle(Struct, forbid_unknown_fields=True):
    """Which vehicle; null takes away the one they have."""

    vehicle: Reference | None


class GiveDevice(Struct, forbid_unknown_fields=True):
    """Which device; null takes away the one they carry."""

    device: Reference | None


class Holding(Struct):
    """That a driver had a vehicle or a device for a time."""

    kind: Literal["vehicle", "device"]
    id: Annotated[str, Meta(description="`veh_…` or `dev_…`.")]
    name: str
    since: Moment
    until: Annotated[Moment | None, Meta(description="null: has it now.")]


class HoldingList(Struct):
    """What a driver had in their hands, the newest first; at most 500."""

    data: list[Holding]


def driver_document(driver: Driver, vehicle: Vehicle | None, device: Device | None) -> DriverDocument:
    """A driver, the hub loaded, with what they have now."""
    return DriverDocument(
        id=driver.public_id,
        external_id=driver.external_id,
        name=driver.name,
        phone=driver.phone,
        email=driver.email,
        language=driver.language,
        hub=driver.hub.public_id,
        skills=driver.skills,
        ends_at=driver.ends_at,  # type: ignore[arg-type]  # its choices are those of the literal
        home_longitude=driver.home_longitude,
        home_latitude=driver.home_latitude,
        metadata=driver.metadata,
        vehicle=vehicle.public_id if vehicle else None,
        device=device.public_id if device else None,
        retired_at=moment_text(driver.retired_at) if driver.retired_at else None,
    )


def shift_document(shift: Shift) -> ShiftDocument:
    """Weekly hours."""
    since, until = shift.valid_from, shift.valid_to
    return ShiftDocument(
        id=shift.public_id,
        weekdays=shift.weekdays,
        starts=f"{shift.starts:%H:%M}",
        ends=f"{shift.ends:%H:%M}",
        timezone=shift.timezone,
        breaks=shift.breaks,
        valid_from=since.isoformat() if since else None,
        valid_to=until.isoformat() if until else None,
    )


def change_document(change: ShiftChange) -> ShiftChangeDocument:
    """Hours of one date."""
    starts, ends = (f"{one:%H:%M}" if one else None for one in (change.starts, change.ends))
    return ShiftChangeDocument(
        change.public_id, change.date.isoformat(), starts, ends, change.breaks, change.reason
    )


def interval_document(one: Interval) -> HoursInterval:
    """A shift in real time."""
    breaks = [
        BreakInterval(moment_text(rest.earliest), moment_text(rest.latest), rest.duration_s)
        for rest in one.breaks
    ]
    return HoursInterval(moment_text(one.start), moment_text(one.end), breaks)


def holding_document(row: VehicleHolding | DeviceHolding) -> Holding:
    """A holding, its vehicle or device loaded."""
    thing: Vehicle | Device = row.vehicle if isinstance(row, VehicleHolding) else row.device
    return Holding(
        kind="vehicle" if isinstance(row, VehicleHolding) else "device",
        id=thing.public_id,
        name=str(thing),
        since=moment_text(row.since),
        until=moment_text(row.until) if row.until else None,
    )
