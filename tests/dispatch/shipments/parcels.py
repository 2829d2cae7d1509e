"""Shipments for tests: announced, and brought to whatever state a test begins with."""

from datetime import datetime, timedelta
from typing import Any

from dispatch.fleet.models import Driver, Hub
from dispatch.shipments import services
from dispatch.shipments.authors import system
from dispatch.shipments.commands import Assign, Command, ConfirmPickup, Create, StartDelivery
from dispatch.shipments.services import Created, NewShipment
from dispatch.shipments.state import State
from tests.tracker.caller import yesterday
from tracker.tenants.models import Environment

NOW = yesterday(8)  # in the past, and inside the partitions there are
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AUTHOR = system("test")
MANIFEST = "mft_" + "7" * 32
RECIPIENT = {"recipient": "Asha Rao", "phone": "+91 20 5550 1234", "address": "12 Lake Road, Pune"}


def a_hub(environment: Environment, name: str = "North", **facts: Any) -> Hub:
    values: Any = {
        "environment": environment,
        "name": name,
        "kind": "zone",
        "timezone": "Asia/Kolkata",
    } | facts
    return Hub.objects.create(**values)


def a_driver(environment: Environment, hub: Hub, name: str = "Ravi") -> Driver:
    values: Any = {"environment": environment, "hub": hub, "name": name}
    return Driver.objects.create(**values)


def new(external_id: str | None = None, **facts: Any) -> NewShipment:
    place = {"longitude": 73.85, "latitude": 18.52, "place_by": "given"}
    return NewShipment(Create(**{**RECIPIENT, **place, **facts}), external_id)


def announced(environment: Environment, external_id: str | None = None, **facts: Any) -> Created:
    """A shipment just created at `NOW`."""
    [found] = services.create(environment.pk, [new(external_id, **facts)], author=AUTHOR, now=NOW)
    assert isinstance(found, Created), found
    return found


def does(
    environment: Environment, shipment_id: int, *commands: Command, now: datetime = NOW + MINUTE, **more: Any
) -> State:
    """The shipment after these commands, a second apart."""
    state = State()
    for number, command in enumerate(commands):
        at = now + timedelta(seconds=number)
        state = services.execute(environment.pk, shipment_id, command, author=AUTHOR, now=at, **more)
    return state


def out(environment: Environment, driver: Driver, external_id: str | None = None, **facts: Any) -> Created:
    """A shipment on the road with a driver since `NOW` and a few seconds."""
    created = announced(environment, external_id, **facts)
    assign = Assign(manifest=MANIFEST, version=1, driver=driver.public_id)
    does(environment, created.shipment_id, ConfirmPickup(), assign, StartDelivery())
    return created
