"""Writes on the fleet: hubs made, moved, retired; drivers and vehicles likewise. Handovers stand in `handovers.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from django.db import IntegrityError, connection, transaction

from dispatch.fleet.handovers import (
    give_device,
    give_vehicle,
    name_hub_on_devices,
    release_driver,
    release_vehicle,
)
from dispatch.fleet.models import Driver, Hub, Vehicle, VehicleType
from dispatch.fleet.refusals import FleetRefusal, InUse, NotATree, Taken, TooMany
from dispatch.fleet.tree import ENDED, IN_FORCE
from dispatch.fleet.wishes import DriverWish, HubWish, TypeWish, VehicleWish
from dispatch.manifests.models import Manifest
from dispatch.planning.services import give_default_windows
from dispatch.shipments.models import ShipmentState
from tracker.tenants.models import Environment

MOST_HUBS, MOST_TYPES = 20_000, 200  # of an environment
TREE_LOCK = 1836081256  # as the trigger's
RANK = {Hub.Kind.REGION: 0, Hub.Kind.CENTRE: 1, Hub.Kind.ZONE: 2}
BUILT_IN = (
    TypeWish("two_wheeler", "Two-wheeler", {"parcels": 30, "kg": 40, "litres": 120}, 1.0, 0.0, 0.5, 0.0),
    TypeWish("four_wheeler", "Four-wheeler", {"parcels": 150, "kg": 700, "litres": 3000}, 1.0, 0.0, 1.0, 0.0),
)
__all__ = ["give_device", "give_vehicle"]


def create_hub(environment: Environment, wish: HubWish, *, now: datetime | None = None) -> Hub:
    """A new hub; a zone is planned at the usual times of its own from `now` on (none: by nobody yet).

    Raises FleetRefusal: Taken, TooMany, or where its kind does not belong below its parent.
    """
    if Hub.objects.for_environment(environment).count() >= MOST_HUBS:
        raise TooMany(f"An environment may have {MOST_HUBS:,} hubs.")
    _fits(wish.kind, wish.parent)
    with _refused_as("hub", wish.external_id):
        made = Hub.objects.create(environment=environment, **cast(Any, _of_hub(wish)))
        if made.kind == Hub.Kind.ZONE and now is not None:
            give_default_windows(made, now=now)
        return made


def change_hub(hub: Hub, wish: HubWish, *, now: datetime) -> Hub:
    """Make a hub as wished; another parent moves it with everything below. Raises FleetRefusal.

    The environment's tree is locked first: what is judged here is still so when it is written. The trigger in the
    database judges again, for whoever writes without us.
    """
    renamed = wish.name != hub.name
    rows = Hub.objects.for_environment(hub.environment_id)
    with _refused_as("hub", wish.external_id):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", [TREE_LOCK, hub.environment_id % 2147483647]
            )
        _fits(wish.kind, wish.parent)
        for kind in rows.filter(parent=hub, retired_at=None).values_list("kind", flat=True).distinct():
            if RANK[Hub.Kind(kind)] < RANK[Hub.Kind(wish.kind)]:
                detail = (
                    f"A {_word(wish.kind)} cannot stand above a {_word(kind)}, and there is one below it."
                )
                raise FleetRefusal(detail, "kind")
        rows.filter(pk=hub.pk).update(**_of_hub(wish))
    changed = rows.select_related("parent", "geofence").get(pk=hub.pk)
    if renamed:
        name_hub_on_devices(changed, now=now)
    return changed


def move_hub(hub: Hub, parent: Hub | None, *, now: datetime) -> Hub:
    """Put a hub, with everything below it, under another one or at the top. Raises FleetRefusal."""
    place = None if hub.longitude is None or hub.latitude is None else (hub.longitude, hub.latitude)
    wish = HubWish(
        hub.name, hub.kind, hub.timezone, parent, hub.external_id, place, hub.geofence, hub.metadata
    )
    return change_hub(hub, wish, now=now)


def retire_hub(hub: Hub, *, now: datetime) -> None:
    """End a hub. Raises InUse while hubs, drivers, vehicles or shipments that are not over rest on it."""
    with transaction.atomic():
        held = Hub.objects.for_environment(hub.environment_id).select_for_update(no_key=True).get(pk=hub.pk)
        for what, rows in _resting_on(held).items():
            if count := rows.count():
                raise InUse(f"{held} has {count} {what}: move or end them first.")
        Hub.objects.for_environment(hub.environment_id).filter(pk=hub.pk, retired_at=None).update(
            retired_at=now
        )


def ensure_types(environment: Environment) -> None:
    """The built-in types of vehicle, made where they are not there yet; what a customer changed of them stays."""
    rows = VehicleType.objects.for_environment(environment)
    known = set(rows.filter(key__in=[one.key for one in BUILT_IN]).values_list("key", flat=True))
    missing = [
        VehicleType(environment=environment, **asdict(one)) for one in BUILT_IN if one.key not in known
    ]
    if missing:
        made = VehicleType.objects.unscoped("each row names its environment")
        made.bulk_create(missing, ignore_conflicts=True)


def create_type(environment: Environment, wish: TypeWish) -> VehicleType:
    """A type of vehicle of the customer's own. Raises Taken, TooMany."""
    if VehicleType.objects.for_environment(environment).count() >= MOST_TYPES:
        raise TooMany(f"An environment may have {MOST_TYPES} types of vehicles.")
    try:
        with transaction.atomic():
            return VehicleType.objects.create(environment=environment, **cast(Any, asdict(wish)))
    except IntegrityError:
        raise Taken(f"There is a vehicle type {wish.key!r} already.", "key") from None


def change_type(row: VehicleType, wish: TypeWish) -> VehicleType:
    """Make a type as wished."""
    rows = VehicleType.objects.for_environment(row.environment_id).filter(pk=row.pk)
    rows.update(**asdict(wish))
    return rows.get()


def create_vehicle(environment: Environment, wish: VehicleWish) -> Vehicle:
    """A new vehicle, in nobody's hands. Raises Taken."""
    with _refused_as("vehicle", wish.external_id):
        return Vehicle.objects.create(environment=environment, **cast(Any, vars(wish)))


def change_vehicle(vehicle: Vehicle, wish: VehicleWish) -> Vehicle:
    """Make a vehicle as wished. Raises Taken."""
    rows = Vehicle.objects.for_environment(vehicle.environment_id).filter(pk=vehicle.pk)
    with _refused_as("vehicle", wish.external_id):
        rows.update(**vars(wish))
    return rows.select_related("type", "hub").get()


def retire_vehicle(vehicle: Vehicle, *, now: datetime) -> None:
    """Take a vehicle out of service; whoever has it hands it back."""
    rows = Vehicle.objects.for_environment(vehicle.environment_id).filter(pk=vehicle.pk, retired_at=None)
    with transaction.atomic():
        if rows.update(retired_at=now):
            release_vehicle(vehicle, now=now)


def create_driver(environment: Environment, wish: DriverWish) -> Driver:
    """A new driver, with nothing in their hands. Raises Taken."""
    with _refused_as("driver", wish.external_id):
        return Driver.objects.create(environment=environment, **cast(Any, _of_driver(wish)))


def change_driver(driver: Driver, wish: DriverWish, *, now: datetime) -> Driver:
    """Make a driver as wished; a device they carry names their new hub on the map. Raises Taken."""
    rows = Driver.objects.for_environment(driver.environment_id).filter(pk=driver.pk)
    with _refused_as("driver", wish.external_id):
        rows.update(**_of_driver(wish))
    changed = rows.select_related("hub").get()
    if wish.hub.pk != driver.hub_id:
        name_hub_on_devices(wish.hub, driver=changed, now=now)
    return changed


def retire_driver(driver: Driver, *, now: datetime) -> None:
    """End a driver's service; what they have is handed back. Raises InUse while a manifest of theirs is in force."""
    with transaction.atomic():
        rows = Driver.objects.for_environment(driver.environment_id).filter(pk=driver.pk)
        rows.select_for_update(no_key=True).get()
        manifests = Manifest.objects.for_environment(driver.environment_id).filter(
            driver=driver, state__in=IN_FORCE
        )
        if count := manifests.count():
            raise InUse(
                f"{driver} has {count} manifest{'s' * (count > 1)} in force: give the stops to others first."
            )
        if rows.filter(retired_at=None).update(retired_at=now):
            release_driver(driver, now=now)


@contextmanager
def _refused_as(what: str, external_id: str | None) -> Iterator[None]:
    """A savepoint whose refusals by the database become the fleet's own."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        said = str(error)
        if "external_id" in said:
            raise Taken(f"Another {what} has the id {external_id!r}.", "external_id") from None
        if "below itself" in said or "not_its_own_parent" in said:
            raise NotATree("A hub cannot be moved below itself.", "parent") from None
        raise


def _fits(kind: str, parent: Hub | None) -> None:
    if parent is not None and RANK[Hub.Kind(parent.kind)] > RANK[Hub.Kind(kind)]:
        detail = f"A {_word(kind)} cannot stand below a {_word(parent.kind)} such as {parent}."
        raise FleetRefusal(detail, "parent")


def _word(kind: str) -> str:
    return Hub.Kind(kind).label.lower()


def _resting_on(hub: Hub) -> dict[str, Any]:
    environment = hub.environment_id
    return {
        "hubs below it": Hub.objects.for_environment(environment).filter(parent=hub, retired_at=None),
        "drivers": Driver.objects.for_environment(environment).filter(hub=hub, retired_at=None),
        "vehicles": Vehicle.objects.for_environment(environment).filter(hub=hub, retired_at=None),
        "shipments under way": ShipmentState.objects.for_environment(environment)
        .filter(hub=hub)
        .exclude(state__in=ENDED),
    }


def _of_hub(wish: HubWish) -> dict[str, Any]:
    facts = {name: value for name, value in vars(wish).items() if name != "place"}
    return facts | dict(zip(("longitude", "latitude"), wish.place or (None, None), strict=True))


def _of_driver(wish: DriverWish) -> dict[str, Any]:
    facts = {name: value for name, value in vars(wish).items() if name != "home"}
    return facts | dict(zip(("home_longitude", "home_latitude"), wish.home or (None, None), strict=True))
