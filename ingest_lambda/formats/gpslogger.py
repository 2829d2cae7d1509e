"""GPSLogger's custom URL, whose parameter names its user chooses, and whatever else sends a place under usual names.

Units: speed in M/S (%SPD; names like spd_kph: km/h), accuracy and altitude in metres, battery 0..100 (%BATT), time
as ISO 8601 (%TIME, %TIMEOFFSET) or in seconds (%TIMESTAMP). Unknown: an empty value, or a template without it.
A fix with no time in it was taken when it came; GPSLogger sends later, from its file, what could not be sent at
once, so templates should hold a time. One whose time is none, or a date alone (%DATE), is refused.
The device: id, device_id, imei, androidId (%AID), serial (%SER) or a name like these, else "unnamed-gpslogger".
Answer: any 2xx; after three refusals the app drops the fix.
"""

from __future__ import annotations

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.flat import LATITUDE, LONGITUDE, Told, device_in, first, fix_of, items
from ingest_lambda.formats.gathering import Gathering, not_too_many
from ingest_lambda.report import Refusal

NAME = "gpslogger"
UNNAMED = "unnamed-gpslogger"

SPEEDS = {
    "spd": "mps", "speed": "mps", "s": "mps", "vel": "mps", "velocity": "mps",
    "spd_kph": "kmh", "speed_kph": "kmh", "speed_kmh": "kmh", "kph": "kmh", "kmh": "kmh",
    "spd_mph": "mph", "speed_mph": "mph", "mph": "mph",
}  # fmt: skip


def recognises(asked: Asked) -> bool:
    """A latitude and a longitude, under any of their usual names, in a query, a form body or flat JSON."""
    told = first(asked)
    return told.has(LATITUDE) and told.has(LONGITUDE)


def read(asked: Asked) -> list[DeviceReports]:
    """One fix, or one for each object of an array."""
    gathering = Gathering(asked, UNNAMED)
    for item in not_too_many(items(asked)):
        if not isinstance(item, dict):
            gathering.refuse(None, Refusal.NOT_AN_OBJECT, "the array holds what is no object", item)
            continue
        told = Told(item)
        device = device_in(told)
        fix, unit = fix_of(told, asked.received_at_us, SPEEDS)
        gathering.add(device, fix, item, speed_unit=unit)
    return gathering.reports()


def reply(request_id: str, received: int) -> Answer:
    """200."""
    return 200, "text/plain", b"OK"
