"""The times of one route, by hand."""

from typing import Any

import pytest

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.problem import Break, Depot, Slot, Stop, Weights
from dispatch.optimiser.schedule import KEPT_S, schedule
from dispatch.optimiser.timing import Refusal, Timed
from tests.dispatch.optimiser.cities import DAWN, HOUR, driver, grid_travel, problem_of

POINTS = [(0, 0), (6000, 0), (12000, 0)]  # ten minutes apart


def timed(stops: list[Stop], **vehicle: Any) -> Any:
    more = {name: vehicle.pop(name) for name in ("depots", "travel", "now_s", "weights") if name in vehicle}
    problem = problem_of(POINTS, stops, [driver("v", **vehicle)], **more)
    return schedule(Indexed(problem), 0, tuple(range(len(stops))), settled=True)


def slot(begin: int, end: int, **more) -> Slot:
    return Slot(earliest_s=begin, latest_s=end, **more)


def test_the_driver_leaves_as_late_as_the_slot_allows() -> None:
    found = timed([Stop(id="a", place=1, slots=(slot(DAWN + HOUR, DAWN + 2 * HOUR),), service_s=300)])
    assert (found.leave_s, found.visits) == (
        DAWN + HOUR - 600,
        [(DAWN + HOUR, DAWN + HOUR, DAWN + HOUR + 300, 0)],
    )
    assert found.end_s == DAWN + HOUR + 300 + 600
    assert found.distance_m == 12000


A_WAIT = [
    Stop(id="a", place=1, slots=(slot(DAWN + 600, DAWN + 3600),)),
    Stop(id="b", place=2, slots=(slot(DAWN + 2 * HOUR, DAWN + 3 * HOUR),)),
]


@pytest.mark.parametrize("dear", [{"second_price": 1}, {"max_duration_s": 2 * HOUR}])
def test_waiting_that_leaving_later_would_not_spare_remains(dear) -> None:
    found = timed(A_WAIT, **dear)
    assert found.leave_s == DAWN + 3000
    assert [visit[1] for visit in found.visits] == [DAWN + 3600, DAWN + 2 * HOUR]


@pytest.mark.parametrize("weights", [Weights(), Weights(fair_hours_price=10)])
def test_where_an_hour_has_no_price_no_slot_is_met_in_its_last_minutes(weights) -> None:
    found = timed(A_WAIT, weights=weights)
    assert [visit[1] for visit in found.visits] == [DAWN + 3600 - KEPT_S, DAWN + 2 * HOUR]
    assert found.end_s == timed(A_WAIT, second_price=1).end_s
    # a slot that is too short for that is met as early as it can be
    short = Stop(id="a", place=1, slots=(slot(DAWN + 600, DAWN + 900),))
    assert timed([short, A_WAIT[1]], weights=weights).visits[0][1] == DAWN + 600


def test_the_second_slot_serves_when_the_first_is_over() -> None:
    stops = [Stop(id="a", place=1, slots=(slot(DAWN, DAWN + 60), slot(DAWN + HOUR, DAWN + 2 * HOUR)))]
    found = timed(stops)
    assert found.visits[0][3] == 1
    assert found.visits[0][1] == DAWN + HOUR


def test_lateness_is_paid_by_the_second_where_that_is_cheaper_than_the_next_slot() -> None:
    soft = Stop(id="a", place=1, slots=(slot(DAWN, DAWN + 60, late_price=3),))
    found = timed([soft])
    assert found.late_cost == 3 * 540


def test_beyond_the_limit_of_lateness_nothing_serves() -> None:
    soft = Stop(id="a", place=1, slots=(slot(DAWN, DAWN + 60, late_price=3, late_limit_s=DAWN + 500),))
    assert timed([soft]) == Refusal("slot", 0, 100)


def test_a_hard_slot_is_missed_by_so_many_seconds() -> None:
    assert timed([Stop(id="a", place=1, slots=(slot(DAWN, DAWN + 60),))]) == Refusal("slot", 0, 540)


def test_coming_early_can_be_cheaper_than_waiting() -> None:
    stop = Stop(id="a", place=1, slots=(slot(DAWN + HOUR, DAWN + 2 * HOUR, early_price=1),))
    found = timed([stop], second_price=5, shift_end_s=DAWN + 1300)
    assert found.visits[0][1] < DAWN + HOUR
    assert found.early_cost > 0


def test_the_shift_ends_too_soon_by_so_much() -> None:
    assert timed([Stop(id="a", place=1)], shift_end_s=DAWN + 1000) == Refusal("shift", 0, 200)


def test_who_may_end_anywhere_is_not_on_the_way_home() -> None:
    found = timed([Stop(id="a", place=1)], end=None)
    assert (found.end_s - found.leave_s, found.distance_m) == (600, 6000)


def test_too_much_on_board_is_named_with_its_unit() -> None:
    stops = [Stop(id="a", place=1, deliver={"kg": 7}), Stop(id="b", place=2, deliver={"kg": 6})]
    found = timed(stops, capacity={"kg": 10})
    assert (found.rule, found.by, found.unit) == ("capacity", 3, "kg")


def test_what_is_collected_takes_the_room_of_what_was_delivered() -> None:
    stops = [Stop(id="a", place=1, deliver={"kg": 10}), Stop(id="b", place=2, collect={"kg": 10})]
    assert isinstance(timed(stops, capacity={"kg": 10}), Timed)
    assert timed([*reversed(stops)], capacity={"kg": 10}).rule == "capacity"


def test_a_break_is_taken_where_it_costs_least() -> None:
    rest = Break(earliest_s=DAWN + 600, latest_s=DAWN + HOUR, duration_s=900)
    stops = [Stop(id="a", place=1, slots=(slot(DAWN, DAWN + HOUR),)), Stop(id="b", place=2)]
    found = timed(stops, breaks=(rest,), shift_end_s=DAWN + 2 * HOUR)
    assert found.duration_s == 2400  # over before the break is due: none
    rest = Break(earliest_s=DAWN + 600, latest_s=DAWN + 1200, duration_s=900)
    found = timed(stops, breaks=(rest,))
    assert [(r[1] - r[0]) for r in found.rests] == [900]
    assert found.duration_s == 2400 + 900


def test_a_break_that_cannot_be_had_refuses_the_route() -> None:
    rest = Break(earliest_s=DAWN + 100, latest_s=DAWN + 500, duration_s=900)  # on the road all that time
    stops = [Stop(id="a", place=1, slots=(slot(DAWN + 600, DAWN + 600),))]
    assert timed(stops, breaks=(rest,), second_price=1).rule == "break"


def test_a_route_may_begin_when_the_break_is_no_longer_due() -> None:
    rest = Break(earliest_s=DAWN, latest_s=DAWN + 100, duration_s=HOUR)
    found = timed([Stop(id="a", place=1)], breaks=(rest,), shift_end_s=DAWN + 2000)
    assert found.leave_s == DAWN + 101
    assert found.rests == []


def test_loading_waits_for_the_depot_to_open_and_is_refused_after_it_closes() -> None:
    hub = Depot(id="hub", place=0, opens_s=DAWN + 900, closes_s=DAWN + HOUR, loading_s=300)
    found = timed([Stop(id="a", place=2)], load_at="hub", depots=(hub,), start=1)
    assert found.loaded_s == DAWN + 1200
    assert found.leave_s == DAWN + 300  # it does not wait at the gate
    late = timed([Stop(id="a", place=2)], load_at="hub", depots=(hub,), start=1, shift_start_s=DAWN + HOUR)
    assert (late.rule, late.by) == ("loading", 900)


def test_nothing_leaves_before_now() -> None:
    found = timed([Stop(id="a", place=1)], now_s=DAWN + 5000)
    assert found.leave_s == DAWN + 5000


def test_rush_hour_makes_the_same_way_longer() -> None:
    travel = grid_travel(POINTS, by_hour=True)
    quiet = timed([Stop(id="a", place=1)], travel=travel, end=None)
    rush = timed([Stop(id="a", place=1)], travel=travel, end=None, shift_start_s=8 * HOUR)
    assert (quiet.duration_s, rush.duration_s) == (600, 1200)


@pytest.mark.parametrize(
    ("limits", "rule", "by"),
    [({"max_distance_m": 10000}, "distance", 2000), ({"max_duration_s": 1000}, "duration", 200)],
)
def test_limits_of_a_route_are_missed_by_so_much(limits, rule, by) -> None:
    found = timed([Stop(id="a", place=1)], **limits)
    assert (found.rule, found.by) == (rule, by)
