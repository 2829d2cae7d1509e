"""From an engine's routes to a plan of the full problem, feasible by the exact rules whatever the engine thought."""

from collections.abc import Mapping, Sequence

from dispatch.optimiser.core import CoreSolution
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.lower import Lowered
from dispatch.optimiser.plan import Plan, plan_of
from dispatch.optimiser.solution import Solution


def lift(lowered: Lowered, solution: CoreSolution) -> Plan:
    """The plan with exact times. Stops whose route cannot be driven as the engine thought are left unserved."""
    return plan_of(lowered.ix, lowered.orders(solution))


def plan_from(ix: Indexed, solution: Solution | Mapping[str, Sequence[str]]) -> Plan:
    """A plan of this problem from an earlier solution, or orders of ids by vehicle; unknown ids are passed over."""
    orders = solution.orders() if isinstance(solution, Solution) else solution
    return plan_of(
        ix,
        [
            (ix.vehicle_no[vehicle], [ix.stop_no[stop] for stop in stops if stop in ix.stop_no])
            for vehicle, stops in orders.items()
            if vehicle in ix.vehicle_no
        ],
    )


def slots_of(plan: Plan) -> dict[int, int | None]:
    """The slot that each served stop of a plan is in."""
    return {
        stop: visit[3]
        for vehicle, timed in enumerate(plan.timed)
        if timed is not None
        for stop, visit in zip(plan.orders[vehicle], timed.visits, strict=True)
    }
