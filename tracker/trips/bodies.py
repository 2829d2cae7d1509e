"""Reads the bodies of requests about trips: each field checked, a wrong one refused by its place."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import LineString, Point

from tracker.devices.changes import Change, change_in, invalid
from tracker.devices.metadata import BadMetadata, storable
from tracker.devices.models import Device
from tracker.devices.selectors import find_device
from tracker.geofences.selectors import find_geofence, published_of
from tracker.http.problems import ApiProblem
from tracker.http.times import BadMoment, parse_moment
from tracker.tenants.models import Environment
from tracker.trips.models import Trip
from tracker.trips.selectors import LONGEST_EXTERNAL_ID
from tracker.trips.services import Destination, NewTrip

NEW = (
    "device", "destination", "geofence", "destination_name", "external_id", "radius_m", "scheduled_at", "corridor",
    "corridor_m", "complete_on", "metadata", "started_at",
)  # fmt: skip
CHANGE = ("destination", "geofence", "destination_name", "radius_m", "scheduled_at", "metadata")
RADIUS_M, CORRIDOR_M = (5.0, 100_000.0), (5.0, 100_000.0)
DEFAULT_CORRIDOR_M = 200.0
MOST_CORRIDOR_PLACES = 2_000
STARTED_BEFORE, SCHEDULED_WITHIN = timedelta(days=7), timedelta(days=366)


def new_trip(environment: Environment, body: dict[str, Any], *, now: datetime) -> NewTrip:
    """The trip a body asks for; raises ApiProblem that names the field."""
    corridor = _corridor(body.get("corridor"))
    corridor_m = _number(body, "corridor_m", CORRIDOR_M, None)
    if corridor_m is not None and corridor is None:
        raise invalid("corridor_m", "corridor_m is the width of a corridor, and there is none.")
    radius_m = _number(body, "radius_m", RADIUS_M, None)
    destination = destination_in(environment, body)
    if radius_m is not None and destination is not None and destination.area is not None:
        raise invalid("radius_m", "A destination that is a geofence has the geofence's border and no radius.")
    return NewTrip(
        device=_device(environment, body.get("device"), now=now),
        destination=destination,
        external_id=_text(body, "external_id", LONGEST_EXTERNAL_ID) or None,
        radius_m=radius_m or 50.0,
        scheduled_at=_moment(body, "scheduled_at", now - SCHEDULED_WITHIN, now + SCHEDULED_WITHIN),
        corridor=corridor,
        corridor_m=corridor_m or (DEFAULT_CORRIDOR_M if corridor else None),
        complete_on=_complete_on(body.get("complete_on")),
        metadata=_metadata(body.get("metadata")),
        started_at=_moment(body, "started_at", now - STARTED_BEFORE, now),
    )


def changes_in(
    environment: Environment, body: dict[str, Any], trip: Trip, *, now: datetime
) -> dict[str, Any]:
    """The fields of a trip that a body changes, with their new values; raises ApiProblem that names the field."""
    changes: dict[str, Any] = {}
    if {"destination", "geofence"} & body.keys():
        changes["destination"] = destination_in(environment, body)
    elif "destination_name" in body:
        changes["destination_name"] = _text(body, "destination_name", 300)
    if "radius_m" in body:
        changes["radius_m"] = _number(body, "radius_m", RADIUS_M, 50.0)
    if "scheduled_at" in body:
        changes["scheduled_at"] = _moment(
            body, "scheduled_at", now - SCHEDULED_WITHIN, now + SCHEDULED_WITHIN
        )
    if "metadata" in body:
        change: Change = change_in({"metadata": body["metadata"]})
        changes["metadata"] = change.merged(trip.metadata)
    return changes


def destination_in(environment: Environment, body: Mapping[str, Any]) -> Destination | None:
    """The destination of a body: a place, or a geofence in force; None where it names neither."""
    name = _text(body, "destination_name", 300)
    place, geofence = body.get("destination"), body.get("geofence")
    if place is not None and geofence is not None:
        raise invalid("geofence", "Give a destination or a geofence, not both.")
    if place is not None:
        return Destination(Point(*_place(place, "destination"), srid=4326), name)
    if geofence is None:
        return None
    found = find_geofence(environment.pk, geofence) if isinstance(geofence, str) else None
    shape = published_of(found) if found is not None else None
    if found is None:
        raise invalid(
            "geofence", "There is no such geofence in this environment: name it as gf_… or external:…."
        )
    if shape is None:
        raise invalid("geofence", "This geofence is a draft: publish it first.")
    return Destination(shape.geometry.point_on_surface, name or shape.name, found, shape.geometry)


def positive_seconds(
    body: Mapping[str, Any], name: str, bounds: tuple[float, float], default: float
) -> float:
    """A time span in seconds within the bounds."""
    return _number(body, name, bounds, default) or default


def metres(body: Mapping[str, Any], name: str, bounds: tuple[float, float]) -> float | None:
    """A length in metres within the bounds; None where it is not given."""
    return _number(body, name, bounds, None)


def _device(environment: Environment, reference: Any, *, now: datetime) -> Device:
    if not isinstance(reference, str):
        raise invalid("device", "device must name a device: dev_… or external: and the id it sends.")
    found = find_device(environment, reference, now=now)
    if found is None:
        raise ApiProblem(404, "not_found", "There is no such device in this environment.", param="/device")
    return found


def _place(value: Any, *where: str) -> tuple[float, float]:
    """Longitude and latitude of {longitude, latitude}, or of a GeoJSON Point."""
    if isinstance(value, dict) and value.get("type") == "Point":
        value, where = value.get("coordinates"), (*where, "coordinates")
    elif isinstance(value, dict):
        value = [value.get("longitude"), value.get("latitude")]
    if not isinstance(value, list) or len(value) not in (2, 3) or not all(_is_number(v) for v in value[:2]):
        raise invalid(
            where[0], "It must be {longitude, latitude} in degrees, or a GeoJSON Point.", *where[1:]
        )
    longitude, latitude = float(value[0]), float(value[1])
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        detail = (
            f"longitude must lie within ±180 and latitude within ±90, not {longitude:g} and {latitude:g}."
        )
        hint = " They may be exchanged." if abs(latitude) > 90 >= abs(longitude) else ""
        raise invalid(where[0], detail + hint, *where[1:])
    return longitude, latitude


def _corridor(value: Any) -> LineString | None:
    if value is None:
        return None
    places = (
        value.get("coordinates") if isinstance(value, dict) and value.get("type") == "LineString" else None
    )
    if not isinstance(places, list) or not 2 <= len(places) <= MOST_CORRIDOR_PLACES:
        detail = f"corridor must be a GeoJSON LineString of 2 to {MOST_CORRIDOR_PLACES} places."
        raise invalid("corridor", detail)
    found = [_place(place, "corridor", "coordinates", str(n)) for n, place in enumerate(places)]
    return LineString(found, srid=4326)


def _moment(body: Mapping[str, Any], name: str, first: datetime, last: datetime) -> datetime | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        moment = parse_moment(str(value)) if isinstance(value, str | int | float) else None
    except BadMoment:
        moment = None
    if moment is None or isinstance(value, bool):
        raise invalid(name, f"{name} must be a time such as 2026-05-01T08:30:00Z, or seconds since 1970.")
    if not first <= moment <= last:
        raise invalid(name, f"{name} must lie between {first:%Y-%m-%d %H:%M} and {last:%Y-%m-%d %H:%M} UTC.")
    return moment


def _number(
    body: Mapping[str, Any], name: str, bounds: tuple[float, float], default: float | None
) -> float | None:
    value = body.get(name)
    if value is None:
        return default
    if not _is_number(value) or not bounds[0] <= value <= bounds[1]:
        raise invalid(name, f"{name} must be a number from {bounds[0]:g} to {bounds[1]:g}.")
    return float(value)


def _text(body: Mapping[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise invalid(name, f"{name} must be a text of at most {longest} characters, without U+0000.")
    return value


def _complete_on(value: Any) -> str:
    if value is None:
        return Trip.CompleteOn.MANUAL
    if not isinstance(value, str) or value not in Trip.CompleteOn.values:
        raise invalid("complete_on", f"complete_on must be one of {', '.join(Trip.CompleteOn.values)}.")
    return value


def _metadata(value: Any) -> dict[str, Any]:
    try:
        return storable(value) if value is not None else {}
    except BadMetadata as error:
        raise invalid("metadata", f"{error}.") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
