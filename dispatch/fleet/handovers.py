"""Vehicles and devices change hands: who has what since when, and what open maps are told of it.

A driver has one vehicle and one device at a time and each of these one driver; constraints in the database say so. One
handover of an environment happens at a time: two that cross would each wait for the other's rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Greatest

from dispatch.fleet.models import DeviceHolding, Driver, Hub, Vehicle, VehicleHolding
from dispatch.fleet.refusals import FleetRefusal
from tracker.devices.changes import Change
from tracker.devices.metadata import hub_in
from tracker.devices.models import Device
from tracker.devices.services import change_device
from tracker.http.problems import ApiProblem

HANDOVER_LOCK = 1836081257


def give_vehicle(driver: Driver, vehicle: Vehicle | None, now: datetime) -> VehicleHolding | None:
    """Put a vehicle in a driver's hands, or (None) take away what they have; whoever had it has it no more.

    Giving what they have already changes nothing. Raises FleetRefusal for a driver or vehicle out of service.
    """
    with _one_at_a_time(driver):
        rows = VehicleHolding.objects.for_environment(driver.environment_id).filter(until=None)
        if vehicle is None:
            _end(rows.filter(driver=driver), now)
            return None
        standing = rows.filter(driver=driver, vehicle=vehicle).first()
        if standing is not None:
            return standing
        if not _in_service(Vehicle.objects.for_environment(driver.environment_id), vehicle.pk):
            raise FleetRefusal(f"{vehicle} is out of service.", "vehicle")
        _end(rows.filter(driver=driver) | rows.filter(vehicle=vehicle), now)
        return VehicleHolding.objects.create(
            environment_id=driver.environment_id, driver=driver, vehicle=vehicle, since=now
        )


def give_device(driver: Driver, device: Device | None, now: datetime) -> DeviceHolding | None:
    """The same of a device. Its metadata names the driver's hub from then on, by which maps filter."""
    with _one_at_a_time(driver):
        rows = DeviceHolding.objects.for_environment(driver.environment_id).filter(until=None)
        before = list(rows.filter(driver=driver).select_related("device"))
        if device is not None:
            standing = next((one for one in before if one.device_id == device.pk), None)
            if standing is not None:
                return standing
            devices = Device.objects.for_environment(driver.environment_id)
            if not devices.filter(pk=device.pk, deleted_at=None).exists():
                raise FleetRefusal(f"{device} is deleted.", "device")
            _end(rows.filter(device=device), now)
        _end(rows.filter(driver=driver), now)
        for holding in before:
            _say_hub(holding.device, None, driver.hub.name, now=now)
        if device is None:
            return None
        _say_hub(device, driver.hub.name, now=now)
        return DeviceHolding.objects.create(
            environment_id=driver.environment_id, driver=driver, device=device, since=now
        )


def release_driver(driver: Driver, *, now: datetime) -> None:
    """Hand back whatever a driver has."""
    give_vehicle(driver, None, now)
    give_device(driver, None, now)


def release_vehicle(vehicle: Vehicle, *, now: datetime) -> None:
    """Take a vehicle out of whoever's hands it is in."""
    rows = VehicleHolding.objects.for_environment(vehicle.environment_id)
    _end(rows.filter(vehicle=vehicle, until=None), now)


def name_hub_on_devices(hub: Hub, *, driver: Driver | None = None, now: datetime) -> None:
    """Say a hub's name on the devices of its drivers, or of one driver who came to it."""
    rows = DeviceHolding.objects.for_environment(hub.environment_id).filter(until=None)
    rows = rows.filter(driver=driver) if driver is not None else rows.filter(driver__hub=hub)
    for holding in rows.select_related("device"):
        _say_hub(holding.device, hub.name, now=now)


@contextmanager
def _one_at_a_time(driver: Driver) -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            numbers = [HANDOVER_LOCK, driver.environment_id % 2147483647]
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", numbers)
        yield


def _in_service(rows: QuerySet[Vehicle], pk: int) -> bool:
    return rows.filter(pk=pk, retired_at=None).exists()


def _end(holdings: QuerySet[VehicleHolding] | QuerySet[DeviceHolding], now: datetime) -> None:
    """A handover that is told with an earlier time than the one before ends that in the moment it began."""
    holdings.update(until=Greatest("since", Value(now)))


def _say_hub(device: Device, name: str | None, only_if: str = "", *, now: datetime) -> None:
    """Set the hub in a device's metadata, or take it away where it still says what we wrote."""
    if name is None and hub_in(device.metadata) != only_if:
        return
    try:
        change_device(device, Change(metadata={"hub": name}), now=now)
    except ApiProblem:
        return  # its metadata is as full as it may be: the map filters by what its owner wrote there
