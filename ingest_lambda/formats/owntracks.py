"""OwnTracks over HTTP: one JSON message a request, told by its `_type`; the same messages travel over MQTT.

Units: `vel` in KM/H, `tst` in seconds (milliseconds are refused, not guessed), metres, `batt` 0..100, `bs` 0 unknown,
1 unplugged, 2 charging, 3 full. Unknown: left out; the app also leaves out zeros, so a missing `vel` stays unknown.
`location` is the only message that holds a fix. A transition, waypoint, lwt, status and the rest are taken and hold
none; `encrypted` cannot be read here and is set aside, so that the console says so. A body of no length is nothing.
The device: `topic`, else X-Limit-U and X-Limit-D (or u and d in the query) written as the topic they stand for, else
`tid`, else "unnamed-owntracks". A publishable key that stands in for the user is left out of it.
Answer: 200 with the JSON array `[]`: what else stood in it would be commands.
"""

from __future__ import annotations

from typing import Any

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.clock import SECONDS_BELOW
from ingest_lambda.formats.device_id import is_key
from ingest_lambda.formats.gathering import Gathering
from ingest_lambda.formats.numbers import KMH_MPS, is_number, number, percent, scaled
from ingest_lambda.report import Refusal

NAME = "owntracks"
UNNAMED = "unnamed-owntracks"

_CHARGING = {1: False, 2: True, 3: True}
_USED = frozenset({"_type", "lat", "lon", "tst", "acc", "alt", "vel", "cog", "batt", "bs", "topic"})


def recognises(asked: Asked) -> bool:
    """An object with `_type`; or nothing at all from an app that names its user and device beside the body."""
    if isinstance(asked.value, dict):
        return "_type" in asked.value
    return not asked.body and asked.headers.get("x-limit-d") is not None


def read(asked: Asked) -> list[DeviceReports]:
    """One fix, or none."""
    message = asked.value
    gathering = Gathering(asked, UNNAMED)
    if not isinstance(message, dict):
        return []
    kind = message["_type"]
    if kind == "encrypted":
        detail = "the message is encrypted with a key that is not known here"
        gathering.refuse(_device(message, asked), Refusal.ENCRYPTED, detail, message)
    elif kind == "location":
        _read_location(message, asked, gathering)
    else:
        gathering.mention(_device(message, asked))
    return gathering.reports()


def reply(request_id: str, received: int) -> Answer:
    """200 and an empty array."""
    return 200, "application/json", b"[]"


def _read_location(message: dict[str, Any], asked: Asked, gathering: Gathering) -> None:
    device, tst = _device(message, asked), number(message.get("tst"))
    if is_number(tst) and tst >= SECONDS_BELOW:
        detail = f"tst {tst:.15g} is no time in seconds"
        gathering.refuse(device, Refusal.BAD_RECORDED_AT, detail, message)
        return
    bs = message.get("bs")
    fix = {
        "recorded_at": tst,
        "latitude": number(message.get("lat")),
        "longitude": number(message.get("lon")),
        "accuracy_m": number(message.get("acc")),
        "altitude_m": number(message.get("alt")),
        "speed_mps": scaled(message.get("vel"), KMH_MPS),
        "heading_deg": number(message.get("cog")),
        "battery": percent(message.get("batt")),
        "charging": _CHARGING.get(bs) if isinstance(bs, int) else None,
        "extra": {name: value for name, value in message.items() if name not in _USED},
    }
    gathering.add(device, fix, message, speed_unit="kmh")


def _device(message: dict[str, Any], asked: Asked) -> Any:
    topic = message.get("topic")
    if isinstance(topic, str) and topic:
        return "/".join(part for part in topic.split("/") if not is_key(part))
    device = asked.headers.get("x-limit-d") or asked.params.get("d")
    if device:
        user = asked.headers.get("x-limit-u") or asked.params.get("u") or ""
        return "/".join(["owntracks", *([user] if user and not is_key(user) else []), device])
    return message.get("tid")
