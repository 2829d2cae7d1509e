"""Sums over a tree and the rates that follow: none passes 100 %, and a driver of two hubs is one driver."""

import random

import pytest

from dispatch.metrics.figures import DriverDay, Figures, added, distance_spread, spread


def a_day(rng: random.Random) -> Figures:
    decided, stops = rng.randint(0, 40), rng.randint(0, 60)
    delivered = rng.randint(0, stops)
    return Figures(
        stops=stops, delivered=delivered, failed=rng.randint(0, stops - delivered), slots_decided=decided,
        slots_kept=rng.randint(0, decided), slots_open=3, slots_predicted=3, predicted_missed=rng.randint(0, 12) / 4,
        drivers=[DriverDay(driver=f"drv_{rng.randint(0, 5)}", name="x", stops=2, planned_m=100.0)],
    )  # fmt: skip


def test_rates_of_nothing_are_unknown_and_no_rate_passes_one_however_days_are_added():
    assert Figures().on_time is Figures().completion is None
    rng = random.Random(5)
    for _ in range(200):
        total = added(a_day(rng) for _ in range(rng.randint(1, 8)))
        for rate in (total.on_time, total.completion, total.predicted_missed_share):
            assert rate is None or 0 <= rate <= 1


def test_adding_is_the_same_in_any_order_and_leaves_the_parts_alone():
    rng = random.Random(7)
    parts = [a_day(rng) for _ in range(6)]
    before = [repr(part) for part in parts]
    whole = added(parts)
    assert added([added(parts[:2]), added(parts[2:])]) == whole
    assert added(reversed(parts)).slots_kept == whole.slots_kept
    assert [repr(part) for part in parts] == before


def test_a_driver_of_two_hubs_is_one_driver():
    one = Figures(
        drivers_out=1, drivers=[DriverDay(driver="drv_1", name="A", stops=3, planned_m=10.0, shift_s=100.0)]
    )
    two = Figures(drivers_out=1, drivers=[DriverDay(driver="drv_1", name="A", stops=2, planned_m=5.0)])
    total = added([one, two])
    assert (total.drivers_out, total.drivers[0].stops, total.drivers[0].planned_m) == (1, 5, 15.0)


def test_the_spread_of_even_shares_is_nought():
    even, odd = spread([5.0, 5.0, 5.0]), spread([0.0, 10.0])
    assert even is not None
    assert odd is not None
    assert (even.relative, odd.relative, odd.least, odd.most) == (0.0, 1.0, 0.0, 10.0)
    assert spread([]) is None
    figures = Figures(
        drivers=[
            DriverDay(driver="a", name="a", stops=1, planned_m=1000),
            DriverDay(driver="b", name="b", stops=1, planned_m=3000),
            DriverDay(driver="idle", name="c"),
        ]
    )
    shared = distance_spread(figures)
    assert shared is not None
    assert shared.mean == pytest.approx(2000)
