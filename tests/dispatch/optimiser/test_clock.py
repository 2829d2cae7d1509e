"""Legs by hour: exact, first in first out, and the planner and the verification agree to the second."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dispatch.optimiser import clock
from dispatch.optimiser.indexed import Legs
from dispatch.optimiser.roads import Roads
from dispatch.optimiser.travel import UNREACHABLE, Table


def arrival(legs: Legs, origin: int, target: int, leave: int) -> Any:
    return clock.arrival(legs, origin, target, leave)


def table_of(seconds: list[int], starts: list[int]) -> Table:
    def matrix(value: int) -> np.ndarray:
        return np.array([[0, value], [value, 0]], np.int64)

    return Table(matrix(1000), tuple(matrix(s) for s in seconds), tuple(starts))


hours = st.lists(st.integers(0, 40_000), min_size=1, max_size=5).flatmap(
    lambda seconds: st.tuples(
        st.just(seconds),
        st.lists(st.integers(0, 86_400), min_size=len(seconds), max_size=len(seconds), unique=True).map(
            sorted
        ),
    )
)


@given(hours, st.integers(0, 90_000), st.integers(0, 5000))
def test_who_leaves_later_does_not_arrive_earlier(day, leave: int, later: int) -> None:
    legs = Legs(table_of(*day))
    assert arrival(legs, 0, 1, leave) <= arrival(legs, 0, 1, leave + later)


@given(hours, st.integers(0, 90_000))
def test_the_verification_reads_the_same_second(day, leave: int) -> None:
    table = table_of(*day)
    assert Roads(table).arrives_s(0, 1, leave) == arrival(Legs(table), 0, 1, leave)


@given(hours, st.integers(0, 90_000))
def test_a_leg_takes_no_less_than_its_fastest_and_no_more_than_its_slowest_hour(day, leave: int) -> None:
    took = arrival(Legs(table_of(*day)), 0, 1, leave) - leave
    assert min(day[0]) <= took <= max(day[0]) + len(day[0])  # each border may cost a second of rounding


def test_a_leg_within_one_hour_takes_its_own_time() -> None:
    legs = Legs(table_of([600, 1200], [0, 8 * 3600]))
    assert arrival(legs, 0, 1, 7 * 3600) == 7 * 3600 + 600
    assert arrival(legs, 0, 1, 9 * 3600) == 9 * 3600 + 1200


def test_a_leg_across_the_border_takes_some_of_both() -> None:
    legs = Legs(table_of([600, 1200], [0, 8 * 3600]))
    assert (
        arrival(legs, 0, 1, 8 * 3600 - 300) == 8 * 3600 + 600
    )  # half of it before eight, half at half the speed


def test_no_way_in_one_hour_is_no_way_at_all() -> None:
    table = table_of([600, UNREACHABLE], [0, 8 * 3600])
    assert arrival(Legs(table), 0, 1, 0) is None
    assert Roads(table).arrives_s(0, 1, 0) is None
