"""What engines are told of a problem, and that routes come back as they went."""

import numpy as np
import pytest

from dispatch.optimiser.core import UNREACHABLE, CoreRoute
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.lift import lift
from dispatch.optimiser.lower import lower
from dispatch.optimiser.problem import Begun, Depot, Slot, Stop, Weights
from tests.dispatch.optimiser.cities import DAWN, HOUR, driver, grid_travel, problem_of, rich

POINTS = [(0, 0), (6000, 0), (12000, 0), (0, 3000)]


def lowered(stops: list[Stop], vehicles, **more):
    return lower(Indexed(problem_of(POINTS, stops, vehicles, **more)))


def test_a_plain_problem_is_told_as_it_is_and_shares_its_tables() -> None:
    stops = [Stop(id=f"s{n}", place=n, service_s=60, deliver={"kg": n}) for n in (1, 2, 3)]
    problem = problem_of(POINTS, stops, [driver("v", capacity={"kg": 9}), driver("w", capacity={"kg": 9})])
    core = lower(Indexed(problem)).core
    assert core.distances[0] is problem.travel.tables["default"].distance_m
    assert [kind.count for kind in core.vehicle_types] == [2]
    assert core.clients.delivery.ravel().tolist() == [1, 2, 3]
    assert core.vehicle_types[0].capacity == (9,)


def test_slots_are_alternatives_and_lateness_is_one_with_a_lower_prize() -> None:
    slots = (
        Slot(earliest_s=DAWN, latest_s=DAWN + HOUR),
        Slot(
            earliest_s=DAWN + 2 * HOUR,
            latest_s=DAWN + 3 * HOUR,
            late_price=2,
            late_limit_s=DAWN + 3 * HOUR + 600,
        ),
    )
    core = lowered([Stop(id="a", place=1, slots=slots)], [driver("v")]).core
    assert core.clients.group.tolist() == [0, 0, 0]
    assert core.clients.late.tolist() == [DAWN + HOUR, DAWN + 3 * HOUR, DAWN + 3 * HOUR + 600]
    prizes = core.clients.prize.tolist()
    assert prizes[0] == prizes[1] == prizes[2] + 600


def test_passing_the_depot_first_is_in_the_row_of_the_start() -> None:
    hub = Depot(id="hub", place=3, loading_s=120, opens_s=DAWN + 900, closes_s=DAWN + HOUR)
    core = lowered([Stop(id="a", place=1)], [driver("v", load_at="hub")], depots=(hub,)).core
    start = core.depots[core.vehicle_types[0].start]
    there = core.clients.location[0]
    assert core.distances[0][start.location, there] == 3000 + 9000
    assert core.durations[0][start.location, there] == 300 + 120 + 900
    assert (start.early, start.late) == (DAWN + 600, DAWN + HOUR - 420)


def test_ending_anywhere_costs_nothing_and_no_way_is_unreachable() -> None:
    travel = grid_travel(POINTS)
    travel.tables["default"].distance_m[2, 1] = -1
    core = lowered(
        [Stop(id="a", place=1), Stop(id="b", place=2)], [driver("v", end=None)], travel=travel
    ).core
    end = core.depots[core.vehicle_types[0].end].location
    assert (core.distances[0][:, end] == 0).all()
    a, b = core.clients.location
    assert core.distances[0][b, a] == core.durations[0][b, a] == UNREACHABLE


def test_who_may_not_serve_is_forbidden_and_a_change_of_driver_is_a_surcharge() -> None:
    stops = [Stop(id="a", place=1, skills=frozenset({"cold"})), Stop(id="b", place=2)]
    vehicles = [driver("v", previous=("b",)), driver("w", skills=frozenset({"cold"}))]
    core = lowered(stops, vehicles, weights=Weights(change_driver_price=70)).core
    plain, able = core.vehicle_types
    assert plain.allowed is not None
    assert plain.allowed.tolist() == [False, True]
    assert able.allowed is None
    assert able.extra is not None
    assert able.extra.tolist() == [0, 70]


def test_a_begun_route_goes_on_from_where_and_when_it_is() -> None:
    begun = (Begun(stop="a", arrive_s=DAWN + 600, start_s=DAWN + 600, end_s=DAWN + 900),)
    stops = [Stop(id="a", place=1, collect={"kg": 4}), Stop(id="b", place=2)]
    made = lowered(
        stops,
        [driver("v", begun=begun, left_s=DAWN, max_distance_m=30000, fixed_price=9, capacity={"kg": 5})],
    )
    (kind,) = made.core.vehicle_types
    assert made.stop_of == (1,)
    assert (kind.early, kind.max_distance, kind.fixed_cost, kind.initial_load) == (DAWN + 900, 24000, 0, (4,))


def test_hours_are_weighed_by_when_a_place_may_be_left() -> None:
    travel = grid_travel(POINTS, by_hour=True)
    early = Stop(id="a", place=1, slots=(Slot(earliest_s=DAWN, latest_s=DAWN + HOUR),))
    rush = Stop(id="b", place=2, slots=(Slot(earliest_s=8 * HOUR, latest_s=9 * HOUR),))
    core = lowered([early, rush], [driver("v")], travel=travel).core
    a, b = core.clients.location
    assert core.durations[0][a, b] == 600
    assert core.durations[0][b, a] == 1200


@pytest.mark.parametrize("seed", range(8))
def test_routes_come_back_as_they_went(seed: int) -> None:
    ix = Indexed(rich(seed))
    made = lower(ix)
    rng = np.random.default_rng(seed)
    stops = sorted(made.clients_of)
    orders = [(v, tuple(int(s) for s in rng.permutation(stops)[:3])) for v in made.vehicles_of[0][:1]]
    assert made.orders(made.start(orders)) == orders
    plan = lift(made, made.start(orders))
    assert set(plan.at) | plan.unserved == set(stops)


def test_a_route_that_cannot_be_driven_loses_stops_and_not_its_head() -> None:
    stops = [Stop(id=f"s{n}", place=n, deliver={"kg": 5}) for n in (1, 2, 3)]
    made = lowered(stops, [driver("v", capacity={"kg": 10})])
    plan = lift(made, type(made.start([]))((CoreRoute(0, (0, 1, 2)),)))
    assert len(plan.orders[0]) == 2
    assert len(plan.unserved) == 1
