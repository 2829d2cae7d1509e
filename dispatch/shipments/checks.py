"""Whether the values of a command make sense, whatever state the shipment is in. Pure.

Refused is what no reader of the event could make sense of. What only cannot be planned (a slot in the past, a load that
fits no vehicle, a place nobody can reach) is taken: whoever plans says why not.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import asdict

from dispatch.shipments import commands
from dispatch.shipments.commands import Command
from dispatch.shipments.kinds import NOTES

LONGEST = {
    "recipient": 200, "phone": 40, "email": 254, "language": 10, "address": 500, "place_by": 20, "note": 500,
    "reason": 40, "reason_code": 30, "currency": 3,
}  # fmt: skip
NEEDED = frozenset({"reason", "place_by"})  # may not be empty where a command has it
OPTIONAL_REASON = (commands.Reschedule,)
MOST_SLOTS, MOST_SKILLS, MOST_UNITS, LONGEST_WORD = 20, 50, 20, 50
LARGEST_MINOR = 10**15
LARGEST_AMOUNT = 1_000_000  # of any unit of size: no vehicle holds more, and a plan's sums stay whole numbers
LONGEST_SERVICE_S = 86_400


class Fault(Struct, frozen=True):
    """What is wrong with a field."""

    field: str
    reason: str


class BadCommand(Exception):
    """A command whose values make no sense."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(" ".join(fault.reason for fault in faults))
        self.faults = faults


def require_sense(command: Command) -> None:
    """Raises BadCommand that names each field."""
    if faults := faults_of(command):
        raise BadCommand(faults)


def faults_of(command: Command) -> list[Fault]:
    """Everything that is wrong with the values of a command; nothing where all is well."""
    values = {name: value for name, value in asdict(command).items() if value is not UNSET}
    found = [
        fault for name, check in _CHECKS.items() if name in values for fault in check(name, values[name])
    ]
    found += [fault for name in LONGEST if name in values for fault in _text(name, values[name])]
    if not isinstance(command, OPTIONAL_REASON):
        needed = [name for name in sorted(NEEDED & values.keys()) if values[name] == ""]
        if isinstance(command, commands.Create):
            needed = ["place_by"] if values["longitude"] is not None and not values["place_by"] else []
        found += [Fault(name, f"{name} is missing.") for name in needed]
    if isinstance(command, commands.Reschedule) and not command.slots:
        found.append(Fault("slots", "slots is empty: name at least one."))
    return found + list(_place(values))


def _place(values: dict[str, Any]) -> Iterator[Fault]:
    if "longitude" not in values:
        return
    longitude, latitude = values["longitude"], values["latitude"]
    if (longitude is None) != (latitude is None):
        yield Fault("longitude" if longitude is None else "latitude", "longitude and latitude go together.")
    elif longitude is None:
        return
    elif not (math.isfinite(longitude) and -180 <= longitude <= 180):
        yield Fault("longitude", f"longitude must lie within -180 and 180, not {longitude:g}.")
    elif not (math.isfinite(latitude) and -90 <= latitude <= 90):
        swapped = " It and the longitude may be exchanged." if abs(longitude) <= 90 else ""
        yield Fault("latitude", f"latitude must lie within -90 and 90, not {latitude:g}.{swapped}")
    elif longitude == 0 and latitude == 0:
        yield Fault(
            "longitude", "longitude and latitude are both 0: that is what a missing place looks like."
        )


def _text(name: str, value: str) -> Iterator[Fault]:
    if len(value) > LONGEST[name]:
        yield Fault(name, f"{name} is {len(value)} characters long; at most {LONGEST[name]} are possible.")
    if "\x00" in value:
        yield Fault(name, f"{name} holds the character U+0000.")


def _slots(name: str, slots: Iterable[Any]) -> Iterator[Fault]:
    listed = list(slots)
    if len(listed) > MOST_SLOTS:
        yield Fault(name, f"{len(listed)} slots are too many; at most {MOST_SLOTS} are possible.")
    for number, (begin, end) in enumerate(listed, 1):
        if begin.utcoffset() is None or end.utcoffset() is None:
            yield Fault(name, f"Slot {number} has a time without a zone.")
        elif begin >= end:
            yield Fault(
                name, f"Slot {number} ends at {end:%Y-%m-%d %H:%M}, not after {begin:%Y-%m-%d %H:%M}."
            )


def _size(name: str, size: dict[str, float]) -> Iterator[Fault]:
    if len(size) > MOST_UNITS:
        yield Fault(name, f"size has {len(size)} units; at most {MOST_UNITS} are possible.")
    for unit, amount in size.items():
        if not 1 <= len(unit) <= LONGEST_WORD or "\x00" in unit:
            yield Fault(name, f"A unit of size must have 1 to {LONGEST_WORD} characters.")
        if not math.isfinite(amount) or amount < 0:
            yield Fault(name, f"size in {unit[:LONGEST_WORD]} must be 0 or more, not {amount:g}.")
        elif amount > LARGEST_AMOUNT:
            yield Fault(
                name, f"size in {unit[:LONGEST_WORD]} must be at most {LARGEST_AMOUNT:,}, not {amount:g}."
            )


def _skills(name: str, skills: Iterable[str]) -> Iterator[Fault]:
    listed = list(skills)
    if len(listed) > MOST_SKILLS:
        yield Fault(name, f"{len(listed)} skills are too many; at most {MOST_SKILLS} are possible.")
    if any(not 1 <= len(skill) <= LONGEST_WORD or "\x00" in skill for skill in listed):
        yield Fault(name, f"A skill must have 1 to {LONGEST_WORD} characters.")


def _whole(low: int, high: int) -> Callable[[str, int], Iterator[Fault]]:
    def check(name: str, value: int) -> Iterator[Fault]:
        if not low <= value <= high:
            yield Fault(name, f"{name} must lie within {low} and {high}, not {value}.")

    return check


def _confidence(name: str, value: float | None) -> Iterator[Fault]:
    if value is not None and not 0 <= value <= 1:
        yield Fault(name, f"{name} must lie within 0 and 1, not {value:g}.")


def _currency(name: str, value: str) -> Iterator[Fault]:
    if value and not (len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
        yield Fault(name, f"{name} must be three capital letters such as INR, not {value[:10]!r}.")


def _whose(name: str, value: str) -> Iterator[Fault]:
    if value not in NOTES:
        yield Fault(name, f"{name} must be {' or '.join(NOTES)}, not {value[:20]!r}.")


_CHECKS: dict[str, Callable[[str, Any], Iterator[Fault]]] = {
    "slots": _slots,
    "size": _size,
    "skills": _skills,
    "service_s": _whole(0, LONGEST_SERVICE_S),
    "priority": _whole(-10, 10),
    "cash_minor": _whole(0, LARGEST_MINOR),
    "confidence": _confidence,
    "currency": _currency,
    "whose": _whose,
}
