"""A small town to drive in: zones laid out in metres around a place, fixes given in metres and seconds."""

from math import cos, radians

from shapely import affinity
from shapely.geometry import LineString, Point, box

from ingest_lambda.presence.edges import METRES_A_DEGREE
from ingest_lambda.presence.state import Fix
from ingest_lambda.presence.zone import Zone
from ingest_lambda.presence.zones import Versions, Zones

LONGITUDE, LATITUDE = 73.85, 18.52
WIDE = METRES_A_DEGREE * cos(radians(LATITUDE))
BEGIN_US = 1_700_000_000_000_000


def ground(shape, longitude=LONGITUDE, latitude=LATITUDE):
    """A shape in metres east and north of the town's middle, in degrees."""
    wide = METRES_A_DEGREE * cos(radians(latitude))
    return affinity.translate(
        affinity.scale(shape, 1 / wide, 1 / METRES_A_DEGREE, origin=(0, 0)), longitude, latitude
    )


def zone(geofence_id, shape, margin_m=None, name=None):
    """A zone of a shape in metres."""
    return Zone(
        geofence_id, f"{geofence_id:032x}", None, name or f"zone {geofence_id}", ground(shape), margin_m
    )


def circle(x, y, radius):
    """A circle in metres."""
    return Point(x, y).buffer(radius)


def square(west, south, east, north):
    """A rectangle in metres."""
    return box(west, south, east, north)


def corridor(*places, half):
    """A way with a width, in metres."""
    return LineString(places).buffer(half)


def versions(*zones, effective_s=-1_000):
    """One version of these zones, in force before all fixes."""
    return Versions([Zones(1, BEGIN_US + effective_s * 1_000_000, zones)])


def published(*sets):
    """Versions 1, 2, ... of (effective_s, zones)."""
    return Versions(
        [Zones(number, BEGIN_US + round(at * 1_000_000), zones) for number, (at, zones) in enumerate(sets, 1)]
    )


def fix(at_s, x, y, accuracy_m=None):
    """A fix that many seconds after the beginning, x metres east and y metres north of the middle."""
    at_us = BEGIN_US + round(at_s * 1_000_000)
    return Fix(at_us, LONGITUDE + x / WIDE, LATITUDE + y / METRES_A_DEGREE, accuracy_m, None, at_us)


def drive(*legs, every_s=5, start_s=0, accuracy_m=None):
    """Fixes along a way: (x, y) to begin with, then (x, y, metres a second) for each leg."""
    (x, y), rest = legs[0][:2], legs[1:]
    fixes, at_s = [fix(start_s, x, y, accuracy_m)], start_s
    for to_x, to_y, speed in rest:
        steps = max(1, round(((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5 / speed / every_s))
        for step in range(1, steps + 1):
            at_s += every_s
            fixes.append(fix(at_s, x + (to_x - x) * step / steps, y + (to_y - y) * step / steps, accuracy_m))
        x, y = to_x, to_y
    return fixes


def stories(told):
    """Transitions as (cause, left, entered) of geofence ids."""
    return [
        (
            one.cause.value,
            one.left.geofence_id if one.left else None,
            one.entered.geofence_id if one.entered else None,
        )
        for one in told
    ]


def seconds(at_us):
    """Since the beginning."""
    return (at_us - BEGIN_US) / 1_000_000
