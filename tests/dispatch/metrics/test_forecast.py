"""The forecast of a route: its own pace, waiting for slots, and chances that turn out as they say."""

import random
from datetime import UTC, datetime, timedelta
from math import exp

import pytest

from dispatch.metrics.forecast import Done, Pace, StopAhead, forecast, learned, own_pace
from dispatch.metrics.predictions import calibrated

START = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def stop(
    stop: int, travel: float = 600, service: float = 180, slot: tuple[float, float] | None = None
) -> StopAhead:
    begin, end = (START + minutes(slot[0]), START + minutes(slot[1])) if slot else (None, None)
    return StopAhead(stop, travel, service, begin, end)


def test_arrivals_follow_each_other_by_planned_times_and_pace():
    plain = forecast(START, [stop(1), stop(2)], Pace())
    assert [one.eta - START for one in plain] == [minutes(10), minutes(23)]
    slow = forecast(START, [stop(1), stop(2)], Pace(travel=2.0))
    assert [one.eta - START for one in slow] == [minutes(20), minutes(43)]
    assert plain[0].latest > plain[0].eta
    assert plain[0].miss_chance is None


def test_the_further_ahead_the_less_is_known():
    bands = [
        (one.latest - one.eta).total_seconds() for one in forecast(START, [stop(n) for n in range(9)], Pace())
    ]
    assert bands == sorted(bands)


def test_a_slot_far_off_is_kept_a_slot_that_is_over_is_missed():
    (kept,) = forecast(START, [stop(1, slot=(0, 600))], Pace())
    (missed,) = forecast(START, [stop(1, slot=(-120, -60))], Pace())
    (even,) = forecast(START, [stop(1, slot=(0, 10))], Pace())
    assert kept.miss_chance == pytest.approx(0, abs=1e-6)
    assert missed.miss_chance == pytest.approx(1, abs=1e-6)
    assert even.miss_chance == pytest.approx(0.5)


def test_who_comes_early_waits_and_then_knows_when_they_leave():
    early = forecast(START, [stop(1, slot=(120, 180)), stop(2, slot=(120, 136))], Pace())
    assert early[1].eta - START == minutes(120 + 3 + 10)
    alone = forecast(START + minutes(123), [stop(2, slot=(120, 136))], Pace())
    assert early[1].miss_chance == pytest.approx(alone[0].miss_chance, abs=0.02)


def test_a_slow_morning_makes_the_rest_of_the_day_late():
    seen = [Done(600, 900) for _ in range(6)]
    pace = own_pace(Pace(), seen, [])
    assert 1.2 < pace.travel < 1.5
    assert pace.day_spread < Pace().day_spread


def test_one_long_lunch_is_no_pace():
    assert own_pace(Pace(), [Done(60, 7200)], []).travel < 1.3


def test_a_pace_is_learned_from_many_routes_and_little_from_one():
    rng = random.Random(3)

    def route(days_pace):
        legs = [Done(600, 600 * days_pace * exp(rng.gauss(0, 0.2))) for _ in range(20)]
        return legs, [Done(180, 270) for _ in range(20)]

    many = learned([route(1.4 * exp(rng.gauss(0, 0.1))) for _ in range(80)])
    assert many.travel == pytest.approx(1.4, rel=0.08)
    assert many.service == pytest.approx(1.5, rel=0.1)
    assert many.leg_spread == pytest.approx(0.2, abs=0.05)
    assert many.day_spread == pytest.approx(0.1, abs=0.05)
    few = learned([route(1.4)])
    assert 1.0 < few.travel < 1.15
    assert learned([]) == Pace()


def test_chances_turn_out_as_they_say_in_a_world_that_is_as_assumed():
    """Two thousand routes: of the stops given a chance of about one in five, about one in five is late."""
    rng, pace = random.Random(11), Pace(1.1, 1.2, 0.15, 0.35)
    pairs: list[tuple[float, bool]] = []
    for _ in range(2000):
        stops = [stop(n, rng.uniform(200, 900), 180, (0, 11 * n + rng.uniform(-5, 25))) for n in range(1, 9)]
        told = forecast(START, stops, pace)
        day, at = rng.gauss(1, pace.day_spread), 0.0
        for one, said in zip(stops, told, strict=True):
            at += one.travel_s * pace.travel * max(day + rng.gauss(0, pace.leg_spread), 0)
            assert one.slot_to is not None
            pairs.append((said.miss_chance or 0.0, START + timedelta(seconds=at) > one.slot_to))
            at += one.service_s * pace.service * max(day + rng.gauss(0, pace.leg_spread), 0)
    found = calibrated(pairs)
    assert found is not None
    assert (found.skill or 0.0) > 0.3
    for part in found.bins:
        assert part.missed == pytest.approx(part.predicted, abs=0.04), part
