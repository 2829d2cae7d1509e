"""Whole plans: every one holds by the independent count, and each wish of the problem shows in it."""

import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.optimiser import After, AnyOf, Iterations, Progress, WhenSet, solve, solving, verify
from dispatch.optimiser.core import CoreRoute, CoreSolution
from dispatch.optimiser.polish import polish
from dispatch.optimiser.problem import Begun, Break, Slot, Stop, Weights
from dispatch.optimiser.telling import Telling
from tests.dispatch.optimiser.cities import DAWN, HOUR, driver, grid_travel, problem_of, rich

LINE = [(0, 0), (1000, 0), (2000, 0), (3000, 0), (4000, 0), (-1000, 0), (-2000, 0)]


def planned(problem, seed: int = 1, **more):
    return held(problem, solve(problem, Iterations(120), seed, engine="savings", **more))


def held(problem, solution):
    found = verify(problem, solution)
    assert found.feasible, [str(one) for one in found.violations]
    assert found.cost.total == solution.cost
    return solution


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 4))
def test_every_plan_holds_and_costs_what_it_states(seed: int, size: int, crews: int) -> None:
    planned(rich(seed, max(size, 4), crews), seed)


@pytest.mark.parametrize(("seed", "crews"), [(3, 1), (21, 3), (34, 2)])
def test_the_products_own_path_by_the_clock_holds_and_each_plan_told_is_better(seed: int, crews: int) -> None:
    problem = rich(seed, 30, crews)
    told: list[Progress] = []
    solution = held(problem, solve(problem, After(0.6), on_better=told.append))
    costs = [one.cost for one in told]
    assert costs == sorted(set(costs), reverse=True)
    assert costs[-1] == solution.cost
    assert [one.elapsed_s for one in told] == sorted(one.elapsed_s for one in told)
    for one in told:
        held(problem, one.solution)
    first = held(problem, solve(problem, After(0.0), engine="savings"))
    assert solution.cost <= first.cost


def test_no_plan_that_waits_to_be_told_is_worked_on_meanwhile(monkeypatch) -> None:
    """Telling has a thread of its own: what it reads while the polish goes on must not change under it."""
    waiting, worked_on = [], []
    offer = Telling.offer

    def offered(self, cost, make):
        waiting.append(make())
        offer(self, cost, make)

    def polished(plan, *more):
        worked_on.append(plan)
        return polish(plan, *more)

    monkeypatch.setattr(Telling, "offer", offered)
    monkeypatch.setattr(solving, "polish", polished)
    solve(rich(34, 30, 2), Iterations(60), engine="savings", on_better=lambda _: None)
    assert worked_on
    assert waiting
    assert not [one for one in waiting if any(one is other for other in worked_on)]


def test_every_better_plan_of_an_engine_in_its_long_share_comes_to_be_told(monkeypatch) -> None:
    """An engine that finds its last at once and then nothing for long: that one is told before its share is over."""
    stops = [Stop(id=f"s{n}", place=n) for n in range(1, 7)]
    problem = problem_of(LINE, stops, [driver("a")])
    heard = threading.Event()
    told: list[int] = []

    def engine(core, stop, seed, start, on_better):
        crossed, best = [
            CoreSolution((CoreRoute(0, order),), cost, True)
            for order, cost in (((3, 0, 2, 1, 5, 4), 9), ((0, 1, 2, 3, 4, 5), 5))
        ]
        on_better(crossed, 0.0)
        on_better(best, 0.0)
        assert heard.wait(60), "the better plan was never told"
        return best

    def tell(progress: Progress) -> None:
        told.append(progress.cost)
        if len(told) > 1:
            heard.set()

    monkeypatch.setattr(solving, "_engine", lambda name: engine)
    solution = solve(problem, After(0.5), engine="steady", on_better=tell)
    assert told[-1] == solution.cost < told[0]


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_gives_the_same_plan(seed: int) -> None:
    problem = rich(seed + 50)
    assert planned(problem, seed) == planned(problem, seed)


def test_what_was_begun_stays_as_it_was_and_the_rest_is_planned_behind_it() -> None:
    stops = [Stop(id=f"s{n}", place=n) for n in range(1, 7)]
    begun = (
        Begun(stop="s3", arrive_s=DAWN + 300, start_s=DAWN + 310, end_s=DAWN + 400),
        Begun(stop="s1", arrive_s=DAWN + 600, start_s=DAWN + 600, end_s=DAWN + 700),
    )
    vehicles = [driver("out", begun=begun, left_s=DAWN + 10), driver("in")]
    problem = problem_of(LINE, stops, vehicles, now_s=DAWN + 650)
    solution = planned(problem)
    out = next(route for route in solution.routes if route.vehicle == "out")
    assert [(v.stop, v.arrive_s, v.start_s, v.end_s) for v in out.visits[:2]] == [
        (b.stop, b.arrive_s, b.start_s, b.end_s) for b in begun
    ]
    assert out.leave_s == DAWN + 10
    assert not solution.unserved


def test_a_stop_that_comes_anew_goes_in_without_stirring_up_what_people_know() -> None:
    stops = [Stop(id=f"s{n}", place=n) for n in range(1, 7)]
    known = [driver("a", previous=("s2", "s4")), driver("b", previous=("s5", "s6", "s1"))]
    free = problem_of(LINE, stops, known)
    priced = replace(free, weights=Weights(change_driver_price=10_000, change_order_price=5_000))
    kept = {r.vehicle: [s for s in r.stops if s != "s3"] for r in planned(priced).routes}
    assert kept == {"a": ["s2", "s4"], "b": ["s5", "s6", "s1"]}
    assert {r.vehicle: list(r.stops) for r in planned(free).routes} != kept


def test_a_change_that_pays_more_than_its_price_is_made() -> None:
    stops = [Stop(id=f"s{n}", place=n) for n in range(1, 7)]
    known = [driver("a", previous=("s2", "s4", "s5")), driver("b", previous=("s6", "s1"))]
    problem = problem_of(LINE, stops, known, weights=Weights(change_driver_price=100))
    solution = planned(problem)
    assert solution.terms["change"] > 0


def test_fairness_shares_the_hours_and_says_what_it_costs_in_metres() -> None:
    stops = [Stop(id=f"s{n}", place=n, service_s=900) for n in range(1, 7)]
    problem = problem_of(LINE, stops, [driver("a"), driver("b")])
    alone = planned(problem)
    fair = planned(replace(problem, weights=Weights(fair_hours_price=10)))
    assert len(alone.routes) == len(fair.routes) == 2 or len(alone.routes) == 1
    hours = sorted(route.duration_s for route in fair.routes)
    assert hours[0] > 0.8 * hours[-1]
    assert fair.terms["distance"] >= alone.terms["distance"]
    assert (
        fair.terms["fairness"]
        == verify(replace(problem, weights=Weights(fair_hours_price=10)), fair).cost.terms["fairness"]
    )


def test_together_go_together_and_apart_apart() -> None:
    stops = [Stop(id=f"s{n}", place=n, deliver={"parcels": 1}) for n in range(1, 7)]
    vehicles = [driver("a", capacity={"parcels": 3}), driver("b", capacity={"parcels": 3})]
    problem = problem_of(LINE, stops, vehicles, together=(("s4", "s6"),), apart=(("s1", "s2"),))
    solution = planned(problem)
    assert not solution.unserved
    at = {stop: route.vehicle for route in solution.routes for stop in route.stops}
    assert at["s4"] == at["s6"]
    assert at["s1"] != at["s2"]


def test_a_driver_who_starts_where_he_is_may_end_anywhere() -> None:
    stops = [Stop(id="s2", place=2), Stop(id="s3", place=3)]
    problem = problem_of(LINE, stops, [driver("a", start=1, end=None)])
    solution = planned(problem)
    assert solution.routes[0].stops == ("s2", "s3")
    assert solution.cost == 2000


def test_the_more_important_stop_is_served_where_only_one_can_be() -> None:
    stops = [
        Stop(id="far", place=4, priority=3, deliver={"parcels": 1}),
        Stop(id="near", place=1, deliver={"parcels": 1}),
    ]
    solution = planned(problem_of(LINE, stops, [driver("a", capacity={"parcels": 1})]))
    assert solution.unserved == ("near",)


def test_leaving_out_what_is_dearer_to_serve_than_its_price() -> None:
    stops = [Stop(id="far", place=4, unserved_price=7999), Stop(id="near", place=1, unserved_price=7999)]
    solution = planned(problem_of(LINE, stops, [driver("a", end=0)]))
    assert solution.unserved == ()  # eight kilometres for both, and each on its own is worth it
    solution = planned(problem_of(LINE, stops[:1], [driver("a", end=0)]))
    assert solution.unserved == ("far",)


def test_breaks_and_rush_hours_are_kept_in_the_plan() -> None:
    stops = [Stop(id=f"s{n}", place=n, service_s=1800) for n in range(1, 7)]
    noon = Break(earliest_s=DAWN + HOUR, latest_s=DAWN + 2 * HOUR, duration_s=1800)
    problem = problem_of(LINE, stops, [driver("a", breaks=(noon,))], travel=grid_travel(LINE, by_hour=True))
    solution = planned(problem)
    assert not solution.unserved
    assert len(solution.routes[0].rests) == 1


def test_a_person_stops_the_search_and_keeps_its_best() -> None:
    event = threading.Event()
    event.set()
    problem = rich(7)
    solution = solve(problem, AnyOf(Iterations(10**9), WhenSet(event)), 1, engine="savings")
    assert verify(problem, solution).feasible


def test_better_plans_are_told_on_the_way_and_hold() -> None:
    told: list[Progress] = []
    problem = rich(11)
    solve(problem, Iterations(50), 1, engine="savings", on_better=told.append)
    assert told
    for progress in told:
        assert verify(problem, progress.solution).feasible
        assert progress.cost == progress.solution.cost


def test_a_plan_handed_in_is_never_made_worse() -> None:
    problem = rich(13)
    good = planned(problem)
    again = solve(problem, Iterations(0), 2, start=good, engine="savings")
    assert again.cost <= good.cost


def test_an_engine_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="steam"):
        solve(rich(1), Iterations(1), engine="steam")


def test_no_stop_is_left_out_that_fits_somewhere() -> None:
    slots = (Slot(earliest_s=DAWN, latest_s=DAWN + 3 * HOUR),)
    stops = [
        Stop(id=f"s{n}", place=n, slots=slots, service_s=600, deliver={"parcels": 1}) for n in range(1, 7)
    ]
    vehicles = [driver("a", capacity={"parcels": 4}), driver("b", capacity={"parcels": 2})]
    assert not planned(problem_of(LINE, stops, vehicles)).unserved
