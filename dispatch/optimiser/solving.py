"""From a problem to a plan: lower, let an engine work, lift, polish to the deadline.

The first plan stands within a fraction of a second; every better one is told on the way, so a person may stop the
search at any moment and keep the best.
"""

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, cast

import numpy as np

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.lift import lift, plan_from, slots_of
from dispatch.optimiser.lower import Lowered, lower, with_allowed, with_shares
from dispatch.optimiser.near import Near
from dispatch.optimiser.plan import Plan
from dispatch.optimiser.polish import polish
from dispatch.optimiser.problem import Problem
from dispatch.optimiser.repair import serve_left_out
from dispatch.optimiser.solution import Solution
from dispatch.optimiser.stop import After, AnyOf, Iterations, Stop, begin, remaining_s
from dispatch.optimiser.telling import Tell, Telling

if TYPE_CHECKING:
    from dispatch.optimiser.core import CoreSolution, Engine

# Of the time left, what engines get: nearly all where they see the whole problem, less where they see a likeness.
SHARE_EXACT, SHARE_LIKENESS = 0.97, 0.65
# Groups are gathered by the polish first and then held where they are, so engines get two turns.
SHARE_GATHERING = 0.35
# Of the time, what putting new stops into the known plan may take: thousands of them are better left to an engine.
SHARE_KNOWN = 0.2
# Steps of the polish where the search is bounded by a count and not by a clock.
POLISH_STEPS = 400


def solve(
    problem: Problem,
    stop: Stop,
    seed: int = 0,
    *,
    start: Solution | None = None,
    engine: str = "best",
    on_better: Tell | None = None,
) -> Solution:
    """Plan `problem` as well as `stop` lets it.

    Parameters
    ----------
    stop
        Asked between steps; its clock (if any) begins now.
    seed
        The same seed with a count as `stop` gives the same plan on one machine.
    start
        A plan to begin from. Without one, the plan people know (`Vehicle.previous`) is tried.
    engine
        A name in `engines.ENGINES`.
    on_better
        Told of better plans, perhaps from another thread, a few times a second at most; the last is the one returned.

    Raises
    ------
    KeyError
        For an engine that is not there. Content of the problem never raises.
    """
    begin(stop)
    telling = Telling(on_better)
    try:
        solution = _Solve(problem, stop, seed, telling).run(start, _engine(engine))
        telling.end(solution)
        return solution
    finally:
        telling.end()


def _engine(name: str) -> "Engine":
    engines = import_module(
        "dispatch.optimiser.engines"
    ).ENGINES  # late: the library behind it takes a while to load
    return cast("Engine", engines[name])


class _Solve:
    def __init__(self, problem: Problem, stop: Stop, seed: int, telling: Telling) -> None:
        self.stop, self.seed, self.telling = stop, seed, telling
        self.ix = Indexed(problem)
        self.best: Plan | None = None
        self.clocked = remaining_s(stop) < float("inf")

    def run(self, start: Solution | None, engine: "Engine") -> Solution:
        lowered = lower(self.ix)
        self._consider(self._completed(self._known(start)))
        if lowered.core.size and lowered.core.vehicle_types:
            lowered = self._shared(lowered)
            self._consider(self._engine_run(lowered, engine, self._share()))
            if self.ix.together:
                self._consider(polish(self._consider(None), self._gathering_stop(), self.seed))
                self._consider(self._engine_run(self._pinned(lowered), engine, SHARE_LIKENESS))
        plan = self._consider(None)
        self.telling.drop()
        return self._consider(polish(plan, self._polish_stop(), self.seed, self._tell_plan)).solution()

    def _known(self, start: Solution | None) -> Plan | None:
        if start is not None:
            return plan_from(self.ix, start)
        if any(self.ix.previous):
            return plan_from(self.ix, {one.id: one.previous for one in self.ix.vehicles if one.previous})
        return None

    def _completed(self, plan: Plan | None) -> Plan | None:
        """The known plan with what is new put where it fits: what any plan that changes more has to beat."""
        if plan is not None and plan.unserved:
            until = self._part(SHARE_KNOWN) if self.clocked else Spent(self.stop)
            serve_left_out(plan, Near(self.ix), until)
        return plan

    def _consider(self, plan: Plan | None) -> Plan:
        """Keep the cheaper of this and the best so far; with neither, a plan in which nobody drives."""
        if plan is None:
            plan = self.best or Plan(self.ix)
        if self.best is None or plan.cost < self.best.cost:
            self.best = plan
            self.telling.drop()
            self._tell_plan(plan)
        return self.best

    def _engine_run(self, lowered: Lowered, engine: "Engine", share: float) -> Plan:
        stop = self._part(share)
        start = None
        if self.best is not None:
            start = lowered.start(enumerate(self.best.orders), slots_of(self.best))
        self.telling.drop()  # what an engine tells is in its own measure
        tell = partial(self._tell_core, lowered) if self.telling.heard else None
        return lift(lowered, engine(lowered.core, stop, self.seed, start, tell))

    def _tell_core(self, lowered: Lowered, found: "CoreSolution", _elapsed_s: float) -> None:
        self.telling.offer(found.cost, lambda: lift(lowered, found))

    def _tell_plan(self, plan: Plan) -> None:
        if not self.telling.heard:
            return
        as_it_is = plan.copy()  # the polish goes on with it, while another thread may be telling
        self.telling.offer(as_it_is.cost, lambda: as_it_is)

    def _share(self) -> float:
        if self.ix.together:
            return SHARE_GATHERING
        return SHARE_EXACT if seen_whole(self.ix) else SHARE_LIKENESS

    def _part(self, share: float) -> Stop:
        """So much of the time that is left; where a count bounds the search, the count itself."""
        if not self.clocked:
            return self.stop
        part = AnyOf(self.stop, After(remaining_s(self.stop) * share))
        begin(part)
        return part

    def _gathering_stop(self) -> Stop:
        return self._part(SHARE_GATHERING) if self.clocked else self._polish_stop()

    def _polish_stop(self) -> Stop:
        return self.stop if self.clocked else AnyOf(Iterations(POLISH_STEPS), Spent(self.stop))

    def _shared(self, lowered: Lowered) -> Lowered:
        """Price hours above the fair share in the engine, by the hours of a first plan."""
        weights = self.ix.problem.weights
        if not weights.fair_hours_price:
            return lowered
        plan = self.best or lift(
            lowered, _engine("savings")(lowered.core, Iterations(1), self.seed, None, None)
        )
        self._consider(plan)
        return with_shares(lowered, fair_shares_s(plan))

    def _pinned(self, lowered: Lowered) -> Lowered:
        """Groups that go together held where the best plan has them, for an engine that knows nothing of them."""
        plan = self._consider(None)
        allowed = self.ix.allowed.copy()
        for group in self.ix.together:
            served = [plan.at[stop] for stop in sorted(group) if stop in plan.at]
            held = [self.ix.fixed_at[stop] for stop in sorted(group) if stop in self.ix.fixed_at] or served
            if len(group) > 1 and held:
                numbers = np.array(sorted(group), np.int64)
                allowed[: held[0], numbers] = False
                allowed[held[0] + 1 :, numbers] = False
        return with_allowed(lowered, allowed)


class Spent:
    """Asks a counting condition without counting on: a search that was stopped by hand stays stopped."""

    def __init__(self, stop: Stop) -> None:
        self.stop = stop

    def __call__(self, best_cost: float | None) -> bool:
        return not isinstance(self.stop, Iterations) and self.stop(best_cost)


def seen_whole(ix: Indexed) -> bool:
    """Whether the compact form says everything, so that an engine's best is the problem's best."""
    weights = ix.problem.weights
    plain = not (weights.fair_hours_price or weights.fair_metres_price or weights.change_order_price)
    return (
        plain
        and not any(ix.rests)
        and not ix.together
        and not any(legs.table.by_hour for legs in ix.legs.values())
        and all(slot.late_price is None and slot.early_price is None for s in ix.stops for slot in s.slots)
    )


def fair_shares_s(plan: Plan) -> dict[int, int]:
    """Each vehicle's share of the plan's hours, by length of shift."""
    ix = plan.ix
    total = sum(timed.duration_s for timed in plan.timed if timed is not None)
    used: Sequence[bool] = [
        timed is not None or not ix.problem.weights.fair_among_used for timed in plan.timed
    ]
    lengths = [
        max(one.shift_end_s - one.shift_start_s, 0) * u for one, u in zip(ix.vehicles, used, strict=True)
    ]
    whole = sum(lengths)
    return {v: total * length // whole for v, length in enumerate(lengths) if whole and length}
