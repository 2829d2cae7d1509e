"""Reads what a caller or a form expects of a device: each part checked, a wrong one refused by its name."""

import re
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tracker.alerts.expecting import Expectation
from tracker.devices.changes import invalid
from tracker.devices.selectors import find_device
from tracker.geofences.selectors import find_geofence
from tracker.tenants.models import Environment

FIELDS = ("device", "geofence", "by", "time_zone", "weekdays")


class NoSuchZone(ValueError):
    """A text that names no time zone."""


def expectation_in(environment: Environment, body: dict[str, Any], *, now: datetime) -> Expectation:
    """What a body asks for; raises ApiProblem that names the field."""
    device = find_device(environment, _text(body, "device"), now=now)
    if device is None:
        raise invalid("device", "There is no such device in this environment.")
    geofence = find_geofence(environment.pk, _text(body, "geofence"))
    if geofence is None:
        raise invalid("geofence", "There is no such geofence in this environment.")
    try:
        zone = zone_named(_text(body, "time_zone"))
    except NoSuchZone as error:
        raise invalid("time_zone", f"{error}.") from None
    return Expectation(device, geofence, _clock(_text(body, "by")), zone, _weekdays(body.get("weekdays")))


def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone of that name; raises NoSuchZone."""
    try:
        if not 0 < len(name) <= 64:
            raise ValueError
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise NoSuchZone(
            f"{name[:64]!r} is no time zone; an IANA name such as Europe/Amsterdam is needed"
        ) from None


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or "\x00" in value:
        raise invalid(name, f"{name} is needed, as a text.")
    return value


def _clock(text: str) -> time:
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text, re.ASCII)
    if found is None:
        raise invalid("by", f"by must be a time of day such as 09:10, not {text[:20]!r}.")
    return time(int(found[1]), int(found[2]))


def _weekdays(value: Any) -> list[int]:
    if value is None:
        return []
    good = isinstance(value, list) and all(type(day) is int and 0 <= day <= 6 for day in value)
    if not good:
        raise invalid("weekdays", "weekdays must be a list of numbers from 0, Monday, to 6, Sunday.")
    return sorted(set(value))
