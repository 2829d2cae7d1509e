"""Why this driver? What each route would cost with every other driver, the next best named.

An idle driver takes the route over; one who drives changes routes with this one. Each such plan is priced in full, so
what a change costs the people who know the plan, and fairness, are in the figure.
"""

from dataclasses import dataclass

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.lift import plan_from
from dispatch.optimiser.plan import Plan
from dispatch.optimiser.problem import Problem
from dispatch.optimiser.reasons import Refused, refused_route
from dispatch.optimiser.solution import Solution


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another driver for the same stops: what the plan costs more that way, in cost units (below 0: cheaper)."""

    vehicle: str
    more: int
    swaps: bool  # it drives too, and the two change routes


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyDriver:
    """Why a route has its driver.

    Attributes
    ----------
    cost
        The route as it is, in cost units.
    next_best
        The cheapest other driver; None where nobody else can drive it.
    rivals
        All who could, the cheapest first.
    cannot
        The first rule in the way of everybody else.
    """

    vehicle: str
    cost: int
    next_best: Rival | None
    rivals: tuple[Rival, ...]
    cannot: tuple[Refused, ...]
    says: str


def why_these_drivers(problem: Problem, solution: Solution) -> tuple[WhyDriver, ...]:
    """Explain the driver of each route that has open stops, in the order of the problem's vehicles."""
    plan = plan_from(Indexed(problem), solution)
    return tuple(_explain(plan, vehicle) for vehicle, order in enumerate(plan.orders) if order)


def _explain(plan: Plan, vehicle: int) -> WhyDriver:
    rivals: list[Rival] = []
    cannot: list[Refused] = []
    for other in range(len(plan.orders)):
        if other == vehicle:
            continue
        changes = {vehicle: plan.orders[other], other: plan.orders[vehicle]}
        more = plan.price(changes)
        name = plan.ix.vehicles[other].id
        if isinstance(more, int):
            rivals.append(Rival(vehicle=name, more=more, swaps=bool(plan.orders[other])))
        else:
            cannot.append(refused_route(plan, changes, vehicle, other))
    rivals.sort(key=lambda rival: (rival.more, rival.vehicle))
    next_best = rivals[0] if rivals else None
    return WhyDriver(
        vehicle=plan.ix.vehicles[vehicle].id, cost=plan.costs[vehicle], next_best=next_best,
        rivals=tuple(rivals), cannot=tuple(cannot), says=_in_short(next_best, cannot),
    )  # fmt: skip


def _in_short(next_best: Rival | None, cannot: list[Refused]) -> str:
    if next_best is not None:
        how = "changing routes with" if next_best.swaps else "giving it to"
        more = f"{next_best.more} more" if next_best.more else "the same"
        return f"the next best, {how} {next_best.vehicle}, costs {more}"
    if not cannot:
        return "there is no other driver"
    rules = ", ".join(
        f"{rule} ({sum(1 for c in cannot if c.rule == rule)})" for rule in sorted({c.rule for c in cannot})
    )
    return f"nobody else can: {rules}"
