"""PyVRP as it comes, for comparison."""

import time

from pyvrp import solve

from dispatch.optimiser.core import Core, CoreSolution, OnBetter, Stop
from dispatch.optimiser.engines.bridge import core_solution, data_of, solution_of


def pyvrp_defaults(
    core: Core, stop: Stop, seed: int, start: CoreSolution | None = None, on_better: OnBetter | None = None
) -> CoreSolution:
    """PyVRP's `solve` with its own parameters; better plans are told of as they are found."""
    began = time.monotonic()
    data = data_of(core)
    told = [float("inf")]

    def ended(best_cost: float) -> bool:
        if best_cost < told[0]:
            told[0] = best_cost
        return stop(None if best_cost >= 1 << 62 else best_cost)

    first = None if start is None else solution_of(data, start.routes)
    result = solve(data, ended, seed=seed, collect_stats=False, display=False, initial_solution=first)
    found = core_solution(core, result.best)
    if on_better is not None and found.feasible:
        on_better(found, time.monotonic() - began)
    return found
