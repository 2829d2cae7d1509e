"""OsmAnd's online tracking: the template `lat={0}&lon={1}&timestamp={2}&hdop={3}&altitude={4}&speed={5}&bearing={6}`.

Units: speed in M/S, timestamp in milliseconds. `hdop` is no dilution: the app puts the accuracy in metres there.
Unknown: hdop 0 (an app without an estimate). Speed 0 and bearing 0 are taken as they are.
Told from Traccar's query, whose speed is in knots, by its shape: hdop, no accuracy, a timestamp in milliseconds.
The device is what the user put into the URL: `id=...` or the end of the path; else "unnamed-osmand", for the app
sends what was refused again without a pause.
Answer: 200; the body is only logged.
"""

from __future__ import annotations

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.clock import SECONDS_BELOW
from ingest_lambda.formats.flat import Told, device_in, fix_of, placed
from ingest_lambda.formats.gathering import Gathering
from ingest_lambda.formats.numbers import is_number, number

NAME = "osmand"
UNNAMED = "unnamed-osmand"

_SPEEDS = {"speed": "mps"}


def recognises(asked: Asked) -> bool:
    """A query with place, hdop and milliseconds, and without accuracy."""
    if asked.value is not None:
        return False
    told = Told(asked.params)
    timestamp = number(told.peek("timestamp"))
    in_ms = is_number(timestamp) and timestamp >= SECONDS_BELOW
    return in_ms and "hdop" in told and "accuracy" not in told and placed(told)


def read(asked: Asked) -> list[DeviceReports]:
    """One fix."""
    gathering = Gathering(asked, UNNAMED)
    told = Told(asked.params)
    device, accuracy = device_in(told), number(told.take("hdop"))
    fix, unit = fix_of(told, asked.received_at_us, _SPEEDS)
    fix["accuracy_m"] = None if accuracy == 0 else accuracy
    gathering.add(device, fix, asked.params, speed_unit=unit)
    return gathering.reports()


def reply(request_id: str, received: int) -> Answer:
    """200; the app only looks at the status."""
    return 200, "text/plain", b"OK"
