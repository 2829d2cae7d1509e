"""Makes the demo's fleet, once: hubs with areas, drivers with shifts, vehicles and phones in their hands."""

from datetime import datetime

from django.db import transaction

from dispatch.demonstration.city import ZONE, Hand, Sector, hands, place, sectors
from dispatch.fleet.models import Hub, VehicleType
from dispatch.fleet.rostering import add_shift
from dispatch.fleet.services import (
    create_driver,
    create_hub,
    create_vehicle,
    ensure_types,
    give_device,
    give_vehicle,
)
from dispatch.fleet.wishes import DriverWish, HubWish, VehicleWish, shift_wish
from tracker.devices.models import Device
from tracker.geofences.bodies import read_body
from tracker.geofences.models import Geofence
from tracker.geofences.publishing import publish
from tracker.geofences.selectors import latest_version
from tracker.geofences.services import create_geofence
from tracker.tenants import scope
from tracker.tenants.models import Environment

LUNCH = {"from": "12:00", "to": "14:00", "duration_s": 1800}
SUPPER = {"from": "17:00", "to": "19:00", "duration_s": 1800}


def ensure_fleet(environment: Environment, *, now: datetime) -> bool:
    """The fleet, in an environment that has no hub yet; True where it was made.

    Somebody who made a hub of their own, or took ours apart, keeps what they have.
    """
    with transaction.atomic(), scope.scope(environment_id=environment.pk):
        Environment.objects.unscoped("locked by its id: of two first runs one makes it").select_for_update(
            no_key=True
        ).get(pk=environment.pk)
        if Hub.objects.for_environment(environment).exists():
            return False
        zones = _hubs(environment, now=now)
        ensure_types(environment)
        types = {row.key: row for row in VehicleType.objects.for_environment(environment)}
        phones = _phones(environment)
        for hand in hands():
            _hire(environment, hand, zones[hand.sector], types[hand.vehicle_type], phones, now=now)
    return True


def _hubs(environment: Environment, *, now: datetime) -> list[Hub]:
    """A region above a centre above the zones; each zone with a published area, unless others' stand there."""
    city = place()
    free = latest_version(environment.pk) is None
    areas: list[Geofence | None] = [_area(environment, one) if free else None for one in sectors()]
    if free:
        publish(environment.pk, now=now, note="The demo's delivery zones")
    west = create_hub(
        environment, _wish("Maharashtra", Hub.Kind.REGION, None, external_id="demo-west"), now=now
    )
    centre = create_hub(
        environment,
        _wish(
            "Pune centre", Hub.Kind.CENTRE, west, external_id="demo-pune", at=(city.longitude, city.latitude)
        ),
        now=now,
    )
    return [
        create_hub(
            environment,
            _wish(sector.name, Hub.Kind.ZONE, centre, external_id=f"demo-{sector.name.lower()}", area=area),
            now=now,
        )
        for sector, area in zip(sectors(), areas, strict=True)
    ]


def _wish(
    name: str,
    kind: Hub.Kind,
    parent: Hub | None,
    *,
    external_id: str,
    at: tuple[float, float] | None = None,
    area: Geofence | None = None,
) -> HubWish:
    return HubWish(name, kind, ZONE, parent, external_id, at, area, {})


def _area(environment: Environment, sector: Sector) -> Geofence:
    geometry = {"type": "Polygon", "coordinates": [[list(point) for point in sector.border]]}
    shape, faults = read_body(
        {"name": sector.name, "geometry": geometry, "external_id": f"demo-{sector.name}"}
    )
    if shape is None:
        raise ValueError(faults.kept[0].sentence)
    return create_geofence(environment.pk, shape, by=None)


def _phones(environment: Environment) -> dict[str, Device]:
    """The simulated phones, known before their first report."""
    wanted = [hand.device_id for hand in hands()]
    rows = Device.objects.unscoped("each row names its environment")
    rows.bulk_create(
        [Device(environment=environment, external_id=name) for name in wanted], ignore_conflicts=True
    )
    known = Device.objects.for_environment(environment).filter(external_id__in=wanted)
    return {device.external_id: device for device in known}


def _hire(
    environment: Environment,
    hand: Hand,
    hub: Hub,
    vehicle_type: VehicleType,
    phones: dict[str, Device],
    *,
    now: datetime,
) -> None:
    skills = list(hand.skills)
    wish = DriverWish(f"demo-{hand.device_id}", hand.name, "", "", "en", hub, skills, "hub", None, {})
    driver = create_driver(environment, wish)
    meal = LUNCH if hand.starts < "12:00" else SUPPER
    add_shift(driver, shift_wish({"starts": hand.starts, "ends": hand.ends, "breaks": [meal]}))
    vehicle = create_vehicle(
        environment, VehicleWish(f"demo-{hand.plate}", vehicle_type, hub, hand.plate, None)
    )
    give_vehicle(driver, vehicle, now)
    give_device(driver, phones[hand.device_id], now)
