"""`python -m dispatch.planning.solving`: solves one problem that comes in on standard input, in a process of its own.

A process of its own, so that a solver that crashes, is killed or eats the memory takes nothing with it. It knows no
Django and no database. It ends when its standard input does: a planner that is killed leaves no solver behind.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from dispatch.optimiser import (
    After,
    AnyOf,
    Progress,
    Solution,
    WhenSet,
    solve,
    verify,
    why_not,
    why_these_drivers,
)
from dispatch.optimiser.problem import Problem
from dispatch.optimiser.reasons import Refused
from dispatch.optimiser.solution import Route
from dispatch.planning import frames
from dispatch.planning.frames import Better, Choice, Done, Failed, Job, LeftOut, Remedy, Why
from dispatch.planning.ways import received

MOST_EXPLAINED = (
    60  # unserved stops, driver by driver; with more of them the plan lacks drivers, not explanations
)
LEAST_EXPLAINED_S = 2.0  # for reasons, whatever there is for changes
MOST_VEHICLES = 120  # above it, trying every driver on every route takes too long
MOST_SAID = 3  # broken rules, in a failure's text
logger = logging.getLogger(__name__)


def main() -> int:
    """Read a job, solve it, say how it goes. Returns the exit code."""
    os.nice(5)  # positions of devices come first
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    content = frames.read(incoming)
    if content is None:
        return 2
    job = msgspec.msgpack.decode(content, type=Job)
    stop = threading.Event()
    threading.Thread(target=_listen, args=(incoming, stop), daemon=True).start()
    telling = threading.Lock()

    def tell(thing: msgspec.Struct) -> None:
        with telling:
            frames.write(outgoing, thing)

    try:
        answer: Done | Failed = _solve(job, stop, tell)
    except MemoryError:
        answer = Failed("out_of_memory", "The solver ran out of memory.")
    except Exception as error:  # whatever it is, the planner must hear of it
        logger.exception("the solver failed")
        answer = Failed("solver_failed", f"The solver failed: {type(error).__name__}: {error}"[:400])
    tell(answer)
    return 0


def _solve(job: Job, stop: threading.Event, tell) -> Done | Failed:  # type: ignore[no-untyped-def]
    began = time.monotonic()
    problem = job.brief.problem(received(job.tables) if job.tables else None)

    def better(progress: Progress) -> None:
        found = progress.solution
        tell(
            Better(
                round(time.monotonic() - began, 2),
                dict(found.terms),
                dict(found.orders()),
                len(found.unserved),
            )
        )

    # at once a plan by savings, so that whoever looks sees one and the cost has something to fall from
    first = solve(problem, After(0.0), job.brief.seed, engine="savings")
    better(Progress(elapsed_s=0.0, cost=first.cost, solution=first))
    until = AnyOf(After(job.seconds), WhenSet(stop))
    solution = solve(problem, until, job.brief.seed, on_better=better)
    elapsed = time.monotonic() - began
    checked = verify(problem, solution)
    if not checked.feasible:
        said = "; ".join(str(one) for one in checked.violations[:MOST_SAID])
        return Failed("plan_does_not_hold", f"The plan breaks {len(checked.violations)} rules: {said}"[:400])
    return Done(
        elapsed_s=round(elapsed, 2),
        routes=list(solution.routes),
        legs_m={route.vehicle: _legs_m(problem, route) for route in solution.routes},
        terms=dict(checked.cost.terms),
        left_out=_left_out(problem, solution, 0.0 if stop.is_set() else job.explain_s),
        choices=_choices(problem, solution),
    )


def _legs_m(problem: Problem, route: Route) -> list[int]:
    """How far each visit is from what came before it: the start, the depot on the way out, the visit before."""
    vehicle = next(one for one in problem.vehicles if one.id == route.vehicle)
    table = problem.travel.tables[vehicle.profile].distance_m
    places = {stop.id: stop.place for stop in problem.stops}
    depots = {depot.id: depot.place for depot in problem.depots}
    here, legs = vehicle.start, []
    loads = depots.get(vehicle.load_at) if vehicle.load_at else None
    for number, visit in enumerate(route.visits):
        way = 0
        if loads is not None and number == len(vehicle.begun):
            way, here = max(int(table[here, loads]), 0), loads
        there = places[visit.stop]
        legs.append(way + max(int(table[here, there]), 0))
        here = there
    return legs


def _left_out(problem: Problem, solution: Solution, explain_s: float) -> list[LeftOut]:
    """Every unserved stop, the dearest to leave out first, with their reasons as far as time goes: drivers wait.

    Those beyond `MOST_EXPLAINED` have them in short: for each rule the vehicle that is nearest to serving it.
    """
    prices = {stop.id: stop.priority for stop in problem.stops}
    dearest = sorted(solution.unserved, key=lambda stop: -prices.get(stop, 0))
    whole = set(dearest[:MOST_EXPLAINED])
    most = After(LEAST_EXPLAINED_S + explain_s)
    found = why_not(problem, solution, After(explain_s), reasons=most) if dearest else ()
    explained = [
        LeftOut(
            stop=one.stop,
            vehicles=[
                Why(w.vehicle, w.rule, w.by, w.unit, w.other)
                for w in (one.vehicles if one.stop in whole else nearest(one.vehicles))
            ],
            remedies=[Remedy(r.change, r.by, r.unit, r.vehicle, r.other, r.cost) for r in one.remedies],
            fits_at_cost=one.fits_at_cost,
            of=0 if one.stop in whole else len(one.vehicles),
        )
        for one in found
    ]
    known = {one.stop for one in explained}
    return explained + [LeftOut(stop, explained=False) for stop in dearest if stop not in known]


def nearest(refused: Sequence[Refused]) -> list[Refused]:
    """For each rule the vehicle that misses it by least, the commonest rule first."""
    by_rule: dict[str, list[Refused]] = {}
    for one in refused:
        by_rule.setdefault(one.rule, []).append(one)
    return [min(ones, key=lambda one: one.by) for ones in sorted(by_rule.values(), key=len, reverse=True)]


def _choices(problem: Problem, solution: Solution) -> list[Choice]:
    if len(problem.vehicles) > MOST_VEHICLES:
        return []
    found = []
    for one in why_these_drivers(problem, solution):
        cannot: dict[str, int] = {}
        for refused in one.cannot:
            cannot[refused.rule] = cannot.get(refused.rule, 0) + 1
        best = one.next_best
        found.append(
            Choice(
                one.vehicle,
                one.cost,
                best.vehicle if best else None,
                best.more if best else 0,
                best.swaps if best else False,
                cannot,
            )
        )
    return found


def _listen(incoming: BinaryIO, stop: threading.Event) -> None:
    """Wait for the word to stop; without a planner there is nobody to solve for."""
    while line := incoming.readline():
        if line == frames.STOP:
            stop.set()
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main())
