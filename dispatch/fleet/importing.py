"""Drivers and vehicles from a file: row by row, good rows kept, faults by their cells; the same file again is harmless.

A row is told by its id. One that is there already is brought into line with the file; what a file leaves empty stays as
it is, so that a list of telephone numbers takes nobody's skills away.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.fleet.models import Driver, Hub, Shift, Vehicle
from dispatch.fleet.refusals import FleetRefusal
from dispatch.fleet.rostering import add_shift
from dispatch.fleet.services import (
    change_driver,
    change_vehicle,
    create_driver,
    create_vehicle,
    ensure_types,
    give_device,
    give_vehicle,
)
from dispatch.fleet.wishes import driver_wish, shift_wish, vehicle_wish
from dispatch.intake.sheets import open_table
from tracker.devices.selectors import find_device
from tracker.tenants.models import Environment

MOST_ROWS = 5_000
SHOWN_FAULTS = 200
# how people head their columns; the first is how we do
DRIVER_COLUMNS = {
    "id": ("id", "driver id", "external id", "employee", "code"),
    "name": ("name", "driver", "driver name"),
    "hub": ("hub", "centre", "center", "depot", "zone"),
    "phone": ("phone", "mobile", "telephone"),
    "email": ("email", "e-mail", "mail"),
    "skills": ("skills", "skill"),
    "shift": ("shift", "hours"),
    "weekdays": ("weekdays", "days"),
    "vehicle": ("vehicle", "vehicle id", "plate"),
    "device": ("device", "device id", "tracker"),
}
VEHICLE_COLUMNS = {
    "id": ("id", "vehicle id", "external id", "code"),
    "plate": ("plate", "number plate", "registration", "licence plate", "license plate"),
    "type": ("type", "vehicle type", "kind"),
    "hub": ("hub", "centre", "center", "depot", "zone"),
    "parcels": ("parcels", "capacity"),
    "kg": ("kg", "weight", "capacity kg"),
    "litres": ("litres", "liters", "volume", "capacity litres"),
}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHIFT = re.compile(r"(\d{1,2}[:.]\d{2})\s*(?:-|\u2013|to)\s*(\d{1,2}[:.]\d{2})", re.ASCII)


@dataclass(frozen=True)
class RowFault:
    """Why a row was not taken: the cell as a spreadsheet names it, what stands in it, and what is wrong."""

    row: int
    cell: str
    value: str
    reason: str


@dataclass
class Imported:
    """What a file came to."""

    made: int = 0
    changed: int = 0
    refused: int = 0
    faults: list[RowFault] = field(default_factory=list)


class _BadCell(Exception):
    """A cell that cannot be; names its column."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


Row = Mapping[str, str]


def import_drivers(environment: Environment, content: bytes, *, now: datetime) -> Imported:
    """Make or change the drivers of a file, with their shift, vehicle and device. Raises Unreadable, FleetRefusal."""
    hubs = _hubs(environment)
    return _import(content, DRIVER_COLUMNS, lambda row: _driver(environment, row, hubs, now=now))


def import_vehicles(environment: Environment, content: bytes) -> Imported:
    """Make or change the vehicles of a file. Raises Unreadable, FleetRefusal."""
    ensure_types(environment)
    hubs = _hubs(environment)
    return _import(content, VEHICLE_COLUMNS, lambda row: _vehicle(environment, row, hubs))


def _import(content: bytes, columns: Mapping[str, tuple[str, ...]], take: Callable[[Row], bool]) -> Imported:
    rows = iter(open_table(content).rows)
    _, heading = next(rows, (0, []))
    places = _places(heading, columns)
    done = Imported()
    for count, (number, cells) in enumerate(rows):
        if count >= MOST_ROWS:
            _refuse(
                done, RowFault(number, "", "", f"A file may have {MOST_ROWS:,} rows: cut it into several.")
            )
            break
        row = {
            name: cells[at].strip() for name, at in places.items() if at < len(cells) and cells[at].strip()
        }
        try:
            made = take(row)
        except _BadCell as bad:
            _refuse(done, _fault(number, bad.column, bad.reason, places, row))
        except FleetRefusal as refusal:
            column = {"external_id": "id", "starts": "shift", "ends": "shift"}
            name = column.get(refusal.field, refusal.field)
            _refuse(done, _fault(number, name, refusal.detail, places, row))
        else:
            done.made += made
            done.changed += not made
    return done


def _places(heading: Iterable[str], columns: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    named = {
        " ".join(re.split(r"[\s_]+", cell.strip().lower())): at
        for at, cell in reversed(list(enumerate(heading)))
    }
    places = {
        name: named[spelling]
        for name, spellings in columns.items()
        if (spelling := next((one for one in spellings if one in named), "")) in named
    }
    if "id" not in places:
        known = ", ".join(columns)
        raise FleetRefusal(f"No column is headed id, by which a row is told. Columns that are read: {known}.")
    return places


def _driver(environment: Environment, row: Row, hubs: Mapping[str, Hub], *, now: datetime) -> bool:
    """Make or change one; True where it is new."""
    body: dict[str, Any] = {name: row[name] for name in ("name", "phone", "email") if name in row}
    body |= {"external_id": _id(row)} | _hub(row, hubs)
    if "skills" in row:
        body["skills"] = [word.strip() for word in re.split(r"[,;|]", row["skills"]) if word.strip()]
    shift = _shift(row)
    rows = Driver.objects.for_environment(environment).select_related("hub")
    old = rows.filter(external_id=body["external_id"]).first()
    _in_service(old)
    wish = driver_wish(environment, body, old)
    vehicle, device = _named_vehicle(environment, row), _named_device(environment, row, now=now)
    driver = create_driver(environment, wish) if old is None else change_driver(old, wish, now=now)
    if shift is not None and not _has(driver, shift):
        add_shift(driver, shift_wish(shift))
    if vehicle is not None:
        give_vehicle(driver, vehicle, now)
    if device is not None:
        give_device(driver, device, now)
    return old is None


def _vehicle(environment: Environment, row: Row, hubs: Mapping[str, Hub]) -> bool:
    """Make or change one; True where it is new."""
    body: dict[str, Any] = {"external_id": _id(row)} | _hub(row, hubs)
    body |= {name: row[name] for name in ("plate", "type") if name in row}
    rows = Vehicle.objects.for_environment(environment).select_related("hub", "type")
    old = rows.filter(external_id=body["external_id"]).first()
    _in_service(old)
    amounts = {unit: _amount(row, unit) for unit in ("parcels", "kg", "litres") if unit in row}
    if amounts:
        body["capacities"] = (old.capacities or {} if old else {}) | amounts
    wish = vehicle_wish(environment, body, old)
    if old is None:
        create_vehicle(environment, wish)
    else:
        change_vehicle(old, wish)
    return old is None


def _id(row: Row) -> str:
    if "id" not in row:
        raise _BadCell("id", "The id is missing.")
    return row["id"]


def _hub(row: Row, hubs: Mapping[str, Hub]) -> dict[str, str]:
    if "hub" not in row:
        return {}
    found = hubs.get(row["hub"].lower())
    if found is None:
        raise _BadCell("hub", "There is no hub with this id or name, or several have the name.")
    return {"hub": found.public_id}


def _hubs(environment: Environment) -> dict[str, Hub]:
    """Hubs in service by their ids, and by their names where only one has it."""
    found: dict[str, Hub] = {}
    doubled: set[str] = set()
    hubs = list(Hub.objects.for_environment(environment).filter(retired_at=None))
    for hub in hubs:
        name = hub.name.lower()
        doubled |= {name} & found.keys()
        found[name] = hub
    found = {name: hub for name, hub in found.items() if name not in doubled}
    return found | {key.lower(): hub for hub in hubs for key in (hub.public_id, hub.external_id) if key}


def _shift(row: Row) -> dict[str, Any] | None:
    """`09:00-18:00` on `Mon-Sat`; no days are every day."""
    if "shift" not in row:
        return None
    found = SHIFT.fullmatch(row["shift"])
    if found is None:
        raise _BadCell("shift", "A shift is written as 09:00-18:00.")
    starts, ends = (text.replace(".", ":").zfill(5) for text in found.groups())
    body: dict[str, Any] = {"starts": starts, "ends": ends}
    if "weekdays" in row:
        body["weekdays"] = _weekdays(row["weekdays"])
    shift_wish(body)  # refused before anything of the row is written
    return body


def _weekdays(text: str) -> list[int]:
    found: set[int] = set()
    for part in re.split(r"[,;\s]+", text.strip().lower()):
        ends = [_weekday(one) for one in re.split(r"[-\u2013]", part)]
        if not 1 <= len(ends) <= 2 or None in ends:
            raise _BadCell("weekdays", "Weekdays are written as Mon-Sat, Mon,Wed,Fri or 1-6.")
        first, last = ends[0] or 0, ends[-1] or 0
        found |= {(first - 1 + n) % 7 + 1 for n in range((last - first) % 7 + 1)}
    return sorted(found)


def _weekday(text: str) -> int | None:
    if text[:3] in DAYS:
        return DAYS.index(text[:3]) + 1
    return int(text) if text in {"1", "2", "3", "4", "5", "6", "7"} else None


def _has(driver: Driver, shift: Mapping[str, Any]) -> bool:
    """Whether the driver works so already: the same file twice adds no second shift."""
    wish = shift_wish(shift)
    rows = Shift.objects.for_environment(driver.environment_id).filter(driver=driver)
    return rows.filter(starts=wish.starts, ends=wish.ends, weekdays=wish.weekdays).exists()


def _named_vehicle(environment: Environment, row: Row) -> Vehicle | None:
    if "vehicle" not in row:
        return None
    rows = Vehicle.objects.for_environment(environment).filter(retired_at=None)
    found = rows.filter(external_id=row["vehicle"]).first() or rows.filter(plate=row["vehicle"]).first()
    if found is None:
        raise _BadCell("vehicle", "There is no vehicle with this id or plate: import the vehicles first.")
    return found


def _named_device(environment: Environment, row: Row, *, now: datetime) -> Any:
    if "device" not in row:
        return None
    found = find_device(environment, f"external:{row['device']}", now=now)
    if found is None:
        raise _BadCell("device", "There is no device with this id. It appears with its first report.")
    return found


def _in_service(old: Driver | Vehicle | None) -> None:
    if old is not None and old.retired_at is not None:
        raise _BadCell("id", "The one with this id is out of service.")


def _amount(row: Row, unit: str) -> float:
    try:
        amount = float(row[unit].replace(",", "."))
    except ValueError:
        raise _BadCell(unit, "A number is needed.") from None
    if not 0 < amount < 1e9:
        raise _BadCell(unit, "Nothing would ever fit. Leave the cell empty for no limit of its own.")
    return amount


def _fault(number: int, column: str, reason: str, places: Mapping[str, int], row: Row) -> RowFault:
    at = places.get(column)
    cell = "" if at is None else f"{chr(65 + at) if at < 26 else '?'}{number}"
    return RowFault(number, cell, row.get(column, "")[:80], reason)


def _refuse(done: Imported, fault: RowFault) -> None:
    done.refused += 1
    if len(done.faults) < SHOWN_FAULTS:
        done.faults.append(fault)
