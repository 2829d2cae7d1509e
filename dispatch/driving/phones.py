"""The device a driver's phone reports as, and the key it reports with."""

from datetime import datetime

from dispatch.fleet.handovers import give_device
from dispatch.fleet.models import DeviceHolding, Driver
from tracker.devices.models import Device
from tracker.keys.models import Key
from tracker.keys.selectors import a_publishable_text
from tracker.keys.services import create_key
from tracker.tenants.models import Environment

KEY_NAME = "Drivers' pages"


def device_of(driver: Driver, *, now: datetime) -> Device:
    """The device the driver carries; where there is none, one is made for the phone and given to them."""
    held = DeviceHolding.objects.for_environment(driver.environment_id).filter(driver=driver, until=None)
    holding = held.select_related("device").first()
    if holding is not None:
        return holding.device
    devices = Device.objects.for_environment(driver.environment_id)
    name = f"driver-{driver.external_id or driver.uid.hex}"[:200]
    device = devices.filter(external_id=name, deleted_at=None).first()
    if device is None:
        if devices.filter(external_id=name).exists():
            name = f"{name[:180]}-{now:%Y%m%d%H%M%S}"  # a deleted device stays deleted
        device = Device.objects.create(
            environment_id=driver.environment_id, external_id=name, name=f"Phone of {driver.name}"[:200]
        )
    give_device(driver, device, now)
    return device


def reporting_key(environment: Environment) -> str:
    """A publishable key of the environment, as its text; one is made where there is none."""
    text = a_publishable_text(environment)
    if text is None:
        _, text = create_key(environment, Key.Kind.PUBLISHABLE, by=None, name=KEY_NAME)
    return text
