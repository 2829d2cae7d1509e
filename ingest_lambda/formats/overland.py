"""Overland: `{"locations": [GeoJSON Feature, ...]}`, several devices in one batch if it must be.

Units: M/S, degrees, metres, battery_level 0..1, coordinates [longitude, latitude], timestamp ISO 8601 with its
offset. Unknown: below 0 (speed, course, accuracy), or left out. battery_state full counts as charging, unknown as
unknown. `motion` is a list; its first word is the activity. `current` and `trip` beside the batch repeat points that
are in this batch or a later one, and are not read twice.
A user may write placeholders into the URL (%LAT, %SPD, %BAT 0..1): they are read when the batch itself is empty.
The device of each point: its device_id, else unique_id, else "unnamed-overland".
Answer: 200 with exactly `{"result":"ok"}`; for anything else the app sends the whole batch again.
"""

from __future__ import annotations

from typing import Any

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.flat import LATITUDE, LONGITUDE, Told, device_in, fix_of
from ingest_lambda.formats.gathering import Gathering, not_too_many
from ingest_lambda.formats.gpslogger import SPEEDS
from ingest_lambda.formats.numbers import fraction, number
from ingest_lambda.report import Refusal

NAME = "overland"
UNNAMED = "unnamed-overland"

_CHARGING = {"charging": True, "full": True, "unplugged": False}
_USED = frozenset(
    {"timestamp", "altitude", "speed", "course", "horizontal_accuracy", "motion"}
    | {"battery_level", "battery_state", "device_id", "unique_id"}
)


def recognises(asked: Asked) -> bool:
    """An object whose "locations" is a list, and not one of locations with coords."""
    found = asked.value.get("locations") if isinstance(asked.value, dict) else None
    return isinstance(found, list) and not any(isinstance(item, dict) and "coords" in item for item in found)


def read(asked: Asked) -> list[DeviceReports]:
    """A fix for each feature; that of the URL when there is none."""
    gathering = Gathering(asked, UNNAMED)
    features = not_too_many(asked.value["locations"])
    for feature in features:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            detail = "the location is no GeoJSON feature with properties"
            gathering.refuse(None, Refusal.NOT_AN_OBJECT, detail, feature)
            continue
        device = properties.get("device_id") or properties.get("unique_id")
        gathering.add(device, _fix(feature, properties), feature, speed_unit="mps")
    told = Told(asked.params)
    if not features and told.has(LATITUDE) and told.has(LONGITUDE):
        device = device_in(told)
        fix, unit = fix_of(told, asked.received_at_us, SPEEDS, battery=fraction)
        gathering.add(device, fix, asked.params, speed_unit=unit)
    return gathering.reports()


def reply(request_id: str, received: int) -> Answer:
    """200 and the one word it waits for."""
    return 200, "application/json", b'{"result":"ok"}'


def _fix(feature: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    geometry = feature.get("geometry")
    place = geometry.get("coordinates") if isinstance(geometry, dict) else None
    longitude, latitude = place[:2] if isinstance(place, list) and len(place) >= 2 else (None, None)
    extra = {
        name: value for name, value in properties.items() if name not in _USED and value not in ("", None)
    }
    motion = properties.get("motion")
    if isinstance(motion, list):
        activity = motion[0] if motion else None
        if len(motion) > 1:
            extra["motion"] = motion
    else:
        activity = motion
    state = properties.get("battery_state")
    return {
        "recorded_at": properties.get("timestamp"),
        "latitude": number(latitude),
        "longitude": number(longitude),
        "accuracy_m": number(properties.get("horizontal_accuracy")),
        "altitude_m": number(properties.get("altitude")),
        "speed_mps": number(properties.get("speed")),
        "heading_deg": number(properties.get("course")),
        "battery": fraction(properties.get("battery_level")),
        "charging": _CHARGING.get(state) if isinstance(state, str) else None,
        "activity": activity,
        "extra": extra,
    }
