"""Content is never an exception: what can be planned is, and what cannot has a reason."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dispatch.optimiser import After, Iterations, solve, verify, why_not
from dispatch.optimiser.jsonform import read_problem
from dispatch.optimiser.problem import BadProblem, Place, Problem, Slot, Stop
from dispatch.optimiser.travel import Table, Travel
from dispatch.optimiser.travel.provider import travel_of
from dispatch.optimiser.travel.straight import StraightLine
from tests.dispatch.optimiser.cities import DAWN, HOUR, driver, grid_travel, problem_of

POINTS = [(0, 0), (3000, 0), (6000, 0), (0, 3000)]
FINE = [Stop(id="fine", place=1), Stop(id="well", place=3)]


def outcome(problem: Problem, engine: str = "savings") -> tuple[set[str], dict[str, str]]:
    """What is served, and why the rest is not."""
    solution = solve(problem, Iterations(60), 1, engine=engine)
    found = verify(problem, solution)
    assert found.feasible, [str(one) for one in found.violations]
    said = {one.stop: one.says for one in why_not(problem, solution, Iterations(20))}
    assert set(said) == set(solution.unserved)
    assert all(said.values())
    return {stop for route in solution.routes for stop in route.stops}, said


def odd(**more) -> list[Stop]:
    return [*FINE, Stop(**{"id": "odd", "place": 2, **more})]


def slot(begin: int, end: int, **more) -> Slot:
    return Slot(earliest_s=begin, latest_s=end, **more)


STRANGE_STOPS: dict[str, tuple[dict[str, Any], str]] = {
    "a slot in the past": ({"slots": (slot(0, 100),)}, "its last slot was over"),
    "a slot that ends first": ({"slots": (slot(DAWN + 900, DAWN),)}, "every slot ends before it begins"),
    "a slot of another day": ({"slots": (slot(DAWN + 86_400, DAWN + 90_000),)}, "after the shift"),
    "more than any vehicle holds": ({"deliver": {"kg": 10**9}}, "too little room"),
    "a unit nobody can hold": ({"deliver": {"pianos": 1}}, "1 pianos too little room"),
    "a skill nobody has": ({"skills": frozenset({"flying"})}, "lacks flying"),
    "only a vehicle that is not there": ({"only": frozenset({"ghost"})}, "may not serve it"),
    "goods at a depot that is not there": ({"depot": "ghost"}, "does not load at ghost"),
    "a service longer than the shift": ({"service_s": 10**6}, "after the shift"),
}


@pytest.mark.parametrize("name", STRANGE_STOPS)
def test_one_strange_stop_has_its_reason_and_leaves_the_others_alone(name: str) -> None:
    more, reason = STRANGE_STOPS[name]
    vehicle = driver("v", capacity={"kg": 100, "pianos": 0})
    served, said = outcome(problem_of(POINTS, odd(**more), [vehicle], now_s=DAWN))
    assert served == {"fine", "well"}
    assert reason in said["odd"]


HARMLESS_STOPS: dict[str, dict[str, Any]] = {
    "a slot across midnight": {"slots": (slot(DAWN + 7 * HOUR, DAWN + 26 * HOUR),)},
    "less than nothing to deliver": {"deliver": {"kg": -5}},
    "a service of less than nothing": {"service_s": -60},
    "a priority of nothing, on the way": {"priority": 0, "place": 1},
}


@pytest.mark.parametrize("name", HARMLESS_STOPS)
def test_a_harmless_oddity_is_planned(name: str) -> None:
    more = HARMLESS_STOPS[name]
    solution = solve(problem_of(POINTS, odd(**more), [driver("v")]), Iterations(60), engine="savings")
    assert "odd" not in solution.unserved or more.get("priority") == 0


USELESS_VEHICLES: dict[str, dict[str, Any]] = {
    "a shift of no length": {"shift_end_s": DAWN},
    "a shift that ends first": {"shift_end_s": DAWN - HOUR},
    "a shift in the past": {"shift_start_s": 0, "shift_end_s": 60},
    "room for nothing": {"capacity": {"parcels": 0}},
    "room for less than nothing": {"capacity": {"parcels": -4}},
    "no distance allowed": {"max_distance_m": 0},
    "no time allowed": {"max_duration_s": 0},
}


@pytest.mark.parametrize("name", USELESS_VEHICLES)
def test_a_vehicle_that_can_do_nothing_does_nothing(name: str) -> None:
    stops = [replace(stop, deliver={"parcels": 1}) for stop in FINE]
    useless = driver("useless", **USELESS_VEHICLES[name])
    served, _ = outcome(problem_of(POINTS, stops, [useless, driver("able")], now_s=DAWN))
    assert served == {"fine", "well"}
    alone, said = outcome(problem_of(POINTS, stops, [useless], now_s=DAWN))
    assert alone == set()
    assert set(said) == {"fine", "well"}


def test_a_place_in_the_sea_is_left_out_because_no_way_is_known() -> None:
    plain = grid_travel(POINTS).tables["default"]
    distance = plain.distance_m.copy()
    distance[2, :] = distance[:, 2] = -1
    travel = Travel({"default": Table(distance, plain.durations_s)})
    served, said = outcome(problem_of(POINTS, odd(), [driver("v")], travel=travel))
    assert served == {"fine", "well"}
    assert "no way is known" in said["odd"]


def test_one_missing_pair_is_driven_around() -> None:
    plain = grid_travel(POINTS).tables["default"]
    duration = plain.durations_s[0].copy()
    duration[1, 2] = duration[2, 1] = -1
    travel = Travel({"default": Table(plain.distance_m, (duration,))})
    served, said = outcome(problem_of(POINTS, odd(), [driver("v")], travel=travel))
    assert served == {"fine", "well", "odd"}
    assert not said


def test_stops_that_must_and_must_not_go_together_are_not_both_served_by_a_trick() -> None:
    problem = problem_of(
        POINTS, FINE, [driver("v"), driver("w")], together=(("fine", "well"),), apart=(("fine", "well"),)
    )
    served, said = outcome(problem)
    assert len(served) == len(said) == 1
    (why,) = said.values()
    assert "apart" in why
    assert "together" in why


def test_groups_of_one_of_strangers_and_of_everybody_are_harmless() -> None:
    problem = problem_of(
        POINTS,
        odd(),
        [driver("v"), driver("w")],
        together=(("fine",), ("ghost", "well"), ()),
        apart=(("odd", "odd"),),
    )
    assert outcome(problem)[0] == {"fine", "well", "odd"}


@pytest.mark.parametrize(("stops", "vehicles"), [([], []), (FINE, []), ([], [driver("v")])])
def test_nothing_to_plan_or_nobody_to_plan_for_is_a_plan(stops, vehicles) -> None:
    served, said = outcome(problem_of(POINTS, stops, vehicles))
    assert served == set()
    assert all(reason == "there is no vehicle" for reason in said.values())


def test_the_same_place_many_times_and_the_hub_itself_are_served() -> None:
    stops = [Stop(id=f"s{n}", place=n % 2, service_s=10) for n in range(30)]
    assert len(outcome(problem_of(POINTS, stops, [driver("v")]))[0]) == 30


def test_coordinates_that_are_none_come_back_as_stops_without_a_way() -> None:
    places = (Place(longitude=72.8, latitude=19.0), Place(), Place(longitude=72.81, latitude=19.01))
    stops = (Stop(id="lost", place=1), Stop(id="found", place=2))
    travel = travel_of(StraightLine(), places)
    problem = Problem(places=places, travel=travel, stops=stops, vehicles=(driver("v"),))
    served, said = outcome(problem)
    assert served == {"found"}
    assert "no way is known" in said["lost"]


FORMS = [
    ("stops", "1] is there", {"stops": [{"id": "a", "place": "hub"}] * 2}),
    ("vehicles", "profile", {"travel": {"tables": {"car": {"distance_m": [[0]], "durations_s": [[[0]]]}}}}),
]


@pytest.mark.parametrize(("where", "_", "change"), FORMS)
def test_what_contradicts_itself_in_form_is_refused_with_its_path(where: str, _: str, change: dict) -> None:
    form = {
        "places": [{"id": "hub", "longitude": 72.8, "latitude": 19.0}],
        "vehicles": [{"id": "v", "start": "hub", "shift_start": 0, "shift_end": 9}],
        "stops": [],
    }
    with pytest.raises(BadProblem) as caught:
        read_problem(json.dumps({**form, **change}))
    assert caught.value.path.startswith(where)


def test_five_thousand_stops_in_one_zone_are_planned_in_bounded_time() -> None:
    random = np.random.default_rng(7)
    points = [(5000, 5000), *((int(x), int(y)) for x, y in random.integers(0, 10_000, (5000, 2)))]
    stops = [Stop(id=f"s{n}", place=n + 1, service_s=60, deliver={"parcels": 1}) for n in range(5000)]
    vehicles = [driver(f"v{n}", capacity={"parcels": 60}) for n in range(90)]
    problem = problem_of(points, stops, vehicles)
    solution = solve(problem, After(2), engine="savings")
    assert verify(problem, solution).feasible
    assert len(solution.unserved) < 250
