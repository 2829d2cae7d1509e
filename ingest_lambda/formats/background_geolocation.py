"""Transistorsoft's background geolocation: `{"location": {...}}`, a batch of them in a list, or either at the root.

Units: M/S, degrees, metres (altitude above the ellipsoid on Android), battery 0..1, timestamp ISO 8601. Unknown: -1
or left out. A location without coords is a heartbeat, and no fix. The root property may have another name.
The device: device_id, deviceId, device (a text, or its uuid or id) at the root, where an app's `params` end, or
in the location's `extras`, or in the query; without any the request is nobody's and is answered 400.
Answer: 200 with `{}`; any 20x makes the app delete the record, all else keeps it for a day by default.
"""

from __future__ import annotations

from typing import Any

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.coords import fix_of_location, is_location
from ingest_lambda.formats.flat import DEVICE, Told
from ingest_lambda.formats.gathering import Gathering, not_too_many
from ingest_lambda.formats.position import printable
from ingest_lambda.report import MAX_DEVICE_INFO_CHARS, DeviceInfo, Refusal

NAME = "background-geolocation"


def recognises(asked: Asked) -> bool:
    """A location object, or a list of them, at the root or one level below."""
    return _locations(asked.value) is not None


def read(asked: Asked) -> list[DeviceReports]:
    """A fix for each location that has coords."""
    gathering = Gathering(asked)
    root = asked.value if isinstance(asked.value, dict) else {}
    device, info = _device(root) or Told(asked.params).take(*DEVICE), _info(root.get("device"))
    for location in not_too_many(_locations(asked.value) or []):
        if not isinstance(location, dict):
            gathering.refuse(device, Refusal.NOT_AN_OBJECT, "the location is no object", location)
            continue
        fix, extras = fix_of_location(location), location.get("extras")
        own = device or (_device(extras) if isinstance(extras, dict) else None)
        if fix is None:
            gathering.mention(own)
        else:
            gathering.add(own, fix, location, speed_unit="mps", info=info)
    return gathering.reports()


def reply(request_id: str, received: int) -> Answer:
    """200 and an empty object."""
    return 200, "application/json", b"{}"


def _locations(value: Any) -> list[Any] | None:
    found = _listed(value)
    if found is None and isinstance(value, dict):
        named = [value["location"]] if "location" in value else list(value.values())
        found = next((listed for each in named if (listed := _listed(each)) is not None), None)
    return found


def _listed(value: Any) -> list[Any] | None:
    if is_location(value):
        return [value]
    if isinstance(value, list) and any(is_location(each) for each in value[:10]):
        return value
    return None


def _device(root: dict[str, Any]) -> Any:
    for name in ("device_id", "deviceId", "deviceid", "unique_id"):
        if root.get(name):
            return root[name]
    device = root.get("device")
    return device.get("uuid") or device.get("id") if isinstance(device, dict) else device


def _info(device: Any) -> DeviceInfo | None:
    """What the library's `device` object says: model, platform and version."""
    if not isinstance(device, dict):
        return None
    system = " ".join(str(device[name]) for name in ("platform", "version") if device.get(name))
    model = device.get("model")
    info = DeviceInfo(
        model=printable(model, MAX_DEVICE_INFO_CHARS["model"]) if isinstance(model, str) else None,
        os=printable(system, MAX_DEVICE_INFO_CHARS["os"]),
    )
    return None if info == DeviceInfo() else info
