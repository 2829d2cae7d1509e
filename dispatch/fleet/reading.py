"""Reads parts of a wish, whoever wrote it: each checked by its kind, a wrong one refused by its name."""

import math
import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.fleet.refusals import FleetRefusal
from tracker.devices.metadata import BadMetadata, storable

Body = Mapping[str, Any]
LONGEST_NAME = 200
MOST_SKILLS, LONGEST_SKILL = 50, 50
MOST_UNITS, LONGEST_UNIT = 20, 30
LARGEST_CAPACITY = 1_000_000_000
MOST_BREAKS = 10
CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


def text(body: Body, name: str, *, longest: int = LONGEST_NAME, needed: bool = False) -> str:
    """A text without white space around it; null is the empty one."""
    value = body.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise FleetRefusal(f"{name} must be a text.", name)
    if "\x00" in value:
        raise FleetRefusal(f"{name} must hold no U+0000.", name)
    value = value.strip()
    if needed and not value:
        raise FleetRefusal(f"{name} is needed.", name)
    if len(value) > longest:
        raise FleetRefusal(f"{name} is {len(value)} characters long; at most {longest} are possible.", name)
    return value


def external_id(body: Body) -> str | None:
    """The owner's id, None where there is none."""
    return text(body, "external_id") or None


def choice(body: Body, name: str, options: list[str]) -> str:
    """One of the options."""
    value = body.get(name)
    if value not in options:
        raise FleetRefusal(f"{name} must be one of {', '.join(options)}, not {str(value)[:60]!r}.", name)
    return str(value)


def number(body: Body, name: str, *, low: float, high: float) -> float | None:
    """A finite number within the bounds, None where absent; a text that is one will do."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _number(value, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FleetRefusal(f"{name} must be a number.", name)
    if not low <= value <= high:
        raise FleetRefusal(f"{name} must lie within {low:g} and {high:g}, not {value:g}.", name)
    return float(value)


def place(body: Body, longitude: str, latitude: str) -> tuple[float, float] | None:
    """Both or neither. (0, 0) is refused: it is what a program sends that knows no place."""
    x, y = number(body, longitude, low=-180, high=180), number(body, latitude, low=-90, high=90)
    if (x is None) != (y is None):
        missing = longitude if x is None else latitude
        raise FleetRefusal(f"{missing} is missing: longitude and latitude go together.", missing)
    if x is None or y is None:
        return None
    if abs(x) < 1e-6 and abs(y) < 1e-6:
        raise FleetRefusal("Longitude 0 and latitude 0 is a place in the sea off Africa.", longitude)
    return x, y


def zone_name(body: Body, name: str, *, needed: bool = False) -> str:
    """An IANA time zone; empty where absent and not needed."""
    value = text(body, name, longest=64, needed=needed)
    if value:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            detail = f"{value!r} is no time zone; an IANA name such as Europe/Amsterdam is needed."
            raise FleetRefusal(detail, name) from None
    return value


def clock(value: Any, name: str) -> time:
    """A time of day such as 09:10."""
    found = CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise FleetRefusal(f"{name} must be a time of day such as 09:10, not {str(value)[:20]!r}.", name)
    return time(int(found[1]), int(found[2]))


def day(body: Body, name: str) -> date | None:
    """A date such as 2026-05-01, None where absent."""
    value = body.get(name)
    if value is None or value == "" or type(value) is date:
        return value or None
    try:
        if not isinstance(value, str) or len(value) != len("2026-05-01"):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise FleetRefusal(
            f"{name} must be a day such as 2026-05-01, not {str(value)[:20]!r}.", name
        ) from None


def weekdays(body: Body, name: str = "weekdays") -> list[int]:
    """Numbers from 1, Monday, to 7, Sunday; every day where absent."""
    value = body.get(name)
    if value is None:
        return [1, 2, 3, 4, 5, 6, 7]
    if (
        not isinstance(value, list)
        or not value
        or not all(type(one) is int and 1 <= one <= 7 for one in value)
    ):
        raise FleetRefusal(f"{name} must be a list of numbers from 1, Monday, to 7, Sunday.", name)
    return sorted(set(value))


def words(body: Body, name: str) -> list[str]:
    """A list of short texts, each once; skills are compared as they are written."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise FleetRefusal(f"{name} must be a list of texts.", name)
    found = list(dict.fromkeys(one.replace("\x00", "").strip() for one in value if one.strip()))
    if len(found) > MOST_SKILLS or any(len(one) > LONGEST_SKILL for one in found):
        detail = f"{name} may hold {MOST_SKILLS} entries of up to {LONGEST_SKILL} characters."
        raise FleetRefusal(detail, name)
    return found


def capacities(body: Body, name: str = "capacities") -> dict[str, float] | None:
    """Amounts by unit, above nought; None where absent. A unit that is not named has no limit."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) > MOST_UNITS:
        raise FleetRefusal(f'{name} must be an object such as {{"parcels": 30, "kg": 40}}.', name)
    found: dict[str, float] = {}
    for unit, amount in value.items():
        if not 0 < len(unit.strip()) <= LONGEST_UNIT:
            raise FleetRefusal(f"A unit of {name} has 1 to {LONGEST_UNIT} characters.", name)
        if isinstance(amount, bool) or not isinstance(amount, int | float) or amount != amount:
            raise FleetRefusal(f"{name}: how many {unit[:30]} must be a number.", name)
        if amount > LARGEST_CAPACITY:
            detail = (
                f"{name}: {unit[:30]} may be at most {LARGEST_CAPACITY:,}. Leave a unit out for no limit."
            )
            raise FleetRefusal(detail, name)
        if amount <= 0:
            detail = (
                f"{name}: into {amount:g} {unit[:30]} nothing would ever fit. Leave a unit out for no limit."
            )
            raise FleetRefusal(detail, name)
        found[unit.strip()] = amount
    return found


def breaks(body: Body, name: str = "breaks") -> list[dict[str, Any]]:
    """Breaks as they are stored: `{"from": "12:00", "to": "14:00", "duration_s": 1800}`."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_BREAKS:
        raise FleetRefusal(f"{name} must be a list of at most {MOST_BREAKS} breaks.", name)
    return [_break(one, name) for one in value]


def metadata(body: Body, name: str = "metadata") -> dict[str, Any]:
    """A JSON object of modest size."""
    value = body.get(name)
    if value is None:
        return {}
    if _holds_nul(value):
        raise FleetRefusal(f"{name} must hold no U+0000.", name)
    try:
        return storable(value)
    except BadMetadata as error:
        raise FleetRefusal(f"{error}.", name) from None


def _holds_nul(value: Any) -> bool:
    """Whether U+0000, which PostgreSQL keeps in no text, stands anywhere in it."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str) and "\x00" in one:
            return True
        if isinstance(one, Mapping):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one
    return False


def _number(value: str, name: str) -> float:
    try:
        return float(value.strip())
    except ValueError:
        raise FleetRefusal(f"{name} must be a number, not {value[:30]!r}.", name) from None


def _break(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != {"from", "to", "duration_s"}:
        raise FleetRefusal(f"Each of {name} has from, to and duration_s.", name)
    begins, ends = clock(value["from"], name), clock(value["to"], name)
    seconds = value["duration_s"]
    if type(seconds) is not int or not 60 <= seconds <= 12 * 3600:
        raise FleetRefusal(f"{name}: duration_s must be whole seconds from 60 to 43200.", name)
    room = (ends.hour - begins.hour) * 3600 + (ends.minute - begins.minute) * 60
    room = room if room > 0 else room + 86400
    if seconds > room:
        detail = f"{name}: a break of {seconds // 60} minutes does not fit between {begins:%H:%M} and {ends:%H:%M}."
        raise FleetRefusal(detail, name)
    return {"from": f"{begins:%H:%M}", "to": f"{ends:%H:%M}", "duration_s": seconds}
