"""Our optimiser beside PyVRP with its defaults, VROOM and OR-Tools, in turn in one run; every plan counted by us.

    python -m bench dispatch [--seconds 20]

Gaps to the best known cost in percent at a twentieth of the time, a quarter and all of it; seconds to the first
feasible plan; and a re-dispatch: of a planned day a tenth of the stops changes, and the old plan, given a twentieth of
the time, is held against a new start that has all of it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import fmean
from typing import Any

import numpy as np

from bench.dispatch_instances import made_up, published, with_loads, with_windows
from bench.dispatch_rivals import RIVALS, pyvrp_first
from dispatch.optimiser.check import evaluate
from dispatch.optimiser.core import Core, CoreSolution
from dispatch.optimiser.engines import ENGINES
from dispatch.optimiser.stop import After, Iterations

Solver = Callable[[Core, float, int], CoreSolution | None]
FIRST = {"400 stops, loads": (with_loads, 400), "400 stops, windows": (with_windows, 400),
         "5,000 stops, loads": (with_loads, 5000), "5,000 stops, windows": (with_windows, 5000)}  # fmt: skip
CHANGED = 0.1
NO_PLAN = 100.0  # percent: counted for a solver that found nothing feasible


def run(seconds: float) -> dict[str, Any]:
    """Figures by what they are. At 20 s and 13 instances it takes half an hour."""
    _ours(with_loads(9, 50), 0.2, 1)  # loads libraries, so that none pays for it
    return {**_first_plans(), **_redispatch(seconds), **_gaps(seconds)}


def _ours(core: Core, seconds: float, seed: int) -> CoreSolution:
    return ENGINES["best"](core, After(seconds), seed)


def _gaps(seconds: float) -> dict[str, Any]:
    solvers: dict[str, Solver] = {"ours": _ours, **RIVALS}
    figures: dict[str, Any] = {}
    for title, instances in (("published", published()), ("made-up", made_up())):
        gaps: dict[tuple[str, float], list[float]] = {}
        for name, core, best in instances:
            for key, gap in _of_one(name, core, best, solvers, seconds):
                gaps.setdefault(key, []).append(gap)
        for (solver, allowed), found in gaps.items():
            figures[f"{title} ({len(found)}), {solver}, {allowed:g} s: mean gap, %"] = round(fmean(found), 3)
    return figures


def _of_one(
    name: str, core: Core, best: int | None, solvers: dict[str, Solver], seconds: float
) -> Iterator[tuple[tuple[str, float], float]]:
    """Each solver's gap at each time, on one instance."""
    costs: dict[tuple[str, float], float] = {}
    for solver, solve in solvers.items():
        for allowed in (seconds / 20, seconds / 4, seconds):
            began = time.perf_counter()
            found = solve(core, allowed, 1)
            took = time.perf_counter() - began
            if found is not None and found.feasible and took < allowed * 1.5 + 0.3:
                costs[solver, allowed] = found.cost
    least = best if best is not None else min(costs.values())
    for solver in solvers:
        for allowed in (seconds / 20, seconds / 4, seconds):
            cost = costs.get((solver, allowed))
            yield (solver, allowed), NO_PLAN if cost is None else 100 * (cost / least - 1)
    shown = ", ".join(
        f"{who} {when:g} s {100 * (cost / least - 1):.2f}" for (who, when), cost in costs.items()
    )
    print(f"  {name}: {shown}", flush=True)


def _first_plans() -> dict[str, Any]:
    figures = {}
    for name, (make, size) in FIRST.items():
        core = make(5, size)
        began = time.perf_counter()
        found = ENGINES["savings"](core, Iterations(0), 1)
        figures[f"first plan, {name}: s"] = round(time.perf_counter() - began, 3)
        figures[f"first plan, {name}: every rule holds"] = evaluate(core, found.routes).feasible
        if size < 1000:
            figures[f"first plan, {name}, PyVRP: s"] = round(pyvrp_first(core), 3)
    return figures


def _redispatch(seconds: float) -> dict[str, Any]:
    """Cost of the old plan mended in a twentieth of the time, over that of a new start with all of it."""
    figures = {}
    for name, make in (("loads", with_loads), ("windows", with_windows)):
        before = make(11, 400)
        plan = _ours(before, seconds, 1)
        after, start = changed(before, plan, 12)
        cold = _ours(after, seconds, 1)
        warm = ENGINES["best"](after, After(seconds / 20), 1, start)
        ratio = round(warm.cost / cold.cost, 4) if warm.feasible and cold.feasible else "no plan"
        figures[f"re-dispatch, 400 stops, {name}: warm in {seconds / 20:g} s / cold in {seconds:g} s"] = ratio
    return figures


def changed(core: Core, plan: CoreSolution, seed: int) -> tuple[Core, CoreSolution]:
    """The problem with a tenth of the stops somewhere else, and the plan without them."""
    random = np.random.default_rng(seed)
    moved = random.permutation(core.size)[: int(core.size * CHANGED)]
    places = core.clients.location.copy()
    # each takes the place of another stop that is moved as well: the map stays what it was
    places[moved] = np.roll(places[moved], 1)
    windows = {}
    for column in ("delivery", "early", "late"):
        values = getattr(core.clients, column).copy()
        values[moved] = np.roll(values[moved], 3, axis=0)
        windows[column] = values
    out = core.durations[0][0, places]
    windows["late"] = np.maximum(windows["late"], out)
    clients = replace(core.clients, location=places, **windows)
    gone = set(moved.tolist())
    routes = [replace(one, visits=tuple(v for v in one.visits if v not in gone)) for one in plan.routes]
    return replace(core, clients=clients), CoreSolution(tuple(one for one in routes if one.visits))
