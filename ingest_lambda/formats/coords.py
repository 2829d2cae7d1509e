"""A location object of Transistorsoft's library, on which several apps are built: `{timestamp, coords, ...}`."""

from __future__ import annotations

from typing import Any

from ingest_lambda.formats.numbers import fraction, number

_USED = frozenset({"timestamp", "coords", "battery", "activity"})
_USED_COORDS = frozenset({"latitude", "longitude", "accuracy", "altitude", "speed", "heading"})


def is_location(value: Any) -> bool:
    """Whether `value` is such an object; a heartbeat has no coords."""
    return isinstance(value, dict) and ("coords" in value or ("timestamp" in value and "battery" in value))


def fix_of_location(location: dict[str, Any]) -> dict[str, Any] | None:
    """The fix in our names and units, or None for one without coords: a heartbeat, which is no fix.

    Units: m/s, degrees, metres, battery 0..1; -1 is unknown. Altitude 0 is a value.
    """
    coords = location.get("coords")
    if coords is None:
        return None
    if not isinstance(coords, dict):
        coords = {"coords": coords}
    battery = location.get("battery")
    battery = battery if isinstance(battery, dict) else {"level": battery}
    activity = location.get("activity")
    if isinstance(activity, dict):
        activity = activity.get("type")
    extra = {
        name: value for name, value in location.items() if name not in _USED and value not in (None, {}, [])
    }
    extra |= {
        name: value for name, value in coords.items() if name not in _USED_COORDS and value not in (None, -1)
    }
    return {
        "recorded_at": location.get("timestamp"),
        "latitude": number(coords.get("latitude")),
        "longitude": number(coords.get("longitude")),
        "accuracy_m": number(coords.get("accuracy")),
        "altitude_m": number(coords.get("altitude")),
        "speed_mps": number(coords.get("speed")),
        "heading_deg": number(coords.get("heading")),
        "battery": fraction(battery.get("level")),
        "charging": battery.get("is_charging"),
        "activity": activity,
        "extra": extra,
    }
