"""Reads the body of a PATCH: which fields it changes, and that each may be so."""

from dataclasses import dataclass
from typing import Any

from tracker.devices.metadata import BadMetadata, storable
from tracker.devices.models import SpeedUnit
from tracker.http.parsing import pointer
from tracker.http.problems import ApiProblem, bad_request

LONGEST_NAME = 200
MOST_KEYS, LONGEST_KEY = 50, 100


@dataclass(frozen=True)
class Change:
    """What a caller wants changed; None is "leave it"."""

    name: str | None = None
    metadata: dict[str, Any] | None = None  # keys to set, and with None those to remove
    clear_metadata: bool = False
    speed_unit: str | None = None

    def merged(self, metadata: dict[str, Any]) -> dict[str, Any] | None:
        """The metadata after the change, None where it stays; raises ApiProblem where it would be too much."""
        if self.clear_metadata:
            return {}
        if self.metadata is None:
            return None
        together = {k: v for k, v in (metadata | self.metadata).items() if v is not None}
        if len(together) > MOST_KEYS:
            raise invalid(
                "metadata", f"metadata would have {len(together)} keys; at most {MOST_KEYS} are possible."
            )
        try:
            return storable(together)
        except BadMetadata as error:
            raise invalid("metadata", f"{error}.") from None


def change_in(body: dict[str, Any]) -> Change:
    """The change that a body asks for; raises ApiProblem that names the field."""
    name = body.get("name")
    if "name" in body:
        name = _name(body["name"])
    unit = _unit(body["speed_unit"]) if "speed_unit" in body else None
    metadata = body.get("metadata")
    if metadata is None:
        return Change(name=name, clear_metadata="metadata" in body, speed_unit=unit)
    if not isinstance(metadata, dict):
        raise invalid("metadata", "metadata must be an object or null.")
    for key in metadata:
        if not 1 <= len(key.replace("\x00", "")) <= LONGEST_KEY:
            raise invalid(
                "metadata", f"A key of metadata must have 1 to {LONGEST_KEY} characters, not {len(key)}.", key
            )
    try:
        removed = {key: None for key, value in metadata.items() if value is None}
        kept = storable({key: value for key, value in metadata.items() if value is not None})
    except BadMetadata as error:
        raise invalid("metadata", f"{error}.") from None
    merged = kept | {key.replace("\x00", ""): None for key in removed}
    return Change(name=name, metadata=merged, speed_unit=unit)


def invalid(field: str, detail: str, *deeper: str) -> ApiProblem:
    """400 about one field of the body."""
    return bad_request("invalid_field", detail, pointer(field, *deeper))


def _name(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid("name", "name must be a text or null.")
    name = value.replace("\x00", "")  # PostgreSQL cannot hold U+0000
    if len(name) > LONGEST_NAME:
        raise invalid("name", f"name is {len(name)} characters long; at most {LONGEST_NAME} are possible.")
    return name


def _unit(value: Any) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in set(SpeedUnit):
        raise invalid("speed_unit", f"speed_unit must be one of {', '.join(SpeedUnit)}, or null.")
    return value
