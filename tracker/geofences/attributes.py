"""What a feature's properties say of a geofence: name, margin, dwell time, alerts, colour, the owner's facts. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from tracker.devices.metadata import BadMetadata, storable
from tracker.geofences.faults import Faults, Where
from tracker.geofences.shape_facts import (
    LARGEST_MARGIN_M,
    LARGEST_RADIUS_M,
    LONGEST_DWELL_S,
    LONGEST_EXTERNAL_ID,
    LONGEST_NAME,
    SMALLEST_RADIUS_M,
    Rules,
)

OURS = {
    "name", "external_id", "code", "radius_m", "width_m", "margin_m", "dwell_s", "alert_on_enter", "alert_on_exit",
    "colour", "metadata",
}  # fmt: skip
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def rules_in(properties: Mapping[str, Any], where: Where, faults: Faults, *, otherwise: str) -> Rules | None:
    """The rules; None with faults where a property makes no sense. `otherwise` names what has no name.

    Properties that are not ours become metadata, so that what a person's own system wrote is not lost.
    """
    before = faults.count
    name = _text(properties, "name", LONGEST_NAME, where, faults)
    margin_m = number_in(properties, "margin_m", 0, LARGEST_MARGIN_M, where, faults)
    dwell_s = number_in(properties, "dwell_s", 1, LONGEST_DWELL_S, where, faults)
    if dwell_s is not None and dwell_s != int(dwell_s):
        faults.add(where.member("dwell_s"), "invalid_value", "dwell_s must be a whole number of seconds.")
    enter, leave = (_flag(properties, key, where, faults) for key in ("alert_on_enter", "alert_on_exit"))
    colour = properties.get("colour") or ""
    if not isinstance(colour, str) or (colour and not COLOUR.fullmatch(colour)):
        faults.add(where.member("colour"), "invalid_value", "colour must be written as #1b6fa3.")
        colour = ""
    metadata = _metadata(properties, where, faults)
    if faults.count > before:
        return None
    return Rules(
        name=name or otherwise,
        margin_m=margin_m,
        dwell_s=None if dwell_s is None else int(dwell_s),
        alert_on_enter=enter,
        alert_on_exit=leave,
        colour=colour.lower(),
        metadata=metadata,
    )


def external_id_in(properties: Mapping[str, Any], id_: Any, where: Where, faults: Faults) -> str | None:
    """`external_id`, else `code`, else the feature's own `id`; None where there is none of them."""
    for key in ("external_id", "code"):
        value = properties.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = f"{value}"
        found = _text({key: value}, key, LONGEST_EXTERNAL_ID, where, faults)
        if found:
            return found
    text = str(id_) if isinstance(id_, str | int | float) and not isinstance(id_, bool) else ""
    return text if 0 < len(text) <= LONGEST_EXTERNAL_ID and "\x00" not in text else None


def radius_in(properties: Mapping[str, Any], kind: str, where: Where, faults: Faults) -> float | None:
    """A circle's `radius_m`; for a corridor half its `width_m`, or `radius_m`."""
    low, high = SMALLEST_RADIUS_M, LARGEST_RADIUS_M
    radius = number_in(properties, "radius_m", low, high, where, faults)
    if kind == "circle":
        return radius
    width = number_in(properties, "width_m", 2 * low, 2 * high, where, faults)
    if radius is not None and width is not None and width != 2 * radius:
        faults.add(
            where.member("width_m"),
            "invalid_value",
            "width_m is the whole width and radius_m half of it: these two differ.",
        )
    return width / 2 if width is not None else radius


def number_in(
    properties: Mapping[str, Any], key: str, low: float, high: float, where: Where, faults: Faults
) -> float | None:
    """A number within the bounds; None where absent or null."""
    value = properties.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        sentence = f"{key} must be a number from {low:g} to {high:g}, not {_shown(value)}."
        faults.add(where.member(key), "invalid_value", sentence)
        return None
    return float(value)


def _text(properties: Mapping[str, Any], key: str, longest: int, where: Where, faults: Faults) -> str:
    value = properties.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        faults.add(where.member(key), "invalid_value", f"{key} must be a text, not {_shown(value)}.")
        return ""
    if "\x00" in value:
        faults.add(
            where.member(key), "invalid_value", f"{key} holds the character U+0000, which no text may."
        )
    text = value.strip()
    if len(text) > longest:
        sentence = f"{key} is {len(text)} characters long; at most {longest} are possible."
        faults.add(where.member(key), "invalid_value", sentence)
    return text


def _flag(properties: Mapping[str, Any], key: str, where: Where, faults: Faults) -> bool:
    value = properties.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    faults.add(where.member(key), "invalid_value", f"{key} must be true or false, not {_shown(value)}.")
    return False


def _metadata(properties: Mapping[str, Any], where: Where, faults: Faults) -> dict[str, Any]:
    own = properties.get("metadata")
    if own is not None and not isinstance(own, dict):
        faults.add(where.member("metadata"), "invalid_value", "metadata must be an object.")
        return {}
    rest = {key: value for key, value in properties.items() if key not in OURS}
    try:
        return storable(rest | (own or {}))
    except BadMetadata as error:
        faults.add(where, "metadata_too_large", f"{str(error).capitalize()}.")
        return {}


def _shown(value: Any) -> str:
    return "that" if isinstance(value, dict | list) else repr(value)[:40]
