"""Finds what overrides have in common beyond chance: a place, hours, a kind of vehicle, a driver. Pure.

Every combination that a constraint could be made of is counted over the planned stops, tested by hit days (`tails`),
and the clearest is taken; what it explains is set aside and the rest is looked at again, until nothing is left that
chance would not do. The search says how many combinations it paid for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dispatch.patterns.areas import Grid, grids_around
from dispatch.patterns.cases import Case
from dispatch.patterns.constraints import Condition, Constraint, constraint_for
from dispatch.patterns.tails import DayChances, at_least, bar

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

HOURS_TOGETHER = 3
# which of area, hours, kind of vehicle and driver make up a condition; by itself none but the area can be a rule
SHAPES = (
    (True, False, False, False),
    (True, True, False, False),
    (True, False, True, False),
    (True, False, False, True),
    (True, True, True, False),
    (True, True, False, True),
    (False, True, True, False),
    (False, True, False, True),
)
MOST = 10  # patterns in one search: a person decides on each


@dataclass(frozen=True)
class Limits:
    """When something is called a pattern. `alpha` is the chance that a search of pure noise finds anything."""

    alpha: float = 0.01
    fewest_overrides: int = 5
    fewest_days: int = 4
    fewest_weeks: int = 2
    lift: float = 2.0  # overridden at least so much oftener than the rest


@dataclass(frozen=True)
class Pattern:
    """What was found, and on what grounds.

    `overridden` of `stops` stops that meet the condition, on `hit_days` of the `days` it occurred; `expected_days`
    would be chance. `chance` is of that many or more, `paid` how many conditions it had to stand against.
    """

    condition: Condition
    constraint: Constraint
    stops: int
    overridden: int
    days: int
    hit_days: int
    expected_days: float
    chance: float
    paid: int
    overrides: tuple[str, ...] = ()


@dataclass
class _Table:
    """The cases as columns."""

    cases: Sequence[Case]
    day: Ints = field(init=False)
    hour: Ints = field(init=False)
    kind: Ints = field(init=False)
    driver: Ints = field(init=False)
    overridden: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = sorted({case.vehicle_type for case in self.cases})
        self.drivers = sorted({case.driver for case in self.cases})
        self.days = sorted({case.day for case in self.cases})
        numbers = [{name: n for n, name in enumerate(names)} for names in (self.kinds, self.drivers)]
        days = {day: n for n, day in enumerate(self.days)}
        self.day = np.array([days[case.day] for case in self.cases], np.int64)
        self.hour = np.array([case.hour for case in self.cases], np.int64)
        self.kind = np.array([numbers[0][case.vehicle_type] for case in self.cases], np.int64)
        self.driver = np.array([numbers[1][case.driver] for case in self.cases], np.int64)
        self.overridden = np.array([case.overridden for case in self.cases], np.bool_)
        self.longitude = np.array([case.longitude for case in self.cases])
        self.latitude = np.array([case.latitude for case in self.cases])
        self.grids = grids_around(self.latitude)
        self.squares = [grid.keys(self.longitude, self.latitude) for grid in self.grids]


@dataclass(frozen=True, slots=True)
class _View:
    """One way to sort the cases: by a grid or none, by hours or none, by kind, by driver."""

    grid: int | None
    hours: int | None  # how far the first window is shifted
    by_kind: bool
    by_driver: bool


@dataclass
class _Candidates:
    """Conditions side by side: which view, an example case that meets each, and its counts by day."""

    view: list[_View] = field(default_factory=list)
    example: list[int] = field(default_factory=list)
    stops: list[Ints] = field(default_factory=list)
    hit: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    overridden: list[int] = field(default_factory=list)


def find(cases: Sequence[Case], limits: Limits | None = None) -> list[Pattern]:
    """The patterns in these cases, the clearest first; none where chance would do as much."""
    limits = limits or Limits()
    found: list[Pattern] = []
    left = list(cases)
    while len(found) < MOST:
        pattern, explained = _clearest(left, limits)
        if pattern is None:
            return found
        found.append(pattern)
        left = [case for case, gone in zip(left, explained, strict=True) if not gone]
    return found


def _clearest(cases: Sequence[Case], limits: Limits) -> tuple[Pattern | None, list[bool]]:
    if sum(case.overridden for case in cases) < limits.fewest_overrides:
        return None, []
    table = _Table(cases)
    candidates = _count(table, limits)
    if not candidates.view:
        return None, []
    chances_of = DayChances(
        np.bincount(table.day, minlength=len(table.days)),
        np.bincount(table.day[table.overridden], minlength=len(table.days)),
    )
    stops = np.stack(candidates.stops)
    days = np.broadcast_to(np.arange(len(table.days)), stops.shape)
    chances = chances_of.hit(days, stops)
    with np.errstate(divide="ignore"):
        logs = np.where(chances > 0, np.log(np.where(chances > 0, chances, 1.0)), 0.0).sum(axis=1)
    threshold, paid = bar(np.exp(logs), limits.alpha)
    hits = np.array([int(hit.sum()) for hit in candidates.hit], np.int64)
    worth = np.flatnonzero((np.exp(logs) <= threshold) & (hits >= limits.fewest_days))
    if not len(worth):
        return None, []
    tails = at_least(hits[worth], chances[worth])
    for at in np.argsort(tails, kind="stable"):
        if tails[at] > threshold:
            break
        n = int(worth[at])
        evidence = (float(chances[n].sum()), float(tails[at]), paid)
        pattern, explained = _described(table, candidates, n, evidence, limits)
        if pattern is not None:
            return pattern, explained
    return None, []


def _count(table: _Table, limits: Limits) -> _Candidates:
    """Every condition that occurs on enough days; who was overridden decides nothing here but the counts of it."""
    candidates = _Candidates()
    for area, hours, kind, driver in SHAPES:
        if kind and len(table.kinds) < 2:
            continue  # what is true of all vehicles is no matter of the vehicle
        for grid in range(len(table.grids)) if area else (None,):
            for shift in range(HOURS_TOGETHER) if hours else (None,):
                _count_view(table, _View(grid, shift, kind, driver), limits, candidates)
    return candidates


def _count_view(table: _Table, view: _View, limits: Limits, into: _Candidates) -> None:
    keys = _keys(table, view)
    _, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    often = np.flatnonzero(counts >= limits.fewest_overrides)
    if not len(often):
        return
    place = np.full(len(counts), -1, np.int64)
    place[often] = np.arange(len(often))
    row = place[inverse]
    kept, days = row >= 0, len(table.days)
    cells = row * days + table.day
    stops = np.bincount(cells[kept], minlength=len(often) * days).reshape(len(often), days)
    hit = np.bincount(cells[kept & table.overridden], minlength=len(often) * days).reshape(len(often), days)
    for n in np.flatnonzero((stops > 0).sum(axis=1) >= limits.fewest_days):
        into.view.append(view)
        into.example.append(int(first[often[n]]))
        into.stops.append(stops[n])
        into.hit.append(hit[n] > 0)
        into.overridden.append(int(hit[n].sum()))


def _keys(table: _Table, view: _View) -> Ints:
    """One number a case: equal where the view takes two cases for alike."""
    keys = np.zeros(len(table.day), np.int64) if view.grid is None else table.squares[view.grid].copy()
    keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    if view.hours is not None:
        keys = keys * 16 + (table.hour - view.hours) % 24 // HOURS_TOGETHER
    keys = keys * len(table.kinds) + (table.kind if view.by_kind else 0)
    answer: Ints = keys * len(table.drivers) + (table.driver if view.by_driver else 0)
    return answer


def _described(
    table: _Table, candidates: _Candidates, n: int, evidence: tuple[float, float, int], limits: Limits
) -> tuple[Pattern | None, list[bool]]:
    """The candidate as a pattern with its constraint; None where it is too thin or no rule can be made of it."""
    view, example = candidates.view[n], candidates.example[n]
    keys = _keys(table, view)
    alike = keys == keys[example]
    mine = alike & table.overridden
    stops, overridden = int(alike.sum()), int(mine.sum())
    others, others_hit = len(alike) - stops, int(table.overridden.sum()) - overridden
    rate = others_hit / others if others else 0.0
    weeks = {table.days[day] // 7 for day in table.day[mine]}
    if overridden < limits.fewest_overrides or len(weeks) < limits.fewest_weeks:
        return None, []
    if overridden / stops < limits.lift * rate:
        return None, []
    condition = _condition(table, view, example)
    moved = [table.cases[int(number)] for number in np.flatnonzero(mine)]
    constraint = constraint_for(condition, moved, table.cases)
    if constraint is None:
        return None, []
    expected, chance, paid = evidence
    pattern = Pattern(
        condition, constraint, stops, overridden, int((candidates.stops[n] > 0).sum()),
        int(candidates.hit[n].sum()), expected, chance, paid,
        tuple(dict.fromkeys(case.override for case in moved)),
    )  # fmt: skip
    return pattern, alike.tolist()


def _condition(table: _Table, view: _View, example: int) -> Condition:
    case = table.cases[example]
    grid: Grid | None = None if view.grid is None else table.grids[view.grid]
    hours = None
    if view.hours is not None:
        begin = (case.hour - view.hours) % 24 // HOURS_TOGETHER * HOURS_TOGETHER + view.hours
        hours = (begin % 24, (begin + HOURS_TOGETHER) % 24)
    return Condition(
        area=grid.box(int(table.squares[view.grid or 0][example])) if grid is not None else None,
        hours=hours,
        vehicle_type=case.vehicle_type if view.by_kind else None,
        driver=case.driver if view.by_driver else None,
    )
