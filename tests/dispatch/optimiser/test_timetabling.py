"""Orders a person made: timed as the planner would where they hold, and with their broken rules where they do not."""

import pytest

from dispatch.optimiser import Iterations, solve, timetable, verify
from dispatch.optimiser.problem import Begun, Slot, Stop
from tests.dispatch.optimiser.cities import DAWN, driver, problem_of, rich

POINTS = [(0, 0), (6000, 0), (12000, 0)]


@pytest.mark.parametrize("seed", range(60, 72))
def test_a_plan_of_the_planner_is_timed_to_the_same_second(seed: int) -> None:
    problem = rich(seed)
    solution = solve(problem, Iterations(40), seed, engine="savings")
    again = timetable(problem, solution.orders())
    assert again.routes == solution.routes
    assert again.terms == solution.terms


@pytest.mark.parametrize("seed", range(80, 92))
def test_any_order_at_all_is_timed_and_judged_without_an_exception(seed: int) -> None:
    problem = rich(seed)
    names = [stop.id for stop in problem.stops]
    orders = {vehicle.id: names[n :: len(problem.vehicles)] for n, vehicle in enumerate(problem.vehicles)}
    solution = timetable(problem, orders)
    found = verify(problem, solution)
    assert not solution.unserved
    assert all(one.says for one in found.violations)
    assert solution.cost == found.cost.total


def test_a_late_stop_is_shown_late_and_named() -> None:
    stops = [
        Stop(id="a", place=2),
        Stop(id="b", place=1, slots=(Slot(earliest_s=DAWN, latest_s=DAWN + 700),)),
    ]
    problem = problem_of(POINTS, stops, [driver("v")])
    dragged = timetable(problem, {"v": ["a", "b"]})
    assert dragged.routes[0].visits[1].start_s == DAWN + 1800
    assert [(one.rule, one.stop, one.by) for one in verify(problem, dragged).violations] == [
        ("slot", "b", 1100)
    ]


def test_begun_visits_come_first_whether_they_are_named_or_not() -> None:
    begun = (Begun(stop="a", arrive_s=DAWN + 600, start_s=DAWN + 600, end_s=DAWN + 700),)
    stops = [Stop(id="a", place=1), Stop(id="b", place=2)]
    problem = problem_of(POINTS, stops, [driver("v", begun=begun, left_s=DAWN)])
    for order in (["b"], ["b", "a"], ["a", "b"]):
        assert timetable(problem, {"v": order}).routes[0].stops == ("a", "b")


def test_strangers_and_repeats_are_passed_over() -> None:
    problem = problem_of(POINTS, [Stop(id="a", place=1)], [driver("v"), driver("w")])
    solution = timetable(problem, {"v": ["ghost", "a", "a"], "w": ["a"], "ghost": ["a"]})
    assert solution.orders() == {"v": ("a",)}
