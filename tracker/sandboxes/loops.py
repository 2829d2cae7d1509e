"""Where the vehicles of a simulated city are: a function of the clock alone, so that nobody has to remember it."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from tracker.simulation.city import CITIES, build
from tracker.simulation.phone import phones
from tracker.simulation.vehicles import Vehicle, fleet

STEP_S = 10
STEPS = 240  # forty minutes there, and the same way back
WARM_UP_S = 300.0


class Loop(NamedTuple):
    """A vehicle and the fixes of its way."""

    vehicle: Vehicle
    fixes: tuple[dict[str, Any], ...]


@lru_cache(maxsize=16)
def loops(city: str, vehicles: int, seed: int) -> tuple[Loop, ...]:
    """The ways of a city's vehicles: the same for the same seed. Raises KeyError for a city nobody knows."""
    made = phones(fleet(vehicles, city=city, seed=seed), build(CITIES[city], seed=seed), seed=seed)
    epoch = datetime.fromtimestamp(0, UTC)
    found = []
    for phone in made:
        phone.advance(WARM_UP_S)
        fixes = []
        for _ in range(STEPS):
            phone.advance(STEP_S)
            fixes.append(phone.fix(epoch))
        found.append(Loop(phone.vehicle, tuple(fixes)))
    return tuple(found)


def fix_at(loop: Loop, moment: datetime) -> dict[str, Any]:
    """What the vehicle reports at a moment; on the way back it faces the other way."""
    turn = int(moment.timestamp() // STEP_S) % (2 * STEPS - 2)
    back = turn >= STEPS
    fix = dict(loop.fixes[2 * STEPS - 2 - turn if back else turn])
    if back and "heading_deg" in fix:
        fix["heading_deg"] = round((fix["heading_deg"] + 180.0) % 360.0, 1) % 360.0
    fix["recorded_at"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return fix


def moments(after: datetime, until: datetime) -> list[datetime]:
    """The steps of the clock in between, `until` among them where it is one."""
    first = int(after.timestamp() // STEP_S) + 1
    last = int(until.timestamp() // STEP_S)
    return [datetime.fromtimestamp(0, UTC) + timedelta(seconds=STEP_S * n) for n in range(first, last + 1)]
