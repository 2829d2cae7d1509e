"""What a pattern would tell the optimiser, and how a problem is told. Pure.

Three rules can be told: `never` (a kind of vehicle or a driver does not serve these stops), `only` (a kind of vehicle
or a driver alone serves them) and `not_at` (they are not visited at these hours). A rule with hours and a vehicle
binds every stop whose slots reach into the hours: the optimiser knows no slot for one vehicle alone, and a rule that
holds is worth more than one that holds by luck. What it costs is in its back-test.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dispatch.optimiser.problem import Problem, Slot, Stop
from dispatch.patterns.areas import Box
from dispatch.patterns.cases import Case
from dispatch.patterns.tails import binomial_at_least

ALIKE = (
    0.8  # so large a share of the overrides must lead to one driver, one kind of vehicle, or out of the hours
)
BY_CHANCE = 1e-3

Kind = Literal["never", "only", "not_at"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What stops have in common; None says nothing. `hours` are [from, to) of the local day and may pass midnight."""

    area: Box | None = None
    hours: tuple[int, int] | None = None
    vehicle_type: str | None = None
    driver: str | None = None

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits that equal conditions share."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def met_by(self, longitude: float, latitude: float, hour: int, vehicle_type: str, driver: str) -> bool:
        """Whether a stop planned like this meets it."""
        if self.area is not None and not self.area.holds(longitude, latitude):
            return False
        if self.hours is not None and not within(hour, self.hours):
            return False
        if self.vehicle_type is not None and vehicle_type != self.vehicle_type:
            return False
        return self.driver is None or driver == self.driver

    def resembles(self, other: "Condition") -> bool:
        """Whether the two are of the same kind and have stops in common: who refused one has judged the other."""
        if (self.vehicle_type, self.driver) != (other.vehicle_type, other.driver):
            return False
        if (self.area is None) != (other.area is None) or (self.hours is None) != (other.hours is None):
            return False
        if self.area is not None and other.area is not None and not self.area.meets(other.area):
            return False
        if self.hours is None or other.hours is None:
            return True
        return any(within(hour, self.hours) and within(hour, other.hours) for hour in range(24))


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule for the optimiser: see the module's first lines."""

    kind: Kind
    area: Box | None = None
    hours: tuple[int, int] | None = None
    vehicle_type: str | None = None
    driver: str | None = None


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What a rule must know of a vehicle of a problem: its kind's key and its driver's public id."""

    vehicle_type: str
    driver: str


def within(hour: float, hours: tuple[int, int]) -> bool:
    """Whether an hour of the day lies in [from, to), which may pass midnight."""
    begin, end = hours
    return begin <= hour < end if begin < end else hour >= begin or hour < end


def constraint_for(condition: Condition, moved: Sequence[Case], cases: Sequence[Case]) -> Constraint | None:
    """The rule that overrides of this condition ask for; None where they ask for nothing in common."""
    if condition.vehicle_type is not None or condition.driver is not None:
        away = [case for case in moved if not _still(condition, case)]
        if len(away) < ALIKE * len(moved):
            return None
        return Constraint("never", condition.area, condition.hours, condition.vehicle_type, condition.driver)
    driver = _common([case.to_driver for case in moved], [case.driver for case in cases])
    if driver is not None:
        return Constraint("only", condition.area, condition.hours, None, driver)
    kind = _common([case.to_vehicle_type for case in moved], [case.vehicle_type for case in cases])
    if kind is not None:
        return Constraint("only", condition.area, condition.hours, kind, None)
    if condition.hours is None:
        return None
    left = [case for case in moved if case.to_hour is not None and not within(case.to_hour, condition.hours)]
    if len(left) < ALIKE * len(moved):
        return None
    return Constraint("not_at", condition.area, condition.hours)


def _still(condition: Condition, case: Case) -> bool:
    """Whether it meets the condition after the override as before."""
    hour = case.hour if case.to_hour is None else case.to_hour
    return condition.met_by(case.longitude, case.latitude, hour, case.to_vehicle_type, case.to_driver)


def _common(chosen: Sequence[str], usual: Sequence[str]) -> str | None:
    """What nearly all were given to, where that is more than its share of the work explains."""
    name, count = Counter(chosen).most_common(1)[0]
    if not name or count < ALIKE * len(chosen):
        return None
    share = sum(one == name for one in usual) / len(usual)
    return name if binomial_at_least(count, len(chosen), share) <= BY_CHANCE else None


def constrain(
    problem: Problem,
    constraints: Sequence[Constraint],
    vehicles: Mapping[str, VehicleFacts],
    *,
    epoch: datetime,
    timezone: str,
) -> Problem:
    """The problem with these rules in it.

    Parameters
    ----------
    vehicles
        The facts of each vehicle by its id in the problem; rules pass over one that is not named.
    epoch
        What the problem's seconds count from, with a zone.
    timezone
        IANA name: in its local time hours are meant.
    """
    if not constraints:
        return problem
    reach = _reach(problem)
    begun = {visit.stop for vehicle in problem.vehicles for visit in vehicle.begun}
    stops = list(problem.stops)
    for rule in constraints:
        named = frozenset(name for name, facts in vehicles.items() if _names(rule, facts))
        windows = [] if rule.hours is None else windows_of(rule.hours, reach, epoch, timezone)
        stops = [
            stop
            if stop.id in begun or not _covers(rule, problem, stop)
            else _told(rule, stop, named, windows)
            for stop in stops
        ]
    return replace(problem, stops=tuple(stops))


def _names(rule: Constraint, facts: VehicleFacts) -> bool:
    if rule.vehicle_type is not None and facts.vehicle_type != rule.vehicle_type:
        return False
    return rule.driver is None or facts.driver == rule.driver


def _covers(rule: Constraint, problem: Problem, stop: Stop) -> bool:
    place = problem.places[stop.place]
    return rule.area is None or rule.area.holds(place.longitude, place.latitude)


def _told(rule: Constraint, stop: Stop, named: frozenset[str], windows: list[tuple[int, int]]) -> Stop:
    """The stop under the rule; as it was where the rule would leave nobody or no time at all."""
    if rule.kind == "not_at":
        slots = without(stop.slots, windows)
        return replace(stop, slots=slots) if slots else stop
    if rule.hours is not None and stop.slots and not _meets(stop.slots, windows):
        return stop
    if rule.kind == "never":
        return (
            stop if stop.only is not None and stop.only <= named else replace(stop, never=stop.never | named)
        )
    only = named if stop.only is None else stop.only & named
    return replace(stop, only=only) if only else stop  # a driver who is not there today binds nobody


def _meets(slots: Sequence[Slot], windows: list[tuple[int, int]]) -> bool:
    return any(slot.earliest_s < end and slot.latest_s >= begin for slot in slots for begin, end in windows)


def without(slots: Sequence[Slot], windows: list[tuple[int, int]]) -> tuple[Slot, ...]:
    """The slots with these windows cut out of them; a stop without slots gets those around the windows."""
    whole = 1 << 31
    left = list(slots) or [Slot(earliest_s=-whole, latest_s=whole)]
    for begin, end in windows:
        left = [part for slot in left for part in _cut(slot, begin, end)]
    return tuple(left)


def _cut(slot: Slot, begin: int, end: int) -> list[Slot]:
    if slot.latest_s < begin or slot.earliest_s >= end:
        return [slot]
    before = [replace(slot, latest_s=begin - 1)] if slot.earliest_s < begin else []
    after = [replace(slot, earliest_s=end)] if slot.latest_s >= end else []
    return before + after


def windows_of(
    hours: tuple[int, int], reach: tuple[int, int], epoch: datetime, timezone: str
) -> list[tuple[int, int]]:
    """The hours as [from, to) seconds since the epoch on every local day within reach, clock changes included."""
    zone = ZoneInfo(timezone)
    first = (epoch + timedelta(seconds=reach[0])).astimezone(zone).date() - timedelta(days=1)
    last = (epoch + timedelta(seconds=reach[1])).astimezone(zone).date()
    found = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        ends = day if hours[0] < hours[1] else day + timedelta(days=1)
        begin, end = (_second(on, hour, zone, epoch) for on, hour in ((day, hours[0]), (ends, hours[1])))
        if end > begin:
            found.append((begin, end))
    return found


def _second(day: date, hour: int, zone: ZoneInfo, epoch: datetime) -> int:
    return round((datetime.combine(day, time(hour % 24), zone) - epoch).total_seconds())


def _reach(problem: Problem) -> tuple[int, int]:
    shifts = [(vehicle.shift_start_s, vehicle.shift_end_s) for vehicle in problem.vehicles] or [(0, 86_400)]
    return min(begin for begin, _ in shifts), max(max(end for _, end in shifts), min(b for b, _ in shifts))


def as_json(value: Condition | Constraint) -> dict[str, Any]:
    """As it is kept in the database."""
    return asdict(value)


def condition_from(kept: Mapping[str, Any]) -> Condition:
    """As it was kept by `as_json`."""
    return Condition(_box(kept), _hours(kept), kept.get("vehicle_type"), kept.get("driver"))


def constraint_from(kept: Mapping[str, Any]) -> Constraint:
    """As it was kept by `as_json`."""
    return Constraint(kept["kind"], _box(kept), _hours(kept), kept.get("vehicle_type"), kept.get("driver"))


def _box(kept: Mapping[str, Any]) -> Box | None:
    area = kept.get("area")
    return None if area is None else Box(**area)


def _hours(kept: Mapping[str, Any]) -> tuple[int, int] | None:
    hours = kept.get("hours")
    return None if hours is None else (int(hours[0]), int(hours[1]))
