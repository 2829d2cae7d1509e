"""A small fleet for tests: hubs, drivers with shifts, vehicles, shipments and manifests, written as rows."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from dispatch.fleet.models import Driver, Hub, Shift, Vehicle, VehicleType
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.shipments.models import Shipment, ShipmentState
from tracker.tenants.models import Environment

ZONE = "Asia/Kolkata"
NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)  # a Monday, half past eleven in the morning in Pune
PUNE = (73.8567, 18.5204)


def a_hub(environment: Environment, name: str, parent: Hub | None = None, **facts: Any) -> Hub:
    values: dict[str, Any] = {"kind": Hub.Kind.ZONE, "timezone": ZONE}
    return Hub.objects.create(environment=environment, name=name, parent=parent, **cast(Any, values | facts))


def a_driver(hub: Hub, name: str = "Asha", **facts: Any) -> Driver:
    return Driver.objects.create(environment_id=hub.environment_id, hub=hub, name=name, **cast(Any, facts))


def a_shift(driver: Driver, starts: str = "09:00", ends: str = "18:00", **facts: Any) -> Shift:
    values: dict[str, Any] = {
        "weekdays": [1, 2, 3, 4, 5, 6, 7],
        "starts": time.fromisoformat(starts),
        "ends": time.fromisoformat(ends),
    }
    return Shift.objects.create(
        environment_id=driver.environment_id, driver=driver, **cast(Any, values | facts)
    )


def a_vehicle(environment: Environment, plate: str = "MH 12 AB 1", **facts: Any) -> Vehicle:
    kind, _ = VehicleType.objects.for_environment(environment).get_or_create(
        environment=environment,
        key="two_wheeler",
        defaults={"name": "Two-wheeler", "capacities": {"parcels": 30, "kg": 40.0}},
    )
    return Vehicle.objects.create(environment=environment, type=kind, plate=plate, **cast(Any, facts))


def a_shipment(hub: Hub, state: str = "ready", *, at: datetime = NOW, **facts: Any) -> ShipmentState:
    shipment = Shipment.objects.create(environment_id=hub.environment_id, external_id=uuid.uuid4().hex[:12])
    values: dict[str, Any] = {"sequence": 1, "created_at": at, "changed_at": at, "state": state, "hub": hub}
    return ShipmentState.objects.create(
        environment_id=hub.environment_id, shipment=shipment, **cast(Any, values | facts)
    )


def a_manifest(driver: Driver, state: str = "in_progress", **facts: Any) -> Manifest:
    values: dict[str, Any] = {"hub_id": driver.hub_id, "service_date": date(2026, 5, 4), "state": state}
    return Manifest.objects.create(
        environment_id=driver.environment_id, driver=driver, **cast(Any, values | facts)
    )


def a_stop(manifest: Manifest, shipment: ShipmentState, place: int | None, **facts: Any) -> ManifestStop:
    at = NOW + timedelta(minutes=10 * (place or 0))
    values: dict[str, Any] = {
        "longitude": PUNE[0], "latitude": PUNE[1] + (place or 0) / 1000, "place": place,
        "planned_arrival": at, "planned_departure": at + timedelta(minutes=3),
    }  # fmt: skip
    return ManifestStop.objects.create(
        environment_id=manifest.environment_id,
        manifest=manifest,
        shipment_id=shipment.shipment_id,
        **cast(Any, values | facts),
    )
