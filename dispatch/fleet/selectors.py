"""Reads of the fleet: hubs, drivers, vehicles, who works when."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from dispatch.fleet.availability import (
    Crew,
    DriverOnShift,
    LastPlace,
    OffShift,
    capacities_of,
    crew,
    devices_of,
    last_places,
    vehicles_of,
)
from dispatch.fleet.models import (
    DeviceHolding,
    Driver,
    Hub,
    Shift,
    ShiftChange,
    Vehicle,
    VehicleHolding,
    VehicleType,
)
from dispatch.fleet.rota import Hours, hours_between
from dispatch.fleet.sight import SightOfHubs, narrowed
from dispatch.fleet.tree import ancestors
from tracker.devices.models import Device
from tracker.tenants.models import Environment

__all__ = [
    "Crew",
    "DriverOnShift",
    "LastPlace",
    "OffShift",
    "capacities_of",
    "crew",
    "devices_of",
    "last_places",
    "on_shift",
    "vehicles_of",
]


def on_shift(
    environment: Environment | int, hub_ids: Collection[int] | None, since: datetime, until: datetime
) -> list[DriverOnShift]:
    """Who works at these hubs (None: at all) in [since, until), one entry a shift. `crew` also says who does not."""
    return crew(environment, hub_ids, since, until).on


def hubs_of(environment: Environment | int, *, text: str = "", retired: bool = False) -> QuerySet[Hub]:
    """Hubs, parent and geofence loaded; those out of service too where asked for."""
    rows = Hub.objects.for_environment(environment).select_related("parent", "geofence")
    rows = rows if retired else rows.filter(retired_at=None)
    return rows.filter(Q(name__icontains=text) | Q(external_id__icontains=text)) if text else rows


def drivers_of(environment: Environment | int, *, text: str = "", retired: bool = False) -> QuerySet[Driver]:
    """Drivers, the hub loaded; `text` is looked for in names, external ids and phone numbers."""
    rows = Driver.objects.for_environment(environment).select_related("hub")
    rows = rows if retired else rows.filter(retired_at=None)
    if text:
        rows = rows.filter(
            Q(name__icontains=text) | Q(external_id__icontains=text) | Q(phone__icontains=text)
        )
    return rows


def all_vehicles_of(
    environment: Environment | int, *, text: str = "", retired: bool = False
) -> QuerySet[Vehicle]:
    """Vehicles, type and hub loaded; `text` is looked for in plates and external ids."""
    rows = Vehicle.objects.for_environment(environment).select_related("type", "hub")
    rows = rows if retired else rows.filter(retired_at=None)
    return rows.filter(Q(plate__icontains=text) | Q(external_id__icontains=text)) if text else rows


def types_of(environment: Environment | int) -> list[VehicleType]:
    """All types of vehicles, in the order they were made."""
    return list(VehicleType.objects.for_environment(environment).order_by("pk"))


def shifts_of(driver: Driver) -> list[Shift]:
    """Weekly hours of a driver, by their start."""
    return list(
        Shift.objects.for_environment(driver.environment_id).filter(driver=driver).order_by("starts", "pk")
    )


def changes_of(driver: Driver, since: date) -> list[ShiftChange]:
    """Other hours of single dates from a date on."""
    rows = ShiftChange.objects.for_environment(driver.environment_id).filter(driver=driver, date__gte=since)
    return list(rows.order_by("date"))


def holders_of(environment: Environment | int, vehicles: Collection[Vehicle]) -> dict[int, VehicleHolding]:
    """The open holding of each of these vehicles, its driver loaded."""
    rows = VehicleHolding.objects.for_environment(environment).filter(until=None)
    rows = rows.filter(vehicle_id__in=[one.pk for one in vehicles]).select_related("driver__hub")
    return {row.vehicle_id: row for row in rows}


def carried_by(environment: Environment | int, drivers: Collection[Driver]) -> dict[int, Device]:
    """The device each of these drivers carries, with its last position where it has one."""
    rows = DeviceHolding.objects.for_environment(environment).filter(until=None, device__deleted_at=None)
    rows = rows.filter(driver_id__in=[one.pk for one in drivers]).select_related("device__state")
    return {row.driver_id: row.device for row in rows}


def holdings_of(driver: Driver, *, limit: int = 500) -> list[VehicleHolding | DeviceHolding]:
    """What a driver had in their hands, the newest first."""
    vehicles = VehicleHolding.objects.for_environment(driver.environment_id).filter(driver=driver)
    devices = DeviceHolding.objects.for_environment(driver.environment_id).filter(driver=driver)
    rows: list[VehicleHolding | DeviceHolding] = [
        *vehicles.select_related("vehicle").order_by("-since")[:limit],
        *devices.select_related("device").order_by("-since")[:limit],
    ]
    return sorted(rows, key=lambda row: row.since, reverse=True)[:limit]


def vehicle_history(vehicle: Vehicle, *, limit: int = 100) -> list[VehicleHolding]:
    """In whose hands a vehicle was, the newest first."""
    rows = VehicleHolding.objects.for_environment(vehicle.environment_id).filter(vehicle=vehicle)
    return list(rows.select_related("driver__hub").order_by("-since")[:limit])


def hours_of(driver: Driver, since: datetime, until: datetime) -> Hours:
    """When one driver works in [since, until)."""
    found = hours_between(driver.environment_id, since, until, driver_ids=[driver.pk])
    return found[0] if found else Hours(driver, (), "the driver is not in service")


def hub_rows(environment: Environment | int, *, sight: SightOfHubs = None) -> list[dict[str, Any]]:
    """Hubs in service and in sight, a parent before its children, each with its depth in what is seen."""
    hubs = list(narrowed(hubs_of(environment), sight).order_by("name", "pk"))
    shown = {hub.pk for hub in hubs}
    below: dict[int | None, list[Hub]] = {}
    for hub in hubs:
        below.setdefault(hub.parent_id if hub.parent_id in shown else None, []).append(hub)
    found: list[dict[str, Any]] = []
    waiting = [(hub, 0) for hub in reversed(below.get(None, []))]
    while waiting:
        hub, depth = waiting.pop()
        found.append({"hub": hub, "depth": depth})
        waiting += [(child, depth + 1) for child in reversed(below.get(hub.pk, []))]
    return found


def located(hub: Hub) -> tuple[float, float] | None:
    """Where vehicles of the hub load: its place, else that of the nearest hub above that has one."""
    if hub.longitude is not None and hub.latitude is not None:
        return hub.longitude, hub.latitude
    above = ancestors(hub.environment_id, hub.pk)
    rows = Hub.objects.for_environment(hub.environment_id).exclude(longitude=None).in_bulk(above)
    nearest = next((rows[pk] for pk in above if pk in rows), None)
    if nearest is None or nearest.longitude is None or nearest.latitude is None:
        return None
    return nearest.longitude, nearest.latitude
