"""How likely a stop is to fail, and which plans are flagged for it."""

import random

import pytest

from dispatch.manifests.doubts import (
    PRIOR_RATE,
    PRIOR_SPREAD_S,
    Past,
    PlannedStop,
    bar,
    doubt_of,
    flags_of,
    late_chance,
    uncertainty_of,
)

CALM = Past()


def stop(**facts) -> PlannedStop:
    return PlannedStop("shp_1", "stp_1", "MP-1", **facts)


@pytest.mark.parametrize(
    "fact",
    [{"place_doubtful": True}, {"confidence": 0.4}, {"first_time": True}, {"attempts": 1}, {"phone": False}],
)
def test_each_doubt_makes_a_stop_likelier_to_fail_and_is_named(fact):
    plain, doubted = doubt_of(stop(), CALM), doubt_of(stop(**fact), CALM)
    assert doubted.chance > plain.chance
    assert len(doubted.reasons) == 1


def test_a_stop_without_doubts_fails_as_often_as_the_hub_s_do():
    assert doubt_of(stop(), CALM).chance == pytest.approx(PRIOR_RATE)
    assert doubt_of(stop(), Past(attempts=900, failed=195)).chance == pytest.approx(0.2)


def test_little_slack_is_a_risk_that_grows_along_the_route():
    tight = stop(slack_s=60, into_route=1.0)
    assert late_chance(stop(slack_s=4 * 3600), CALM) < 0.001
    assert late_chance(stop(slack_s=600, into_route=0.2), CALM) < late_chance(
        stop(slack_s=600, into_route=1.0), CALM
    )
    assert late_chance(tight, CALM) == pytest.approx(0.5, abs=0.05)
    assert "before its slot ends" in doubt_of(tight, CALM).reasons[0]
    assert late_chance(stop(), CALM) == 0.0


def test_a_hub_s_own_scatter_and_lateness_count_once_there_is_enough_of_it():
    assert Past().spread == PRIOR_SPREAD_S
    steady = Past(arrivals=5000, spread_s=200, lateness_s=0)
    late = Past(arrivals=5000, spread_s=200, lateness_s=1200)
    assert steady.spread < 250
    assert late_chance(stop(slack_s=900), steady) < 0.01 < late_chance(stop(slack_s=900), late)


def test_flags_name_the_worst_stops_only():
    doubts = [doubt_of(stop(), CALM)] * 20 + [
        doubt_of(PlannedStop("shp_2", "stp_2", "MP-2", place_doubtful=True, attempts=1, slack_s=0), CALM)
    ]
    [flag] = flags_of(doubts)
    assert flag["shipment"] == "shp_2"
    assert "its place is doubtful" in flag["reason"]


def test_the_bar_flags_about_three_in_a_hundred():
    chance = random.Random(3)
    plans = [chance.betavariate(2, 12) for _ in range(1000)]
    limit = bar(plans, 0.03, 0.05, 0.25)
    assert 0.02 <= sum(one > limit for one in plans) / 1000 <= 0.03


def test_on_calm_days_and_without_a_past_the_bar_stays_where_it_is():
    assert bar([0.02] * 500, 0.03, 0.12, 0.25) == 0.12
    assert bar([0.5] * 99, 0.03, 0.12, 0.25) == 0.25


def test_nothing_to_visit_is_nothing_to_doubt():
    assert uncertainty_of([]) == 0.0
