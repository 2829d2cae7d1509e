"""Estimates: by pace and hour, with a band that holds what it says, and telling only what matters."""

import random
from math import exp

import pytest

from tracker.trips.estimate import HOUR_US, HOUSE, Pace, Way, by_pace, by_route
from tracker.trips.lateness import PERSISTS_US, TOLERANCE_US, Watch, due_us, look

NINE = 9 * HOUR_US
S = 1_000_000


def seconds(estimate, since=NINE):
    return (estimate.at_us - since) / S


def test_before_anything_is_learned_the_house_knows_a_van_in_a_city():
    estimate = by_pace(Way(5000), {}, from_us=NINE, now_us=NINE)
    assert seconds(estimate) == pytest.approx(5000 * HOUSE.street_factor / HOUSE.speed_mps)
    assert estimate.by == "pace"
    assert estimate.earliest_us < estimate.at_us < estimate.latest_us


def test_each_hour_is_driven_at_its_own_pace():
    paces = {9: Pace(10.0, 1.0, 0.1), 10: Pace(5.0, 1.0, 0.1)}
    half_past = NINE + HOUR_US // 2
    estimate = by_pace(Way(18_000 + 9_000), paces, from_us=half_past, now_us=half_past)
    assert seconds(estimate, half_past) == pytest.approx(1800 + 1800)


def test_a_slow_device_is_expected_later_but_a_pause_for_lunch_is_no_pace():
    usual = seconds(by_pace(Way(5000), {}, from_us=NINE, now_us=NINE))
    slow = seconds(by_pace(Way(5000, HOUSE.speed_mps / 2, 1e6), {}, from_us=NINE, now_us=NINE))
    halted = seconds(by_pace(Way(5000, 0.0, 1e6), {}, from_us=NINE, now_us=NINE))
    assert slow == pytest.approx(usual * 2**0.6)
    assert usual < slow < halted < usual * 4
    little_watched = seconds(by_pace(Way(5000, HOUSE.speed_mps / 2, 60), {}, from_us=NINE, now_us=NINE))
    assert usual < little_watched < slow


def test_what_is_still_to_come_is_never_in_the_past():
    later = NINE + 10 * HOUR_US
    estimate = by_pace(Way(500), {}, from_us=NINE, now_us=later)
    assert estimate.earliest_us == estimate.at_us == estimate.latest_us == later


def test_a_way_round_the_world_has_an_end():
    assert by_pace(Way(2e7), {9: Pace(0.3, 5.0, 0.3)}, from_us=NINE, now_us=NINE).at_us > NINE


def test_a_router_gives_the_time_and_the_learned_spread_the_band():
    estimate = by_route(600, {}, from_us=NINE, now_us=NINE)
    assert (estimate.by, seconds(estimate)) == ("osrm", 600)
    assert estimate.latest_us == NINE + round(600 * exp(0.8416 * HOUSE.spread) * S)


def test_four_in_five_really_arrive_by_the_latest_time_and_one_in_five_before_the_earliest():
    dice = random.Random(3)
    pace = Pace(6.0, 1.3, 0.3)
    estimate = by_pace(Way(8000), {9: pace}, from_us=NINE, now_us=NINE)
    middle = estimate.at_us - NINE
    true = [NINE + middle * exp(dice.gauss(0, 0.3)) for _ in range(5000)]
    assert sum(t <= estimate.latest_us for t in true) / 5000 == pytest.approx(0.8, abs=0.03)
    assert sum(t < estimate.earliest_us for t in true) / 5000 == pytest.approx(0.2, abs=0.03)


def test_late_is_told_after_a_minute_of_saying_so_and_an_estimate_at_the_bound_does_not_flap():
    due = NINE + HOUR_US
    watch, delayed, changes = Watch(told_eta_us=due), False, 0
    for n in range(200):
        swing = TOLERANCE_US + (30 * S if n % 2 else -30 * S)
        said = look(watch, due + swing, scheduled_us=due, delayed=delayed, now_us=NINE + n * 10 * S)
        changes += said.delayed != delayed
        watch, delayed = said.watch, said.delayed
    assert changes == 0
    for n in range(200, 220):
        said = look(watch, due + 10 * 60 * S, scheduled_us=due, delayed=delayed, now_us=NINE + n * 10 * S)
        changes += said.delayed != delayed
        watch, delayed = said.watch, said.delayed
    assert (changes, delayed) == (1, True)
    # back within tolerance is not yet on time: that is within the schedule
    for n in range(220, 240):
        said = look(watch, due + 60 * S, scheduled_us=due, delayed=delayed, now_us=NINE + n * 10 * S)
        watch, delayed = said.watch, said.delayed
    assert delayed


def test_past_the_schedule_the_clock_alone_makes_late():
    watch = Watch()
    assert due_us(watch, scheduled_us=NINE, delayed=False) == NINE + TOLERANCE_US + 1
    said = look(watch, NINE + HOUR_US, scheduled_us=NINE, delayed=False, now_us=NINE + TOLERANCE_US + 1)
    assert said.delayed
    assert due_us(Watch(against_us=NINE), scheduled_us=None, delayed=False) == NINE + PERSISTS_US


def test_an_estimate_is_told_when_it_moved_by_more_than_little_for_two_looks():
    eta = NINE + HOUR_US
    watch = look(Watch(), eta, scheduled_us=None, delayed=False, now_us=NINE).watch
    assert watch.told_eta_us == eta
    little = look(watch, eta + 5 * 60 * S, scheduled_us=None, delayed=False, now_us=NINE)
    assert not little.eta_told
    one_bad = look(watch, eta + 20 * 60 * S, scheduled_us=None, delayed=False, now_us=NINE)
    assert not one_bad.eta_told
    back = look(one_bad.watch, eta, scheduled_us=None, delayed=False, now_us=NINE)
    assert (
        look(back.watch, eta + 20 * 60 * S, scheduled_us=None, delayed=False, now_us=NINE).eta_told is False
    )
    assert look(one_bad.watch, eta + 20 * 60 * S, scheduled_us=None, delayed=False, now_us=NINE).eta_told
