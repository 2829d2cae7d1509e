"""Every engine, held against the same rules: what it says holds, a seed is a plan, a stop is an end."""

import threading
from itertools import pairwise

import pytest

from dispatch.optimiser.check import evaluate
from dispatch.optimiser.core import Core, CoreRoute, CoreSolution
from dispatch.optimiser.engines import ENGINES
from dispatch.optimiser.engines.board import Board
from dispatch.optimiser.stop import After, Iterations, WhenSet
from tests.dispatch.optimiser.made_up import FAMILIES, capacitated, rich, windowed

STEPS = 30


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_an_engine_says_of_its_plan_is_so(engine: str, family: str) -> None:
    core = FAMILIES[family](7)
    found = ENGINES[engine](core, Iterations(STEPS), 1)
    assert found == evaluate(core, found.routes)
    if (
        engine != "pyvrp" or family != "rich"
    ):  # PyVRP knows nothing of what a client costs more with one vehicle
        assert found.feasible
    assert all(route.visits for route in found.routes)


@pytest.mark.parametrize("engine", ["best", "strings", "descent"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_and_count_make_the_same_plan(engine: str, family: str) -> None:
    core = FAMILIES[family](3)
    one = ENGINES[engine](core, Iterations(STEPS), 5)
    assert one == ENGINES[engine](core, Iterations(STEPS), 5)


@pytest.mark.parametrize("engine", ["best", "strings", "descent"])
def test_a_search_is_no_worse_than_savings_and_than_its_start(engine: str) -> None:
    core = capacitated(9, 60)
    first = ENGINES["savings"](core, Iterations(1), 1)
    found = ENGINES[engine](core, Iterations(STEPS), 1)
    assert found.cost < first.cost
    again = ENGINES[engine](core, Iterations(2), 1, found)
    assert again.feasible
    assert again.cost <= found.cost


def test_better_plans_are_told_each_cheaper_than_the_last_and_feasible() -> None:
    core = windowed(2, 60)
    told: list[CoreSolution] = []
    found = ENGINES["best"](core, Iterations(60), 1, None, lambda better, _: told.append(better))
    assert all(one.feasible for one in told)
    assert all(before.cost > after.cost for before, after in pairwise(told))
    assert told[-1].cost == found.cost


def test_a_person_ends_two_searches_at_once_and_the_best_is_kept() -> None:
    core = capacitated(4, 60)
    enough = threading.Event()
    told: list[CoreSolution] = []

    def better(found: CoreSolution, _: float) -> None:
        told.append(found)
        if len(told) > 1:
            enough.set()

    found = ENGINES["best"](core, WhenSet(enough), 1, None, better)
    assert enough.is_set()
    assert found.cost <= told[1].cost
    assert found.feasible


def test_at_the_deadline_a_search_that_still_sets_itself_up_is_not_waited_for(monkeypatch) -> None:
    go_on, told = threading.Event(), []
    made: list[object] = []

    def slow(self: object, *_: object) -> None:
        go_on.wait(60)
        made.append(self)
        raise RuntimeError("nobody hears of this")

    monkeypatch.setattr("dispatch.optimiser.engines.strings.Strings.__init__", slow)
    core = capacitated(4)
    found = ENGINES["strings"](core, After(0.05), 1, None, lambda better, _: told.append(better))
    assert found == ENGINES["savings"](core, Iterations(1), 1)
    assert made == []
    go_on.set()


def test_a_closed_board_takes_nothing() -> None:
    core = capacitated(4)
    worse = evaluate(core, [CoreRoute(0, (client,)) for client in range(core.size)])
    better = ENGINES["savings"](core, Iterations(1), 1)
    board = Board(core, worse, 0)
    board.close()
    board.offer(0, better.cost, better.routes)
    assert board.solution() == worse


def test_a_stop_that_is_over_leaves_the_first_plan() -> None:
    core = capacitated(4)
    assert ENGINES["best"](core, Iterations(0), 1) == ENGINES["savings"](core, Iterations(0), 1)


def test_a_start_that_breaks_rules_is_mended_first() -> None:
    core = rich(5)
    everything = CoreSolution((CoreRoute(0, tuple(range(core.size))), CoreRoute(9, (1,))))
    found = ENGINES["best"](core, Iterations(STEPS), 1, everything)
    assert found == evaluate(core, found.routes)
    assert found.feasible


def test_what_cannot_all_be_served_is_served_as_far_as_it_goes() -> None:
    core = capacitated(6)
    (kind,) = core.vehicle_types
    few = Core(
        core.distances, core.durations, core.clients, core.depots, (type(kind)(kind.capacity, count=2),)
    )
    found = ENGINES["best"](few, Iterations(STEPS), 1)
    assert not found.feasible
    assert 0 < sum(len(route.visits) for route in found.routes) < few.size


def test_an_error_in_one_search_reaches_the_caller(monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("dispatch.optimiser.engines.descent.Descent.step", broken)
    with pytest.raises(RuntimeError, match="out of order"):
        ENGINES["best"](capacitated(1), WhenSet(threading.Event()), 1)


def test_without_a_compiler_the_other_search_does_the_work(monkeypatch) -> None:
    monkeypatch.setattr("dispatch.optimiser.engines.strings.available", lambda: False)
    core = capacitated(9, 60)
    found = ENGINES["best"](core, Iterations(STEPS), 1)
    assert found.feasible
    assert found.cost < ENGINES["savings"](core, Iterations(1), 1).cost


def test_pickups_are_left_to_the_search_that_knows_them() -> None:
    core = capacitated(3)
    core.clients.pickup[::2] = core.clients.delivery[::2]
    core.clients.delivery[::2] = 0
    found = ENGINES["best"](core, Iterations(STEPS), 1)
    assert found.feasible
    assert found == evaluate(core, found.routes)


def test_nothing_to_do_is_a_plan_too() -> None:
    empty = capacitated(1, 0)
    assert ENGINES["best"](empty, Iterations(3), 1) == CoreSolution((), 0, True)


def test_an_engine_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(KeyError, match="no engine 'magic'; there are best, savings"):
        ENGINES["magic"]


def test_one_client_is_served() -> None:
    core: Core = capacitated(1, 1)
    assert ENGINES["best"](core, Iterations(5), 1).feasible
