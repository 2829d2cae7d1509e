"""What somebody wants a hub, driver, vehicle or shift to be: read from a body, the same for API, forms and files.

Of a change, what the body leaves out stays as it is in the row.
"""

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from dispatch.fleet import reading
from dispatch.fleet.models import Driver, Hub, Vehicle, VehicleType
from dispatch.fleet.reading import Body
from dispatch.fleet.references import find
from dispatch.fleet.refusals import FleetRefusal
from tracker.geofences.models import Geofence
from tracker.geofences.selectors import find_geofence
from tracker.tenants.models import Environment

HUB_FIELDS = (
    "name", "kind", "parent", "timezone", "external_id", "longitude", "latitude", "geofence", "metadata",
)  # fmt: skip
TYPE_FIELDS = ("key", "name", "capacities", "speed_factor", "cost_fixed", "cost_per_km", "cost_per_hour")
VEHICLE_FIELDS = ("external_id", "type", "hub", "plate", "capacities")
DRIVER_FIELDS = (
    "external_id", "name", "phone", "email", "language", "hub", "skills", "ends_at", "home_longitude",
    "home_latitude", "metadata",
)  # fmt: skip
SHIFT_FIELDS = ("weekdays", "starts", "ends", "timezone", "breaks", "valid_from", "valid_to")
CHANGE_FIELDS = ("date", "starts", "ends", "breaks", "reason")


@dataclass(frozen=True)
class HubWish:
    """A hub as it is to be."""

    name: str
    kind: str
    timezone: str
    parent: Hub | None
    external_id: str | None
    place: tuple[float, float] | None
    geofence: Geofence | None
    metadata: dict[str, Any]


@dataclass(frozen=True)
class TypeWish:
    """A type of vehicle as it is to be."""

    key: str
    name: str
    capacities: dict[str, float]
    speed_factor: float
    cost_fixed: float
    cost_per_km: float
    cost_per_hour: float


@dataclass(frozen=True)
class VehicleWish:
    """A vehicle as it is to be; `capacities` None: those of its type."""

    external_id: str | None
    type: VehicleType
    hub: Hub | None
    plate: str
    capacities: dict[str, float] | None


@dataclass(frozen=True)
class DriverWish:
    """A driver as they are to be."""

    external_id: str | None
    name: str
    phone: str
    email: str
    language: str
    hub: Hub
    skills: list[str]
    ends_at: str
    home: tuple[float, float] | None
    metadata: dict[str, Any]


@dataclass(frozen=True)
class ShiftWish:
    """Weekly hours as they are to be."""

    weekdays: list[int]
    starts: time
    ends: time
    timezone: str
    breaks: list[dict[str, Any]]
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True)
class ChangeWish:
    """Hours of one date as they are to be; without times: absent."""

    day: date
    starts: time | None
    ends: time | None
    breaks: list[dict[str, Any]]
    reason: str


def hub_wish(environment: Environment, body: Body, old: Hub | None = None) -> HubWish:
    """What a body wants of a hub; raises FleetRefusal. Below another hub its time zone may be left out."""
    given = _over(_hub_as_is(old), body)
    parent = hub_named(environment, given, "parent")
    zone = reading.zone_name(given, "timezone", needed=parent is None) or (parent.timezone if parent else "")
    return HubWish(
        name=reading.text(given, "name", needed=True),
        kind=reading.choice(given, "kind", list(Hub.Kind.values)),
        timezone=zone,
        parent=parent,
        external_id=reading.external_id(given),
        place=reading.place(given, "longitude", "latitude"),
        geofence=_geofence(environment, given),
        metadata=reading.metadata(given),
    )


def type_wish(body: Body, old: VehicleType | None = None) -> TypeWish:
    """What a body wants of a type of vehicle; raises FleetRefusal. The key of one that exists stays."""
    was = (
        {name: getattr(old, name) for name in TYPE_FIELDS}
        if old
        else {"speed_factor": 1.0, "cost_per_km": 1.0}
    )
    given = _over(was, body)
    key = reading.text(given, "key", longest=50, needed=True)
    if old is not None and key != old.key:
        raise FleetRefusal("The key of a vehicle type cannot be changed.", "key")
    return TypeWish(
        key=key,
        name=reading.text(given, "name", longest=100) or key,
        capacities=reading.capacities(given) or {},
        speed_factor=reading.number(given, "speed_factor", low=0.05, high=20) or 1.0,
        cost_fixed=reading.number(given, "cost_fixed", low=0, high=1e9) or 0.0,
        cost_per_km=reading.number(given, "cost_per_km", low=0, high=1e6) or 0.0,
        cost_per_hour=reading.number(given, "cost_per_hour", low=0, high=1e6) or 0.0,
    )


def vehicle_wish(environment: Environment, body: Body, old: Vehicle | None = None) -> VehicleWish:
    """What a body wants of a vehicle; raises FleetRefusal."""
    was: dict[str, Any] = {}
    if old is not None:
        hub = old.hub.public_id if old.hub else None
        was = {name: getattr(old, name) for name in ("external_id", "plate", "capacities")}
        was |= {"type": old.type.key, "hub": hub}
    given = _over(was, body)
    return VehicleWish(
        external_id=reading.external_id(given),
        type=type_named(environment, given),
        hub=hub_named(environment, given, "hub"),
        plate=reading.text(given, "plate", longest=50),
        capacities=reading.capacities(given),
    )


def driver_wish(environment: Environment, body: Body, old: Driver | None = None) -> DriverWish:
    """What a body wants of a driver; raises FleetRefusal."""
    plain = tuple(name for name in DRIVER_FIELDS if name != "hub")
    was: dict[str, Any] = {name: getattr(old, name) for name in plain} if old else {"ends_at": "hub"}
    given = _over(was | ({"hub": old.hub.public_id} if old else {}), body)
    hub = hub_named(environment, given, "hub")
    if hub is None:
        raise FleetRefusal("hub is needed: a driver belongs to a hub.", "hub")
    ends_at = reading.choice(given, "ends_at", list(Driver.EndsAt.values))
    home = reading.place(given, "home_longitude", "home_latitude")
    if ends_at == Driver.EndsAt.HOME and home is None:
        raise FleetRefusal("Whoever ends at home needs home_longitude and home_latitude.", "home_longitude")
    email = reading.text(given, "email", longest=254)
    if email and ("@" not in email[1:-1] or " " in email):
        raise FleetRefusal(f"{email[:60]!r} is no e-mail address.", "email")
    return DriverWish(
        external_id=reading.external_id(given),
        name=reading.text(given, "name", needed=True),
        phone=reading.text(given, "phone", longest=40),
        email=email,
        language=reading.text(given, "language", longest=10),
        hub=hub,
        skills=reading.words(given, "skills"),
        ends_at=ends_at,
        home=home,
        metadata=reading.metadata(given),
    )


def shift_wish(body: Body) -> ShiftWish:
    """What a body wants of weekly hours; raises FleetRefusal, also for a shift of no length."""
    starts, ends = reading.clock(body.get("starts"), "starts"), reading.clock(body.get("ends"), "ends")
    _has_length(starts, ends)
    since, until = reading.day(body, "valid_from"), reading.day(body, "valid_to")
    if since is not None and until is not None and until < since:
        raise FleetRefusal("valid_to lies before valid_from.", "valid_to")
    return ShiftWish(
        weekdays=reading.weekdays(body),
        starts=starts,
        ends=ends,
        timezone=reading.zone_name(body, "timezone"),
        breaks=reading.breaks(body),
        valid_from=since,
        valid_to=until,
    )


def change_wish(body: Body) -> ChangeWish:
    """What a body wants of one date; raises FleetRefusal. Without starts and ends the driver is absent."""
    on = reading.day(body, "date")
    if on is None:
        raise FleetRefusal("date is needed.", "date")
    starts, ends = (
        reading.clock(body[name], name) if body.get(name) else None for name in ("starts", "ends")
    )
    if (starts is None) != (ends is None):
        raise FleetRefusal("starts and ends go together; without both the driver is absent.", "starts")
    if starts is not None and ends is not None:
        _has_length(starts, ends)
    return ChangeWish(on, starts, ends, reading.breaks(body), reading.text(body, "reason"))


def hub_named(environment: Environment, body: Body, name: str) -> Hub | None:
    """The hub in service that a part of the body names, None where it names none."""
    reference = reading.text(body, name, longest=300)
    if not reference:
        return None
    rows = Hub.objects.for_environment(environment).filter(retired_at=None)
    found = find(rows, "hub", reference)
    if found is None:
        raise FleetRefusal(f"There is no hub {reference[:60]!r} in this environment.", name)
    return found


def type_named(environment: Environment, body: Body) -> VehicleType:
    """The type of vehicle that a body names by its key or its id."""
    reference = reading.text(body, "type", longest=100, needed=True)
    rows = VehicleType.objects.for_environment(environment)
    found = rows.filter(key=reference).first() or find(rows, "vty", reference.replace("external:", ""))
    if found is None:
        known = ", ".join(rows.order_by("pk").values_list("key", flat=True)[:20])
        raise FleetRefusal(f"There is no vehicle type {reference[:60]!r}. Known are {known}.", "type")
    return found


def _has_length(starts: time, ends: time) -> None:
    if starts == ends:
        detail = (
            f"A shift from {starts:%H:%M} to {ends:%H:%M} has no length. For a whole day write two shifts."
        )
        raise FleetRefusal(detail, "ends")


def _geofence(environment: Environment, body: Body) -> Geofence | None:
    reference = reading.text(body, "geofence", longest=300)
    if not reference:
        return None
    found = find_geofence(environment.pk, reference)
    if found is None:
        raise FleetRefusal(f"There is no geofence {reference[:60]!r} in this environment.", "geofence")
    return found


def _hub_as_is(hub: Hub | None) -> dict[str, Any]:
    if hub is None:
        return {"kind": Hub.Kind.ZONE.value}
    names = ("name", "kind", "timezone", "external_id", "longitude", "latitude", "metadata")
    return {name: getattr(hub, name) for name in names} | {
        "parent": hub.parent.public_id if hub.parent else None,
        "geofence": hub.geofence.public_id if hub.geofence else None,
    }


def _over(was: dict[str, Any], body: Body) -> dict[str, Any]:
    return was | dict(body)
