"""PyVRP's local search in a loop of our own: late acceptance (Burke and Bykov 2017), tuned by what was measured.

Against PyVRP's `solve`: fewer neighbours, a shorter memory, penalties that begin at the scale of the instance and are
mended every few steps, and a start again from what another search found.
"""

from pyvrp import CostEvaluator, RandomNumberGenerator, Solution
from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    NeighbourhoodParams,
    PerturbationManager,
    PerturbationParams,
    compute_neighbours,
)

from dispatch.optimiser.core import Core
from dispatch.optimiser.engines.board import Board
from dispatch.optimiser.engines.bridge import data_of, routes_of, solution_of
from dispatch.optimiser.engines.pace import Meetings, Pace
from dispatch.optimiser.engines.penalties import Penalties

NEIGHBOURS = 25
MEMORY = 50  # how many costs back a step is compared with
PATIENCE = 400  # steps without a better plan before another's is taken
STRONGEST = 25  # clients taken out or put in at most before a local search


class Descent:
    """One search. `step` is one local search; what is better goes on the board."""

    def __init__(self, core: Core, board: Board, pace: Pace, seed: int) -> None:
        self.core, self.board = core, board
        data = data_of(core)
        random = RandomNumberGenerator(seed=seed)
        near = compute_neighbours(data, NeighbourhoodParams(num_neighbours=NEIGHBOURS))
        self.search = LocalSearch(data, random, near, PerturbationManager(PerturbationParams(1, STRONGEST)))
        self.operators = [operator(data) for operator in OPERATORS if operator.supports(data)]
        for operator in self.operators:
            self.search.add_operator(operator)
        self.data, self.random = data, random  # C++ keeps no count of them
        self.penalties = Penalties(core)
        self.offset = _offset(core)
        self.meetings, self.pace, self.idle = Meetings(), pace, 0
        self.current = self._first()
        self.best_cost = self._cost(self.current)
        self.memory: list[Solution] = [self.current] * MEMORY
        self.at = 0

    def _first(self) -> Solution:
        """The plan on the board if it leaves nothing out, else one of chance, brought in order."""
        plan = solution_of(self.data, self.board.best.routes)
        if self.board.best.missing:
            plan = self.search(plan, self.penalties.strict(), exhaustive=True)
        return plan

    def _cost(self, plan: Solution) -> float:
        return float(self.penalties.evaluator.cost(plan)) if plan.is_feasible() else float("inf")

    def step(self) -> None:
        evaluator = self.penalties.evaluator
        candidate = self.search(self.current, evaluator, exhaustive=False)
        self.penalties.register(candidate)
        if candidate.is_feasible() and evaluator.cost(candidate) < self.best_cost:
            candidate = self._found(candidate, evaluator)
        cost = evaluator.penalised_cost(candidate)
        before = evaluator.penalised_cost(self.current)
        then = evaluator.penalised_cost(self.memory[self.at])
        if cost < then or cost < before:
            self.current, before = candidate, cost
        if before < then:
            self.memory[self.at] = self.current
        self.at = (self.at + 1) % MEMORY
        self._look()

    def _found(self, candidate: Solution, evaluator: CostEvaluator) -> Solution:
        """A better plan: searched through once more, and told."""
        self.best_cost, self.idle = float(evaluator.cost(candidate)), 0
        deeper = self.search(candidate, evaluator, exhaustive=True)
        if deeper.is_feasible() and evaluator.cost(deeper) <= self.best_cost:
            candidate, self.best_cost = deeper, float(evaluator.cost(deeper))
        self.board.offer(0, int(self.best_cost) - self.offset, routes_of(candidate))
        return candidate

    def _look(self) -> None:
        """Go on from another's better plan at each meeting, or when nothing was found for long."""
        self.idle += 1
        if not self.meetings.due(self.pace.done()) and self.idle < PATIENCE:
            return
        self.idle = 0
        best = self.board.best
        if best.missing == 0 and best.cost + self.offset < self.best_cost:
            self.current = solution_of(self.data, best.routes)
            self.best_cost = float(best.cost + self.offset)
            self.memory = [self.current] * MEMORY


def _offset(core: Core) -> int:
    """What PyVRP counts besides: of each group it leaves all prizes but one uncollected, we only what falls short."""
    clients = core.clients
    total = 0
    for group in range(len(core.groups_required)):
        prizes = clients.prize[clients.group == group]
        total += int(prizes.sum() - prizes.max(initial=0))
    return total
