"""The verification finds each planted fault, names where it is and by how much."""

from dataclasses import replace

import pytest

from dispatch.optimiser import timetable, verify
from dispatch.optimiser.problem import Begun, Break, Depot, Problem, Slot, Stop, Weights
from dispatch.optimiser.solution import Rest, Solution
from dispatch.optimiser.travel import Table, Travel
from tests.dispatch.optimiser.cities import DAWN, HOUR, driver, grid_travel, problem_of

POINTS = [(0, 0), (6000, 0), (12000, 0), (18000, 0)]
HUB = Depot(id="hub", place=0, opens_s=DAWN, closes_s=DAWN + HOUR, loading_s=300)
NOON = Break(earliest_s=DAWN + HOUR, latest_s=DAWN + 2 * HOUR, duration_s=600)

ON_THE_ROAD = Break(earliest_s=DAWN + 200, latest_s=DAWN + 300, duration_s=600)


def slot(begin: int, end: int, **more) -> Slot:
    return Slot(earliest_s=begin, latest_s=end, **more)


def base(**more) -> Problem:
    """Two stops on one driver's way, with room to spare in every rule."""
    vehicle = more.pop("vehicle", {})
    a = {
        "id": "a",
        "place": 1,
        "service_s": 300,
        "deliver": {"kg": 4},
        "slots": (slot(DAWN, DAWN + 5 * HOUR),),
    }
    b = {"id": "b", "place": 2, "service_s": 300, "deliver": {"kg": 4}}
    stops = [Stop(**{**a, **more.pop("a", {})}), Stop(**{**b, **more.pop("b", {})})]
    vehicles = [
        driver("v", **{"capacity": {"kg": 10}, "skills": frozenset({"cash"}), **vehicle}),
        driver("w"),
    ]
    return problem_of(POINTS, stops, vehicles, depots=(HUB,), **more)


def good(problem: Problem | None = None) -> Solution:
    return timetable(problem or base(), {"v": ["a", "b"]})


def rules(problem: Problem, solution: Solution) -> dict[str, tuple[str | None, str | None, int]]:
    return {one.rule: (one.vehicle, one.stop, one.by) for one in verify(problem, solution).violations}


def with_visit(solution: Solution, number: int, **changes) -> Solution:
    route = solution.routes[0]
    visits = list(route.visits)
    visits[number] = replace(visits[number], **changes)
    return replace(solution, routes=(replace(route, visits=tuple(visits)), *solution.routes[1:]), terms={})


def with_route(solution: Solution, **changes) -> Solution:
    return replace(solution, routes=(replace(solution.routes[0], **changes), *solution.routes[1:]), terms={})


def test_a_good_plan_has_no_fault() -> None:
    found = verify(base(), good())
    assert found.feasible
    assert found.cost.total == 24000


# what the problem forbids: the same two stops on the same driver, one rule tighter
TIGHTER = {
    "skill": (base(b={"skills": frozenset({"cold"})}), ("v", "b", 1)),
    "vehicle": (base(b={"never": frozenset({"v"})}), ("v", "b", 1)),
    "depot": (base(b={"depot": "hub"}), ("v", "b", 1)),
    "capacity": (base(vehicle={"capacity": {"kg": 6}}), ("v", "a", 2)),
    "slot": (base(b={"slots": (slot(DAWN, DAWN + 1000),)}), ("v", "b", 500)),
    "shift": (base(vehicle={"shift_end_s": DAWN + 2000}), ("v", None, 1000)),
    "duration": (base(vehicle={"max_duration_s": 2900}), ("v", None, 100)),
    "distance": (base(vehicle={"max_distance_m": 20000}), ("v", None, 4000)),
    "apart": (base(apart=(("a", "b"),)), ("v", "b", 1)),
    "break": (
        base(a={"slots": (slot(DAWN, DAWN + 700),)}, vehicle={"breaks": (ON_THE_ROAD,)}),
        ("v", None, 600),
    ),
    "loading": (base(vehicle={"load_at": "hub", "shift_start_s": DAWN + 2 * HOUR}), ("v", None, HOUR + 300)),
}


@pytest.mark.parametrize("rule", sorted(TIGHTER))
def test_what_the_problem_forbids_is_found_with_its_place_and_amount(rule: str) -> None:
    problem, where = TIGHTER[rule]
    assert rules(problem, good(problem))[rule] == where


def test_a_leg_that_nobody_knows_is_found() -> None:
    plain = grid_travel(POINTS).tables["default"]
    distance = plain.distance_m.copy()
    distance[1, 2] = -1
    problem = base(travel=Travel({"default": Table(distance, plain.durations_s)}))
    assert rules(problem, good(problem))["no way"] == ("v", "b", 1)


def test_stops_that_go_together_on_two_vehicles_are_found() -> None:
    problem = base(together=(("a", "b"),))
    found = rules(problem, timetable(problem, {"v": ["a"], "w": ["b"]}))
    assert found["together"][1] == "b"


# what the plan itself gets wrong
LIES = {
    "travel time": lambda s: with_visit(s, 1, arrive_s=DAWN + 1),
    "service": lambda s: with_visit(s, 0, end_s=s.routes[0].visits[0].start_s + 100),
    "distance stated": lambda s: with_route(s, distance_m=23000),
    "unknown stop": lambda s: with_visit(s, 1, stop="ghost"),
    "unknown vehicle": lambda s: with_route(s, vehicle="ghost"),
    "stop missing": lambda s: with_route(s, visits=s.routes[0].visits[:1]),
    "stop twice": lambda s: replace(s, unserved=("a",), terms={}),
    "vehicle twice": lambda s: replace(s, routes=s.routes * 2, terms={}),
    "shift": lambda s: with_route(s, leave_s=DAWN - 100),
    "break": lambda s: with_route(s, rests=(Rest(begin_s=DAWN + 900, end_s=DAWN + 960, before=1),)),
    "cost": lambda s: replace(s, terms={**s.terms, "distance": 1}),
}


@pytest.mark.parametrize("rule", sorted(LIES))
def test_what_a_plan_gets_wrong_is_found(rule: str) -> None:
    assert rule in rules(base(), LIES[rule](good()))


def test_the_end_of_a_route_cannot_come_before_its_last_leg() -> None:
    assert "travel time" in rules(base(), with_route(good(), end_s=DAWN + 100))


def test_a_break_on_the_road_is_no_break() -> None:
    problem = base(vehicle={"breaks": (replace(NOON, earliest_s=DAWN, latest_s=DAWN + 2000),)})
    plan = good(problem)
    assert verify(problem, plan).feasible
    moved = with_route(plan, rests=(replace(plan.routes[0].rests[0], begin_s=DAWN + 5, end_s=DAWN + 605),))
    assert "break" in rules(problem, moved)


def test_what_was_begun_may_not_move_nor_go() -> None:
    begun = (Begun(stop="a", arrive_s=DAWN + 600, start_s=DAWN + 600, end_s=DAWN + 900),)
    problem = base(vehicle={"begun": begun, "left_s": DAWN})
    plan = good(problem)
    assert verify(problem, plan).feasible
    assert rules(problem, with_visit(plan, 0, start_s=DAWN + 601))["begun"] == ("v", "a", 1)
    assert "begun" in rules(problem, replace(plan, routes=plan.routes[1:], unserved=("a", "b"), terms={}))
    assert rules(problem, with_route(plan, leave_s=DAWN + 50))["begun"] == ("v", None, 50)


def test_nothing_new_happens_before_now() -> None:
    problem = base(now_s=DAWN + 1000)
    early = timetable(base(), {"v": ["a", "b"]})
    assert rules(problem, replace(early, terms={}))["now"] == ("v", None, 1000)


def test_each_term_is_counted_from_the_plans_own_times() -> None:
    weights = Weights(change_driver_price=7, change_order_price=5, fair_hours_price=1, unserved_price=999)
    soft = (slot(DAWN, DAWN + 60, late_price=2),)
    costs = {"second_price": 1, "fixed_price": 50, "overtime_after_s": 1000, "overtime_price": 3}
    problem = base(a={"slots": soft}, vehicle={**costs, "previous": ("b", "a")}, weights=weights)
    counted = verify(problem, timetable(problem, {"v": ["a", "b"]})).cost.terms
    assert counted == {
        "distance": 24000, "duration": 3000, "fixed": 50, "overtime": 3 * 2000, "late": 2 * 540, "early": 0,
        "unserved": 0, "change": 2 * 5, "fairness": 1500,
    }  # fmt: skip
    moved = verify(problem, timetable(problem, {"w": ["a"]})).cost.terms
    assert moved["change"] == 2 * 7
    assert moved["unserved"] == 999


def test_a_problem_whose_stops_must_be_served_takes_no_plan_without_one() -> None:
    problem = base(must_serve=True)
    assert rules(problem, timetable(problem, {"v": ["a"]}))["must serve"] == (None, "b", 1)


def test_a_violation_reads_as_a_sentence() -> None:
    problem, _ = TIGHTER["capacity"]
    says = [str(one) for one in verify(problem, good(problem)).violations]
    assert says == ["capacity (vehicle v, stop a): 8 kg on board, 6 fit"]
