"""Reads what is wanted of a window, from a JSON body or a form: a wrong field is refused by its name."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from dispatch.planning.models import DispatchWindow
from dispatch.planning.services import DEFAULT_SECONDS, EVERY_DAY, SECONDS, WindowWish


class BadWish(ValueError):
    """A field that cannot be so; `field` names it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.detail = field, detail


def window_wish(body: Mapping[str, Any], window: DispatchWindow | None = None) -> WindowWish:
    """The window wanted; what is not said stays as `window` has it. Raises BadWish."""
    before = (
        WindowWish(window.at, window.weekdays, window.seconds, window.releases, window.enabled)
        if window
        else WindowWish(time(6))
    )
    if window is None and not body.get("at"):
        raise BadWish("at", "at is needed: a local time such as 06:00.")
    return WindowWish(
        at=clock_in(body["at"]) if body.get("at") else before.at,
        weekdays=weekdays_in(body["weekdays"]) if "weekdays" in body else before.weekdays,
        seconds=seconds_in(body.get("seconds"), before.seconds),
        releases=flag_in(body, "releases", default=before.releases),
        enabled=flag_in(body, "enabled", default=before.enabled),
    )


def clock_in(value: Any) -> time:
    """A time of day such as 06:00."""
    try:
        found = time.fromisoformat(value) if isinstance(value, str) and len(value) in (5, 8) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise BadWish("at", "at must be a local time such as 06:00.")
    return found.replace(second=0, microsecond=0)


def weekdays_in(value: Any) -> list[int]:
    """Days of the week, 1 to 7."""
    days = value if isinstance(value, list | tuple) else None
    if not days or not all(type(day) is int and day in EVERY_DAY for day in days):
        raise BadWish("weekdays", "weekdays must be a list of numbers from 1 (Monday) to 7 (Sunday).")
    return sorted(set(days))


def seconds_in(value: Any, default: int = DEFAULT_SECONDS) -> int:
    """How long a search may take."""
    if value is None:
        return default
    if type(value) is not int or not SECONDS[0] <= value <= SECONDS[1]:
        raise BadWish("seconds", f"seconds must be a whole number from {SECONDS[0]} to {SECONDS[1]}.")
    return value


def flag_in(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """True or false."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadWish(name, f"{name} must be true or false.")
    return value
