"""Traccar Client, in all its forms: query or form body, JSON object (9.x), JSON array of flat objects (10.x).

Query, form body and flat JSON: speed in KNOTS, battery 0..100, timestamp in seconds, milliseconds or as a date (UTC
without an offset), altitude and accuracy in metres. Accuracy 0 is unknown: that is what a GPS provider without an
estimate sends. The JSON object with `location`: speed in M/S, battery 0..1, -1 is unknown.
A request with an id and no place is a heartbeat or a push token, and no fix. One with a place and no time was taken
when it came. The id is the device; without any the request is nobody's and is answered 400.
Answer: 200 and nothing in it, for the app reads commands out of a body. Anything but 2xx is sent again and again,
and what waits behind it waits too.
"""

from __future__ import annotations

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.coords import fix_of_location
from ingest_lambda.formats.flat import Told, first, fix_of, items, placed
from ingest_lambda.formats.gathering import Gathering, not_too_many
from ingest_lambda.formats.numbers import is_number, yes_or_no
from ingest_lambda.report import Refusal

NAME = "traccar"

_ID = ("id", "deviceid")
_SPEEDS = {"speed": "knots"}
# what comes with an id and without a place
_NO_FIX = ("timestamp", "batt", "notificationtoken", "alarm", "driveruniqueid", "cell", "wifi", "charge")
# names that people give in GPSLogger's templates and that Traccar does not have: their speed is m/s
_OF_OTHERS = (
    "spd",
    "spd_kph",
    "dir",
    "acc",
    "time",
    "ts",
    "epoch",
    "timeoff",
    "timeoffset",
    "androidid",
    "aid",
    "prov",
    "bat",
)


def recognises(asked: Asked) -> bool:
    """`{device_id, location: {...}}` and nothing beside; or flat, with an id or a timestamp beside the place."""
    if _is_object(asked):
        return True
    told = first(asked)
    if told.has(_OF_OTHERS):
        return False
    if told.has(_ID):
        return placed(told) or told.has(_NO_FIX)
    return placed(told) and "timestamp" in told


def read(asked: Asked) -> list[DeviceReports]:
    """One fix, or one for each object of an array."""
    gathering = Gathering(asked)
    if _is_object(asked):
        location = asked.value["location"]
        fix = fix_of_location(location)
        if fix is None:
            gathering.mention(asked.value["device_id"])
        else:
            gathering.add(asked.value["device_id"], fix, location, speed_unit="mps")
        return gathering.reports()
    for item in not_too_many(items(asked)):
        if not isinstance(item, dict):
            gathering.refuse(None, Refusal.NOT_AN_OBJECT, "the array holds what is no object", item)
            continue
        told = Told(item)
        device = told.take(*_ID)
        if not told.has(("lat", "lon", "latitude", "longitude", "location")):
            gathering.mention(device)
            continue
        if yes_or_no(told.take("valid")) is False:
            gathering.refuse(device, Refusal.MARKED_INVALID, "the device says valid=false", item)
            continue
        fix, unit = fix_of(told, asked.received_at_us, _SPEEDS)
        if is_number(fix["accuracy_m"]) and fix["accuracy_m"] == 0:
            fix["accuracy_m"] = None
        gathering.add(device, fix, item, speed_unit=unit)
    return gathering.reports()


def reply(request_id: str, received: int) -> Answer:
    """200 and no word: a body would be read as commands."""
    return 200, "text/plain", b""


def _is_object(asked: Asked) -> bool:
    value = asked.value
    return (
        isinstance(value, dict)
        and value.keys() == {"location", "device_id"}
        and isinstance(value["location"], dict)
    )
