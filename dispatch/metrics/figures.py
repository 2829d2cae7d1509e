"""The figures of a hub's day: sums that add up over a tree, and the rates that follow from sums. Pure.

Only sums are stored. A rate is a part of its own whole, each thing counted once in both, so none can pass 100 %.

**On time** has one definition. A stop counts once it is decided: it has a slot, and was finished, or its slot is over
and nobody was at the door. It is on time when the parcel was delivered and the driver was at the door by the slot's
end. Stops that were taken off a manifest count where they are now. Draft manifests count nowhere.
"""

from collections.abc import Iterable
from math import sqrt

import msgspec

AT_RISK_FROM = 0.5  # of the chance to miss the slot


class DriverDay(msgspec.Struct, kw_only=True):
    """One driver's part of the day. Planned: as released; driven and worked: up to the last stop that is finished."""

    driver: str  # drv_…
    name: str
    stops: int = 0
    finished: int = 0
    planned_m: float = 0.0
    driven_m: float = 0.0
    planned_s: float = 0.0
    worked_s: float = 0.0
    shift_s: float = 0.0


class Figures(msgspec.Struct, kw_only=True):
    """Sums over the manifests of a hub (or of several) on one service date."""

    manifests: int = 0  # in force or done
    manifests_done: int = 0
    stops: int = 0
    delivered: int = 0
    failed: int = 0
    slots_decided: int = 0
    slots_kept: int = 0
    slots_open: int = 0  # to be visited, the slot not over
    slots_predicted: int = 0  # of the open ones, those whose chance is reckoned
    predicted_missed: float = 0.0  # of these, as chances add up
    at_risk: int = 0  # of the open ones, those more likely missed than kept
    planned_m: float = 0.0
    driven_m: float = 0.0
    planned_s: float = 0.0
    worked_s: float = 0.0
    shift_s: float = 0.0  # of all drivers on shift that day, sent out or not
    drivers_on_shift: int = 0
    drivers_out: int = 0
    parcels: float = 0.0  # on vehicles of which is known what they hold
    room_parcels: float = 0.0  # what these vehicles hold in all
    drivers: list[DriverDay] = []

    @property
    def finished(self) -> int:
        """Stops that were made, whatever came of them."""
        return self.delivered + self.failed

    @property
    def completion(self) -> float | None:
        """Share of the day's stops that were made."""
        return share(self.finished, self.stops)

    @property
    def on_time(self) -> float | None:
        """Share of the decided slots that were kept: the one on-time rate there is."""
        return share(self.slots_kept, self.slots_decided)

    @property
    def predicted_missed_share(self) -> float | None:
        """Share of the slots still open that will be missed, as predicted."""
        return share(self.predicted_missed, self.slots_predicted)

    @property
    def utilisation(self) -> float | None:
        """Planned time over the time that drivers are there for; overtime makes it pass one."""
        return share(self.planned_s, self.shift_s)

    @property
    def load(self) -> float | None:
        """Parcels over what the vehicles on the road hold, those that have a limit; None where none has."""
        return share(self.parcels, self.room_parcels)


class Spread(msgspec.Struct, frozen=True):
    """How evenly something is shared between drivers."""

    drivers: int
    mean: float
    deviation: float  # standard deviation
    least: float
    most: float

    @property
    def relative(self) -> float | None:
        """Deviation over mean: 0 is even."""
        return share(self.deviation, self.mean)


def share(part: float, whole: float) -> float | None:
    """A part of a whole, None where there is nothing to share."""
    return part / whole if whole > 0 else None


def added(parts: Iterable[Figures]) -> Figures:
    """The sums of several hubs together; a driver who is in more than one of them is one driver."""
    total, drivers = Figures(), dict[str, DriverDay]()
    for part in parts:
        for name in SUMS:
            setattr(total, name, getattr(total, name) + getattr(part, name))
        for one in part.drivers:
            if (known := drivers.get(one.driver)) is None:
                drivers[one.driver] = msgspec.structs.replace(one)
                continue
            for name in DRIVER_SUMS:
                setattr(known, name, getattr(known, name) + getattr(one, name))
            known.shift_s = max(known.shift_s, one.shift_s)
    total.drivers = sorted(drivers.values(), key=lambda one: (one.name, one.driver))
    total.drivers_out = sum(one.stops > 0 for one in total.drivers)
    return total


def spread(values: Iterable[float]) -> Spread | None:
    """The spread of some numbers, None of none."""
    found = list(values)
    if not found:
        return None
    mean = sum(found) / len(found)
    deviation = sqrt(sum((value - mean) ** 2 for value in found) / len(found))
    return Spread(len(found), mean, deviation, min(found), max(found))


def distance_spread(figures: Figures) -> Spread | None:
    """Of the planned metres of the drivers who are out."""
    return spread(one.planned_m for one in figures.drivers if one.stops)


def hours_spread(figures: Figures) -> Spread | None:
    """Of the planned seconds of the drivers who are out."""
    return spread(one.planned_s for one in figures.drivers if one.stops)


SUMS = tuple(name for name in Figures.__struct_fields__ if name not in {"drivers", "drivers_out"})
DRIVER_SUMS = ("stops", "finished", "planned_m", "driven_m", "planned_s", "worked_s")
EMPTY = Figures()
