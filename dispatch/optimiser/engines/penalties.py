"""What breaking a rule costs while PyVRP searches: from the instance's scale, mended every few steps."""

import numpy as np
from pyvrp import CostEvaluator, Solution

from dispatch.optimiser.core import UNREACHABLE, Core

FIRST = 3.0  # penalty at the start, in mean legs per mean demand, and per unit of time
EVERY = 50  # steps between two mendings
FEASIBLE = 0.65  # share of plans that should keep a rule,
LEEWAY = 0.05  # give or take
UP, DOWN = 1.5, 0.9
LEAST, MOST = 0.1, 100_000.0


class Penalties:
    """One for each unit of load, one for lateness, one for distance over the limit."""

    def __init__(self, core: Core) -> None:
        kind = core.vehicle_types[0]
        distance, duration = _mean(core.distances[kind.profile]), _mean(core.durations[kind.profile])
        leg = distance * kind.distance_cost + duration * kind.duration_cost
        demand = np.maximum(core.clients.delivery, core.clients.pickup).mean(axis=0)
        loads = [FIRST * leg / max(one, 1.0) for one in demand.tolist()]
        self.values = np.clip(
            [*loads, FIRST * leg / max(duration, 1.0), FIRST * leg / max(distance, 1.0)], LEAST, MOST
        )
        self.kept = np.zeros(len(self.values))
        self.seen = 0
        self._make()

    def _make(self) -> None:
        *loads, late, far = self.values.tolist()
        self.evaluator = CostEvaluator(loads, late, far)

    def strict(self) -> CostEvaluator:
        """Breaking any rule costs a hundred times as much."""
        *loads, late, far = np.clip(self.values * 100, LEAST, MOST).tolist()
        return CostEvaluator(loads, late, far)

    def register(self, plan: Solution) -> None:
        """Count which rules a plan keeps; now and then mend the penalties."""
        loads = [over == 0 for over in plan.excess_load()]
        self.kept += [*loads, not plan.has_time_warp(), not plan.has_excess_distance()]
        self.seen += 1
        if self.seen < EVERY:
            return
        short = FEASIBLE - self.kept / self.seen
        change = np.where(short > LEEWAY, UP, np.where(short < -LEEWAY, DOWN, 1.0))
        self.values = np.clip(self.values * change, LEAST, MOST)
        self.kept[:] = 0
        self.seen = 0
        self._make()


def _mean(matrix: "np.ndarray[tuple[int, int], np.dtype[np.int64]]") -> float:
    reachable = matrix[matrix < UNREACHABLE]
    return float(reachable.mean()) if len(reachable) else 1.0
