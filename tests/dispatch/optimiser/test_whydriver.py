"""Why a route has its driver: the next best, what it would cost, and who cannot."""

from dispatch.optimiser import Iterations, solve, timetable, verify, why_these_drivers
from dispatch.optimiser.problem import Stop
from tests.dispatch.optimiser.cities import driver, problem_of, rich

POINTS = [(0, 0), (6000, 0), (12000, 0), (0, 9000)]


def test_the_next_best_driver_and_what_it_costs_more() -> None:
    stops = [Stop(id="a", place=2, skills=frozenset({"cash"}))]
    able = frozenset({"cash"})
    vehicles = [
        driver("near", start=1, end=1, skills=able),
        driver("far", start=3, end=3, skills=able),
        driver("new", start=1, end=1),
    ]
    problem = problem_of(POINTS, stops, vehicles)
    (one,) = why_these_drivers(problem, timetable(problem, {"near": ["a"]}))
    assert (one.vehicle, one.cost) == ("near", 12000)
    assert one.next_best is not None
    assert (one.next_best.vehicle, one.next_best.more) == ("far", 30000)
    assert [(c.vehicle, c.rule) for c in one.cannot] == [("new", "skill")]


def test_two_who_drive_change_routes() -> None:
    stops = [Stop(id="a", place=2), Stop(id="b", place=3)]
    problem = problem_of(POINTS, stops, [driver("v", start=1, end=1), driver("w", start=3, end=3)])
    found = why_these_drivers(problem, timetable(problem, {"v": ["a"], "w": ["b"]}))
    assert all(one.next_best is not None and one.next_best.swaps for one in found)


def test_the_figure_is_what_the_other_plan_costs_more() -> None:
    for seed in (3, 21, 34):
        problem = rich(seed)
        solution = solve(problem, Iterations(60), seed, engine="savings")
        base = verify(problem, solution).cost.total
        orders = {route.vehicle: list(route.stops) for route in solution.routes}
        begun = {v.id: [b.stop for b in v.begun] for v in problem.vehicles}
        for one in why_these_drivers(problem, solution):
            for rival in one.rivals:
                mine = [s for s in orders[one.vehicle] if s not in begun[one.vehicle]]
                theirs = [s for s in orders.get(rival.vehicle, []) if s not in begun[rival.vehicle]]
                found = verify(
                    problem, timetable(problem, {**orders, one.vehicle: theirs, rival.vehicle: mine})
                )
                assert found.feasible
                assert found.cost.total - base == rival.more


def test_nobody_else_is_said_in_words() -> None:
    problem = problem_of(POINTS, [Stop(id="a", place=1)], [driver("v")])
    (one,) = why_these_drivers(problem, timetable(problem, {"v": ["a"]}))
    assert one.next_best is None
    assert one.says == "there is no other driver"
