"""Why a stop is not served, and that each proposed change really serves it."""

from dataclasses import replace

import pytest

from dispatch.optimiser import Iterations, solve, timetable, verify, why_not
from dispatch.optimiser.problem import Problem, Slot, Stop
from dispatch.optimiser.solution import Solution
from tests.dispatch.optimiser.cities import DAWN, HOUR, driver, problem_of, rich

POINTS = [(0, 0), (6000, 0), (12000, 0), (0, 6000)]
LONG = Iterations(10_000)


def slot(begin: int, end: int) -> Slot:
    return Slot(earliest_s=begin, latest_s=end)


def explained(problem: Problem, solution: Solution | None = None):
    (one,) = why_not(problem, solution or solve(problem, Iterations(50), engine="savings"), LONG)
    return one


def test_a_missing_skill_is_named_and_who_could_learn_it() -> None:
    problem = problem_of(POINTS, [Stop(id="a", place=1, skills=frozenset({"cold"}))], [driver("v")])
    one = explained(problem)
    assert one.vehicles[0].says == "v lacks cold"
    assert [(r.change, r.vehicle) for r in one.remedies] == [("skill", "v")]


def test_too_little_room_is_named_by_unit_and_amount() -> None:
    stops = [Stop(id="a", place=1, deliver={"kg": 12, "parcels": 1})]
    one = explained(problem_of(POINTS, stops, [driver("v", capacity={"kg": 10, "parcels": 5})]))
    assert (one.vehicles[0].rule, one.vehicles[0].by, one.vehicles[0].unit) == ("capacity", 2, "kg")
    assert (one.remedies[0].change, one.remedies[0].by, one.remedies[0].unit) == ("room", 2, "kg")


def test_minutes_of_shift_are_the_least_that_serve() -> None:
    problem = problem_of(POINTS, [Stop(id="a", place=1)], [driver("v", shift_end_s=DAWN + 1000)])
    one = explained(problem)
    assert (one.vehicles[0].rule, one.vehicles[0].by) == ("shift", 200)
    later = next(r for r in one.remedies if r.change == "shift_later")
    assert later.by == 240  # whole minutes
    longer = replace(problem, vehicles=(driver("v", shift_end_s=DAWN + 1000 + later.by),))
    assert not solve(longer, Iterations(50), engine="savings").unserved


def test_the_widening_of_a_slot_is_the_least_that_serves() -> None:
    stops = [Stop(id="a", place=1, slots=(slot(DAWN, DAWN + 300),))]
    one = explained(problem_of(POINTS, stops, [driver("v")]))
    assert (one.vehicles[0].rule, one.vehicles[0].by) == ("slot", 300)
    assert (one.remedies[0].change, one.remedies[0].by) in {("slot_later", 300), ("shift_earlier", 300)}
    assert {"slot_later", "shift_earlier"} <= {r.change for r in one.remedies}


def test_one_more_two_wheeler_or_dropping_which_other() -> None:
    both = (slot(DAWN + 600, DAWN + 660),)
    stops = [Stop(id="a", place=1, slots=both, priority=2), Stop(id="b", place=3, slots=both)]
    one = explained(problem_of(POINTS, stops, [driver("v", kind="two-wheeler")]))
    assert one.stop == "b"
    told = {r.change: r for r in one.remedies}
    assert told["one_more"].says == "served with one more two-wheeler"
    assert told["instead_of"].other == "a"


def test_whom_it_must_be_apart_from_is_named() -> None:
    stops = [Stop(id="a", place=1, priority=2), Stop(id="b", place=2)]
    one = explained(problem_of(POINTS, stops, [driver("v")], apart=(("a", "b"),)))
    assert (one.vehicles[0].rule, one.vehicles[0].other) == ("apart", "a")


def test_a_stop_that_fits_and_costs_more_than_it_is_worth_says_so() -> None:
    stops = [Stop(id="a", place=1, unserved_price=5000)]
    one = explained(problem_of(POINTS, stops, [driver("v")]))
    assert one.vehicles[0].rule == "price"
    assert one.fits_at_cost == 12000


def test_a_slot_in_the_past_is_the_reason_itself() -> None:
    stops = [Stop(id="a", place=1, slots=(slot(DAWN, DAWN + 60),))]
    one = explained(problem_of(POINTS, stops, [driver("v")], now_s=DAWN + HOUR))
    assert one.says == f"its last slot was over {HOUR - 60} s ago"


def test_without_time_the_reasons_are_still_given() -> None:
    problem = problem_of(POINTS, [Stop(id="a", place=1, skills=frozenset({"cold"}))], [driver("v")])
    (one,) = why_not(problem, timetable(problem, {}), Iterations(0))
    assert not one.looked
    assert one.remedies == ()
    assert one.vehicles[0].rule == "skill"


def test_where_there_is_no_time_for_all_reasons_the_dearest_stops_have_theirs() -> None:
    stops = [
        Stop(id=name, place=1, priority=priority, skills=frozenset({"cold"}))
        for name, priority in (("a", 10), ("b", 30), ("c", 20))
    ]
    problem = problem_of(POINTS, stops, [driver("v")])
    for most, known in ((0, []), (2, ["b", "c"]), (9, ["b", "c", "a"])):
        found = why_not(problem, timetable(problem, {}), Iterations(0), reasons=Iterations(most))
        assert [one.stop for one in found] == known


def applied(problem: Problem, stop_id: str, remedy) -> Problem:
    """The problem with a proposed change made, by hand."""
    stops, vehicles = list(problem.stops), list(problem.vehicles)
    v = next((n for n, one in enumerate(vehicles) if one.id == remedy.vehicle), -1)
    s = next(n for n, one in enumerate(stops) if one.id == stop_id)
    by = remedy.by
    if remedy.change in ("slot_later", "slot_earlier"):
        later, earlier = (by, 0) if remedy.change == "slot_later" else (0, by)
        widened = [
            replace(
                one,
                earliest_s=one.earliest_s - earlier,
                latest_s=one.latest_s + later,
                late_limit_s=None if one.late_limit_s is None else one.late_limit_s + later,
            )
            for one in stops[s].slots
        ]
        stops[s] = replace(stops[s], slots=tuple(widened))
    elif remedy.change == "instead_of":
        other = next(n for n, one in enumerate(stops) if one.id == remedy.other)
        stops[other] = replace(stops[other], unserved_price=0)
    elif remedy.change == "one_more":
        vehicles.append(replace(vehicles[v], id="fresh", previous=()))
    else:
        one = vehicles[v]
        vehicles[v] = {
            "shift_later": lambda: replace(one, shift_end_s=one.shift_end_s + by),
            "shift_earlier": lambda: replace(one, shift_start_s=one.shift_start_s - by),
            "longer_hours": lambda: replace(one, max_duration_s=(one.max_duration_s or 0) + by),
            "longer_way": lambda: replace(one, max_distance_m=(one.max_distance_m or 0) + by),
            "room": lambda: replace(
                one, capacity={**one.capacity, remedy.unit: one.capacity[remedy.unit] + by}
            ),
            "skill": lambda: replace(one, skills=one.skills | stops[s].skills),
            "loads_at": lambda: replace(one, load_at=stops[s].depot),
        }[remedy.change]()
    return replace(problem, stops=tuple(stops), vehicles=tuple(vehicles))


@pytest.mark.parametrize("seed", range(30, 38))
def test_every_proposed_change_serves_the_stop_when_planned_by_itself(seed: int) -> None:
    problem = rich(seed, size=7)
    solution = solve(problem, Iterations(60), seed, engine="savings")
    for one in why_not(problem, solution, Iterations(40)):
        for remedy in one.remedies:
            changed = applied(problem, one.stop, remedy)
            urgent = [replace(s, unserved_price=10**7) if s.id == one.stop else s for s in changed.stops]
            changed = replace(changed, stops=tuple(urgent))
            plan = solve(changed, Iterations(60), seed, start=solution, engine="savings")
            assert verify(changed, plan).feasible
            assert one.stop not in plan.unserved, (one.stop, remedy)
