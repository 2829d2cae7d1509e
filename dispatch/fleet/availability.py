"""Who can be sent out, when and with what: drivers on shift, their vehicles and devices, where they were last."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.fleet.hours import Break, Interval
from dispatch.fleet.models import DeviceHolding, Driver, Vehicle, VehicleHolding, VehicleType
from dispatch.fleet.rota import hours_between
from tracker.devices.models import DeviceState
from tracker.tenants.models import Environment


@dataclass(frozen=True)
class DriverOnShift:
    """A driver for the length of one shift. Times are UTC; capacities by unit, a unit not named is without limit."""

    driver: Driver
    interval: Interval
    vehicle: Vehicle | None = None
    vehicle_type: VehicleType | None = None
    capacities: Mapping[str, float] = field(default_factory=dict)
    device_id: int | None = None

    @property
    def start(self) -> datetime:
        """When the shift begins."""
        return self.interval.start

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.interval.end

    @property
    def breaks(self) -> tuple[Break, ...]:
        """The breaks in it."""
        return self.interval.breaks

    @property
    def skills(self) -> frozenset[str]:
        """What the driver can do that a shipment may ask for."""
        return frozenset(self.driver.skills)

    @property
    def ends_at(self) -> str:
        """hub, home or anywhere."""
        return self.driver.ends_at

    @property
    def home(self) -> tuple[float, float] | None:
        """Longitude and latitude of the driver's home, where known."""
        longitude, latitude = self.driver.home_longitude, self.driver.home_latitude
        return None if longitude is None or latitude is None else (longitude, latitude)


@dataclass(frozen=True)
class OffShift:
    """A driver who cannot be sent out in a span of time, and why."""

    driver: Driver
    reason: str


@dataclass(frozen=True)
class LastPlace:
    """Where a driver's device was last, and how long ago that is."""

    longitude: float
    latitude: float
    recorded_at: datetime
    age_s: float
    device_id: int


@dataclass(frozen=True)
class Crew:
    """Who works in a span of time, and who does not and why."""

    on: list[DriverOnShift]
    off: list[OffShift]


def crew(
    environment: Environment | int, hub_ids: Collection[int] | None, since: datetime, until: datetime
) -> Crew:
    """The drivers of these hubs (None: all) in [since, until), one entry a shift: five queries in all.

    A driver without a vehicle is on shift all the same: on foot, with no capacities of its own (a plan takes those of
    the settings). What a vehicle holds is its own
    capacity where it has one, else that of its type.
    """
    hours = hours_between(environment, since, until, hub_ids=hub_ids)
    ids = [one.driver.pk for one in hours]
    vehicles, devices = vehicles_of(environment, ids), devices_of(environment, ids)
    on: list[DriverOnShift] = []
    for one in hours:
        vehicle = vehicles.get(one.driver.pk)
        on += [
            DriverOnShift(
                driver=one.driver,
                interval=interval,
                vehicle=vehicle,
                vehicle_type=vehicle.type if vehicle else None,
                capacities=capacities_of(vehicle),
                device_id=devices.get(one.driver.pk),
            )
            for interval in one.intervals
        ]
    return Crew(on, [OffShift(one.driver, one.why_none) for one in hours if not one.intervals])


def vehicles_of(environment: Environment | int, driver_ids: Collection[int]) -> dict[int, Vehicle]:
    """The vehicle each of these drivers has now, its type loaded."""
    rows = VehicleHolding.objects.for_environment(environment).filter(until=None, driver_id__in=driver_ids)
    return {row.driver_id: row.vehicle for row in rows.select_related("vehicle__type")}


def devices_of(environment: Environment | int, driver_ids: Collection[int]) -> dict[int, int]:
    """The device (row number) each of these drivers carries now."""
    rows = DeviceHolding.objects.for_environment(environment).filter(until=None, driver_id__in=driver_ids)
    return dict(rows.filter(device__deleted_at=None).values_list("driver_id", "device_id"))


def last_places(
    environment: Environment | int, driver_ids: Collection[int], *, now: datetime
) -> dict[int, LastPlace]:
    """Where these drivers' devices were last; who carries none, or one that never reported, is not in it."""
    devices = devices_of(environment, driver_ids)
    rows = DeviceState.objects.for_environment(environment).filter(device_id__in=devices.values())
    states = {state.device_id: state for state in rows}
    return {
        driver_id: LastPlace(
            longitude=states[device_id].longitude,
            latitude=states[device_id].latitude,
            recorded_at=states[device_id].recorded_at,
            age_s=max(0.0, (now - states[device_id].recorded_at).total_seconds()),
            device_id=device_id,
        )
        for driver_id, device_id in devices.items()
        if device_id in states
    }


def capacities_of(vehicle: Vehicle | None) -> dict[str, float]:
    """What fits into a vehicle, by unit; {} is no limit."""
    if vehicle is None:
        return {}
    given = vehicle.type.capacities if vehicle.capacities is None else vehicle.capacities
    return {str(unit): float(amount) for unit, amount in given.items()}
