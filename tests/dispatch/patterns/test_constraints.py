"""Rules of patterns in a problem: who may serve what, and when."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from dispatch.optimiser.problem import Begun, Place, Problem, Slot, Stop, Vehicle
from dispatch.optimiser.travel.tables import Table, Travel
from dispatch.patterns.areas import Box
from dispatch.patterns.constraints import (
    Condition,
    Constraint,
    VehicleFacts,
    as_json,
    condition_from,
    constrain,
    constraint_from,
    windows_of,
    within,
)

EPOCH = datetime(2026, 11, 23, tzinfo=UTC)
ROME = "Europe/Rome"
HERE, THERE = Box(12.0, 41.0, 12.1, 41.1), (12.5, 41.5)
FLEET = {"v1": VehicleFacts("two_wheeler", "drv_1"), "v2": VehicleFacts("four_wheeler", "drv_2")}


def a_problem(*stops: Stop, begun: tuple[Begun, ...] = ()) -> Problem:
    matrix = np.zeros((2, 2), np.int64)
    vehicles = tuple(
        Vehicle(
            id=name, start=0, end=0, shift_start_s=0, shift_end_s=86_400, begun=begun if name == "v1" else ()
        )
        for name in FLEET
    )
    return Problem(
        places=(Place(longitude=12.05, latitude=41.05), Place(longitude=THERE[0], latitude=THERE[1])),
        travel=Travel({"default": Table(matrix, (matrix,))}),
        vehicles=vehicles,
        stops=stops,
    )


def told(problem: Problem, *rules: Constraint) -> tuple[Stop, ...]:
    return constrain(problem, rules, FLEET, epoch=EPOCH, timezone=ROME).stops


def test_a_kind_of_vehicle_is_kept_from_an_area_and_from_nowhere_else():
    here, there = told(
        a_problem(Stop(id="a", place=0), Stop(id="b", place=1)),
        Constraint("never", area=HERE, vehicle_type="four_wheeler"),
    )
    assert (here.never, there.never) == (frozenset({"v2"}), frozenset())


def test_hours_bind_what_can_be_visited_in_them():
    slot = Slot(earliest_s=16 * 3600, latest_s=17 * 3600)  # 17:00 to 18:00 in Rome in winter
    rule = Constraint("never", hours=(17, 20), driver="drv_1")
    evening, morning, any_time = told(
        a_problem(
            Stop(id="a", place=0, slots=(slot,)),
            Stop(id="b", place=0, slots=(replace(slot, earliest_s=8 * 3600, latest_s=9 * 3600),)),
            Stop(id="c", place=0),
        ),
        rule,
    )
    assert (evening.never, morning.never, any_time.never) == (
        frozenset({"v1"}),
        frozenset(),
        frozenset({"v1"}),
    )


def test_only_a_driver_who_is_there_can_be_asked_for():
    rule = Constraint("only", area=HERE, driver="drv_2")
    [kept] = told(a_problem(Stop(id="a", place=0)), rule)
    assert kept.only == frozenset({"v2"})
    [absent] = told(a_problem(Stop(id="a", place=0)), replace(rule, driver="drv_9"))
    assert absent.only is None


def test_hours_are_cut_out_of_slots_and_of_whole_days():
    rule = Constraint("not_at", area=HERE, hours=(12, 14))
    cut, free, inside = told(
        a_problem(
            Stop(id="a", place=0, slots=(Slot(earliest_s=10 * 3600, latest_s=15 * 3600),)),
            Stop(id="b", place=0),
            Stop(id="c", place=0, slots=(Slot(earliest_s=11 * 3600 + 60, latest_s=12 * 3600),)),
        ),
        rule,
    )
    assert [(slot.earliest_s, slot.latest_s) for slot in cut.slots] == [
        (10 * 3600, 11 * 3600 - 1),
        (13 * 3600, 15 * 3600),
    ]
    assert not any(slot.earliest_s <= 11 * 3600 + 1800 <= slot.latest_s for slot in free.slots)
    assert len(inside.slots) == 1, "a stop that no other time would be left for keeps its slot"


def test_what_has_begun_is_beyond_any_rule():
    begun = (Begun(stop="a", arrive_s=0, start_s=0, end_s=1),)
    [stop] = told(
        a_problem(Stop(id="a", place=0), begun=begun), Constraint("never", area=HERE, driver="drv_1")
    )
    assert stop.never == frozenset()


def test_hours_are_local_on_the_day_the_clocks_change():
    """On 25 October 2026 Rome leaves summer time: two o'clock comes twice."""
    epoch = datetime(2026, 10, 24, 22, tzinfo=UTC)
    [day] = [w for w in windows_of((1, 4), (0, 86_400), epoch, ROME) if 0 <= w[0] < 86_400]
    assert day == (3600, 3600 + 4 * 3600)


@pytest.mark.parametrize(("hour", "inside"), [(22, True), (0, True), (1, False), (12, False)])
def test_hours_may_pass_midnight(hour, inside):
    assert within(hour, (22, 1)) is inside


def test_a_rule_and_its_condition_come_back_from_the_database_as_they_went():
    condition = Condition(HERE, (17, 20), "two_wheeler", None)
    assert condition_from(as_json(condition)) == condition
    rule = Constraint("only", HERE, None, None, "drv_1")
    assert constraint_from(as_json(rule)) == rule
    assert condition.fingerprint != replace(condition, hours=(16, 19)).fingerprint


def test_conditions_with_stops_in_common_resemble_each_other():
    one = Condition(HERE, (17, 20), "two_wheeler", None)
    assert one.resembles(replace(one, hours=(18, 21), area=Box(12.05, 41.05, 12.15, 41.15)))
    assert not one.resembles(replace(one, hours=(8, 11)))
    assert not one.resembles(replace(one, vehicle_type="four_wheeler"))
    assert not one.resembles(replace(one, area=Box(13, 41, 13.1, 41.1)))
