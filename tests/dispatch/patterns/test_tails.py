"""The arithmetic of chances, against counting by hand."""

from itertools import product
from math import comb, prod

import numpy as np
import pytest

from dispatch.patterns.tails import DayChances, at_least, bar, binomial_at_least


def test_a_day_is_hit_as_often_as_drawing_without_putting_back_says():
    chances = DayChances(np.array([10, 5]), np.array([3, 5]))
    [first, second] = chances.hit(np.array([0, 1]), np.array([4, 1]))
    assert first == pytest.approx(1 - comb(6, 3) / comb(10, 3))
    assert second == 1.0


def test_a_day_without_overrides_cannot_be_hit():
    assert DayChances(np.array([10]), np.array([0])).hit(np.array([0]), np.array([4])) == pytest.approx([0.0])


def test_the_tail_of_unequal_coins_is_their_sum_over_all_ways():
    coins = [0.1, 0.5, 0.9, 0.25]
    for wanted in range(5):
        ways = (
            prod(p if up else 1 - p for p, up in zip(coins, way, strict=True))
            for way in product([0, 1], repeat=4)
            if sum(way) >= wanted
        )
        [tail] = at_least(np.array([wanted]), np.array([coins]))
        assert tail == pytest.approx(sum(ways))


def test_one_try_among_many_is_paid_for_only_where_it_could_have_succeeded():
    possible = np.array([1e-9, 1e-8, 1e-7, *[0.2] * 1000])
    threshold, paid = bar(possible, 0.05)
    assert paid == 3
    assert threshold == pytest.approx(0.05 / 3)


def test_all_are_paid_for_where_all_could_succeed():
    assert bar(np.full(200, 1e-12), 0.05)[1] == 200


def test_a_binomial_tail_is_exact():
    assert binomial_at_least(3, 4, 0.5) == pytest.approx(5 / 16)
    assert binomial_at_least(0, 4, 0.5) == 1.0
