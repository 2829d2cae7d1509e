"""Facts told one by one under names: a query, a form body, a flat JSON object. Apps differ in names and units."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ingest_lambda.formats import Asked
from ingest_lambda.formats.clock import BadTime, recorded_at_us
from ingest_lambda.formats.numbers import number, percent, scaled, typed, yes_or_no
from ingest_lambda.report import SPEED_UNITS

LATITUDE = ("lat", "latitude")
LONGITUDE = ("lon", "lng", "long", "longitude")
TIME = ("timestamp", "ts", "epoch", "timeoff", "timeoffset", "time", "datetime", "tst", "utc", "date")
ACCURACY = ("accuracy", "acc", "horizontal_accuracy", "hacc")
ALTITUDE = ("altitude", "alt", "ele", "elevation")
HEADING = ("bearing", "heading", "dir", "direction", "course", "cog")
BATTERY = ("batt", "battery", "bat", "battery_level", "batterylevel")
CHARGING = ("charge", "charging", "ischarging", "is_charging", "batt_charging")
ACTIVITY = ("activity", "act")
DEVICE = (
    "id",
    "deviceid",
    "device_id",
    "device",
    "dev",
    "unique_id",
    "uniqueid",
    "uid",
    "imei",
    "androidid",
    "aid",
)
DEVICE_LAST = ("serial", "ser", "user", "username")

# a plus sign that was not escaped in the query came through as a space
_LOST_PLUS = re.compile(r"(.*T\d\d:\d\d:\d\d(?:\.\d+)?) (\d\d:?\d\d)", re.ASCII)


class Told:
    """What a request tells under names; capitals make no difference, an empty value is none.

    What nobody took is left over at the end and goes into `extra`.
    """

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts: dict[str, tuple[str, Any]] = {}
        for name, value in facts.items():
            if value is not None and value != "":
                self._facts.setdefault(name.lower(), (name, value))

    def __contains__(self, name: str) -> bool:
        return name in self._facts

    def has(self, names: Iterable[str]) -> bool:
        """Whether one of these is told."""
        return any(name in self._facts for name in names)

    def take(self, *names: str) -> Any:
        """The value under the first of these names that is told, else None; it is used up then."""
        for name in names:
            if name in self._facts:
                return self._facts.pop(name)[1]
        return None

    def peek(self, *names: str) -> Any:
        """As `take`, and it stays."""
        return next((self._facts[name][1] for name in names if name in self._facts), None)

    def left(self) -> dict[str, Any]:
        """What was not used, under its names as they came, numbers as numbers."""
        return {name: typed(value) for name, value in self._facts.values()}


def fix_of(
    told: Told, received_at_us: int, speeds: Mapping[str, str], battery: Callable[[Any], Any] = percent
) -> tuple[dict[str, Any], str]:
    """The fix in our names and units, and the unit in which its speed was read.

    `speeds` has the app's names for speed, each with its unit, the best first; `battery` reads the battery's. A fix
    that tells no time was taken when it came: `extra` says so. One whose time cannot be read keeps it, to be refused.
    """
    if "location" in told and not told.has(LATITUDE):
        latitude, longitude = _pair(told.take("location"))
    else:
        latitude, longitude = told.take(*LATITUDE), told.take(*LONGITUDE)
    recorded_at = _time(told)
    speed, unit = _speed(told, speeds)
    fix = {
        "recorded_at": received_at_us / 1_000_000 if recorded_at is None else recorded_at,
        "latitude": number(latitude),
        "longitude": number(longitude),
        "accuracy_m": number(told.take(*ACCURACY)),
        "altitude_m": number(told.take(*ALTITUDE)),
        "speed_mps": speed,
        "heading_deg": number(told.take(*HEADING)),
        "battery": battery(told.take(*BATTERY)),
        "charging": yes_or_no(told.take(*CHARGING)),
        "activity": told.take(*ACTIVITY),
    }
    extra = told.left()
    if recorded_at is None:
        extra["recorded_at_is"] = "received"
    return fix | {"extra": extra}, unit


def items(asked: Asked) -> list[Any]:
    """The flat objects of a request: of a JSON array, a JSON object, or its parameters; [] where it is nested.

    Parameters stand beside JSON and before it, so that `?id=van-1` in a URL names the device of any body.
    """
    value = asked.value
    if value is None:
        return [asked.params] if asked.params else []
    found = value if isinstance(value, list) else [value]
    if not any(isinstance(item, dict) for item in found):
        return []
    if any(
        isinstance(item, dict) and ("coords" in item or isinstance(item.get("location"), dict))
        for item in found
    ):
        return []
    return [item | dict(asked.params) if isinstance(item, dict) else item for item in found]


def first(asked: Asked) -> Told:
    """What the first flat object of a request tells, to recognise its form by."""
    return Told(next((item for item in items(asked) if isinstance(item, dict)), {}))


def placed(told: Told) -> bool:
    """Whether a latitude and a longitude are told, readable or not."""
    return (told.has(LATITUDE) and told.has(LONGITUDE)) or isinstance(told.peek("location"), str)


def device_in(told: Told) -> Any:
    """The device id under the names that apps and their users give it, or None."""
    device = told.take(*DEVICE)
    return told.take(*DEVICE_LAST) if device is None else device


def _time(told: Told) -> Any:
    """The first time that can be read; the first at all when none can, so that it is refused and shown."""
    first = None
    for name in TIME:
        value = told.peek(name)
        if value is None:
            continue
        if isinstance(value, str) and (lost := _LOST_PLUS.fullmatch(value)):
            value = f"{lost[1]}+{lost[2]}"
        try:
            recorded_at_us(value)
        except BadTime:
            first = value if first is None else first
        else:
            told.take(name)
            return value
    return first


def _speed(told: Told, speeds: Mapping[str, str]) -> tuple[Any, str]:
    for name, unit in speeds.items():
        value = told.take(name)
        if value is not None:
            return scaled(value, SPEED_UNITS[unit]), unit
    return None, next(iter(speeds.values()))


def _pair(value: Any) -> tuple[Any, Any]:
    """`location=52.37,4.9`."""
    latitude, comma, longitude = str(value).partition(",")
    return (latitude, longitude) if comma else (value, None)
