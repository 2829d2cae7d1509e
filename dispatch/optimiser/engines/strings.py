"""The compiled search as one of several: strings torn out and put back, cooler and cooler towards the deadline."""

import time

from dispatch.optimiser.check import left_out
from dispatch.optimiser.core import UNREACHABLE, Core, Ints
from dispatch.optimiser.engines.board import Board
from dispatch.optimiser.engines.kernel.library import available
from dispatch.optimiser.engines.kernel.searcher import Searcher, flat_of, routes_of
from dispatch.optimiser.engines.kernel.tables import Tables
from dispatch.optimiser.engines.pace import Meetings, Pace

HOT, COLD = 0.1, 0.003  # temperatures, in parts of the mean leg: first (400 clients, a second) and last
COOLEST, HOTTEST = 0.05, 0.25  # the first one for others
WARM = 0.03  # the first temperature where a plan is only mended
FIRST_AROUND = 0.4  # part of the time in which every other step begins around what changed
REMOVED = 15.0  # clients torn out in a step, on average
LONGEST = 40.0  # of a route
BLINK = 0.01
CALL_S = 0.01  # a call of the compiled search lasts about so long


__all__ = ["Strings", "available"]


class Strings:
    """One search. `step` makes some steps and puts what is better on the board."""

    def __init__(self, core: Core, board: Board, pace: Pace, seed: int) -> None:
        self.core, self.board, self.pace = core, board, pace
        self.tables = board.once("tables", lambda: Tables(core))
        self.searcher = Searcher(self.tables, seed)
        self.searcher.load(flat_of(self.tables, board.best.routes))
        self.searcher.keep()
        self.hot = hot_for(core.size, pace.whole_s)
        self.focused = bool(board.changed)
        if board.changed:
            self.searcher.focus(board.changed)
        self.offered = self.searcher.best_cost
        self.meetings = Meetings()
        self.steps = 200
        self.leg = _mean_leg(core)

    def step(self) -> None:
        """One call of the compiled search, which lets other threads run."""
        done = self.pace.done()
        hot = self.hot if self.board.changed is None else WARM
        heat = self.leg * hot * (COLD / hot) ** done
        if self.focused and done > FIRST_AROUND:
            self.searcher.focus(())
            self.focused = False
        began = time.perf_counter()
        self.searcher.anneal(self.steps, heat, REMOVED, LONGEST, BLINK)
        took = time.perf_counter() - began
        if not self.pace.counted:  # a counted search must not depend on the clock
            self.steps = max(20, min(50_000, int(self.steps * CALL_S / max(took, CALL_S / 2))))
        if self.searcher.best_cost < self.offered:
            self.offer()
        self.look(done)

    def offer(self) -> None:
        self.offered = self.searcher.best_cost
        flat, absent = self.searcher.read()
        routes = routes_of(self.tables, flat)
        price, missing = left_out(self.core, routes) if absent else (0, 0)
        cost = self.offered if not missing else self.offered + price
        self.board.offer(missing, cost, routes)

    def look(self, done: float) -> None:
        """At each meeting go on from another's plan if it is better than ours; in between, each goes its own way."""
        if not self.meetings.due(done):
            return
        best = self.board.best
        if best.missing == 0 and best.cost < self.searcher.best_cost:
            self.searcher.load(flat_of(self.tables, best.routes))
            self.searcher.keep()
            self.offered = self.searcher.best_cost


def hot_for(size: int, seconds: float) -> float:
    """The first temperature: the more time for each client, the higher. A count of steps is taken for a second."""
    budget = (seconds if seconds < float("inf") else 1.0) * 400 / max(size, 1)
    return float(min(HOTTEST, max(COOLEST, HOT * budget**0.3)))


def _mean_leg(core: Core) -> float:
    """What a leg between any two places costs on average, with the dearest type of vehicle."""
    costs = [
        kind.distance_cost * _mean(core.distances[kind.profile])
        + kind.duration_cost * _mean(core.durations[kind.profile])
        for kind in core.vehicle_types
    ]
    return max(1.0, *costs)


def _mean(matrix: Ints) -> float:
    reachable = matrix[matrix < UNREACHABLE]
    return float(reachable.mean()) if len(reachable) else 0.0
