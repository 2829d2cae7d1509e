"""What a rule would have done to the last weeks: their kept plans are solved again, with it and without it. Pure.

Both are solved anew, with the same time and seed, so that the difference is the rule's and not a better search's.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.optimiser import After, solve
from dispatch.optimiser.problem import Problem
from dispatch.optimiser.solution import Solution
from dispatch.patterns.cases import Case
from dispatch.patterns.constraints import Condition, Constraint, constrain
from dispatch.planning.brief import Brief

SECONDS = 2.0
Solver = Callable[[Problem, int], Solution]


@dataclass(frozen=True, slots=True)
class BackTest:
    """`avoided` of `of` overrides would not have been needed, `anyway` of those without the rule either.

    `distance_share` is the change of metres over all plans looked at (0.008: 0.8 % more), None without any; `unserved`
    how many more parcels nobody would have had.
    """

    plans: int = 0
    of: int = 0
    avoided: int = 0
    anyway: int = 0
    distance_share: float | None = None
    unserved: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the pattern."""
        return asdict(self)

    @property
    def says(self) -> str:
        """In a sentence for whoever decides."""
        return sentence(self.as_json())


def sentence(kept: dict[str, Any]) -> str:
    """The same of a back-test as it is kept."""
    if not kept.get("plans"):
        return "Not tested: no plan of these weeks is kept."
    said = f"Would have avoided {kept['avoided']} of {kept['of']} overrides"
    if kept.get("anyway"):
        said += f" ({kept['anyway']} of them a new plan avoids anyway)"
    if kept.get("distance_share") is not None:
        said += f", {kept['distance_share'] * 100:+.1f} % distance"
    if kept.get("unserved"):
        said += f", {kept['unserved']:+d} parcels left out"
    return f"{said}; {kept['plans']} plans solved again."


def quickly(problem: Problem, seed: int) -> Solution:
    """Two seconds, as much as a week's back-test can give each of its plans."""
    return solve(problem, After(SECONDS), seed)


def back_test(
    plans: Sequence[tuple[Brief, Sequence[Case]]],
    condition: Condition,
    rule: Constraint,
    solver: Solver = quickly,
) -> BackTest:
    """Solve the plans again; each comes with the overrides of its day that the pattern explains."""
    found = BackTest()
    metres = [0, 0]
    for brief, cases in plans:
        plain = brief.problem()
        ruled = constrain(plain, [rule], brief.kinds, epoch=brief.epoch, timezone=brief.timezone)
        without, with_it = (solver(problem, brief.seed) for problem in (plain, ruled))
        there = {stop.id for stop in brief.stops}
        mine = [case for case in cases if case.shipment in there]
        again = {case.shipment for case in mine if _objected(brief, without, condition, rule, case)}
        still = {case.shipment for case in mine if _objected(brief, with_it, condition, rule, case)}
        metres = [metres[0] + _metres(without), metres[1] + _metres(with_it)]
        found = replace(
            found,
            plans=found.plans + 1,
            of=found.of + len(mine),
            avoided=found.avoided + len(mine) - len(still),
            anyway=found.anyway + len({case.shipment for case in mine} - again - still),
            unserved=found.unserved + len(with_it.unserved) - len(without.unserved),
        )
    share = metres[1] / metres[0] - 1 if metres[0] else None
    return replace(found, distance_share=None if share is None else round(share, 4))


def _objected(brief: Brief, solution: Solution, condition: Condition, rule: Constraint, case: Case) -> bool:
    """Whether this plan does to the parcel what a person would not have; leaving it out is no better."""
    for route in solution.routes:
        for visit in route.visits:
            if visit.stop != case.shipment:
                continue
            facts = brief.kinds[route.vehicle]
            if rule.kind == "only":
                right = rule.driver in (None, facts.driver) and rule.vehicle_type in (
                    None,
                    facts.vehicle_type,
                )
                return not right
            hour = (brief.epoch + timedelta(seconds=visit.start_s)).astimezone(ZoneInfo(brief.timezone)).hour
            return condition.met_by(case.longitude, case.latitude, hour, facts.vehicle_type, facts.driver)
    return True


def _metres(solution: Solution) -> int:
    return sum(route.distance_m for route in solution.routes)
