"""The finder of patterns: a planted rule is found, chance and single bad days are not."""

import pytest

from dispatch.patterns.finder import find
from tests.dispatch.patterns.planned import DRIVERS, near, weeks, with_bad_days, with_noise, with_rule

SEEDS = range(4)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_kind_of_vehicle_that_is_kept_out_of_narrow_lanes_is_found(seed):
    cases = with_rule(
        with_noise(weeks(seed), seed),
        seed,
        lambda case: near(case) and case.vehicle_type == "four_wheeler",
        lambda case: "drv_1",
    )
    [pattern] = find(cases)
    assert (pattern.condition.vehicle_type, pattern.constraint.kind) == ("four_wheeler", "never")
    assert pattern.condition.area is not None
    assert pattern.condition.area.holds(73.872, 18.512)
    planted = [
        case for case in cases if near(case) and case.vehicle_type == "four_wheeler" and case.overridden
    ]
    assert len(set(pattern.overrides) & {case.override for case in planted}) >= 0.6 * len(planted)
    assert pattern.hit_days > 5 * pattern.expected_days
    assert pattern.chance < 0.01 / pattern.paid


@pytest.mark.parametrize("seed", SEEDS)
def test_a_driver_who_is_given_a_place_in_the_evening_is_found_with_the_hours(seed):
    cases = with_rule(
        with_noise(weeks(seed), seed),
        seed,
        lambda case: near(case, 900) and 17 <= case.hour < 20,
        lambda case: "drv_3",
    )
    first = find(cases)[0]
    assert (first.condition.hours, first.constraint.kind, first.constraint.driver) == (
        (17, 20),
        "only",
        "drv_3",
    )


def test_a_driver_whose_stops_are_always_taken_away_somewhere_is_found():
    cases = with_rule(
        with_noise(weeks(9), 9),
        9,
        lambda case: near(case, 900) and case.driver == "drv_5",
        lambda case: "drv_2",
    )
    first = find(cases)[0]
    assert (first.condition.driver, first.constraint.kind) == ("drv_5", "never")


@pytest.mark.parametrize("seed", range(6))
def test_chance_is_no_pattern(seed):
    assert find(with_noise(weeks(seed), seed)) == []


@pytest.mark.parametrize("seed", range(6))
def test_some_days_without_a_driver_are_no_pattern(seed):
    """Forty overrides in one morning are one event; a count of stops would call them a rule."""
    assert find(with_bad_days(with_noise(weeks(seed), seed), seed, count=6)) == []


def test_what_happened_within_one_week_is_no_pattern_yet():
    cases = [*weeks(3, count=8)]
    last = max(case.day for case in cases) - 6
    cases = with_rule(
        cases, 3, lambda case: near(case, 900) and case.day > last, lambda case: "drv_1", share=1.0
    )
    assert find(cases) == []


def test_one_kind_of_vehicle_is_never_blamed_when_there_is_no_other():
    cases = [case for case in weeks(4) if case.vehicle_type == "two_wheeler"]
    cases = with_rule(
        cases, 4, lambda case: near(case, 900), lambda case: "drv_1" if case.driver != "drv_1" else "drv_2"
    )
    assert all(pattern.condition.vehicle_type is None for pattern in find(cases))


def test_nothing_at_all_gives_nothing():
    assert find([]) == []
    assert find(weeks(1, count=1)) == []
    assert len(DRIVERS) == 12
