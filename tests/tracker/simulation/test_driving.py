"""How the made-up fleet drives: within what its vehicles can do, with stops, and the same for a seed."""

import math
import random
from datetime import UTC, datetime

import pytest

from tracker.simulation.city import CITIES, build
from tracker.simulation.driving import Driver
from tracker.simulation.phone import phones
from tracker.simulation.vehicles import KINDS, fleet

NETWORK = build(CITIES["pune"], seed=1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)
def test_no_vehicle_moves_faster_than_it_can_or_jumps(kind):
    driver = Driver(NETWORK, kind, random.Random(7))
    before, speed = driver.place, driver.speed_mps
    stood = drove = 0
    for _ in range(3600):
        driver.advance(1.0)
        moved = math.dist(before, driver.place)
        # a junction reached within the second bends the way, so the straight line is never the longer one
        assert moved <= kind.top_mps * 1.05
        assert driver.speed_mps <= kind.top_mps
        assert driver.speed_mps - speed <= kind.speeds_up_mps2 + 0.81
        stood += driver.stands
        drove += moved > 1
        before, speed = driver.place, driver.speed_mps
    assert stood > 100
    assert drove > 300


def test_a_vehicle_is_always_on_a_street():
    driver = Driver(NETWORK, KINDS[0], random.Random(1))
    for _ in range(600):
        driver.advance(1.0)
        east, north = driver.place
        nearest = min(math.dist((east, north), place) for place in NETWORK.places)
        assert nearest < 200
        assert 0 <= driver.heading_deg < 360


def test_vehicles_slow_down_before_they_turn():
    driver = Driver(NETWORK, KINDS[0], random.Random(2))
    speeds_at_tight_turns = []
    heading = driver.heading_deg
    for _ in range(3600):
        driver.advance(1.0)
        turned = abs((driver.heading_deg - heading + 180) % 360 - 180)
        if turned > 70 and not driver.stands:
            speeds_at_tight_turns.append(driver.speed_mps)
        heading = driver.heading_deg
    assert speeds_at_tight_turns
    assert max(speeds_at_tight_turns) < 9


def test_the_same_seed_drives_the_same_way():
    def day(seed):
        made = phones(fleet(5, city="pune", seed=1), NETWORK, seed=seed)
        for phone in made:
            phone.advance(500)
        return [phone.fix(NOW) for phone in made]

    assert day(1) == day(1)
    assert day(1) != day(2)


def test_the_first_of_a_larger_fleet_are_the_smaller_fleet():
    assert fleet(5, city="pune", seed=1) == fleet(50, city="pune", seed=1)[:5]
    names = [vehicle.name for vehicle in fleet(50, city="pune", seed=1)]
    assert len(set(names)) == 50
    assert "Van 12" in names


def test_a_phone_errs_smoothly_and_about_as_much_as_it_says():
    [phone] = phones(fleet(1, city="pune", seed=1), NETWORK, seed=1)
    errors, steps, claimed = [], [], []
    before = None
    for _ in range(3000):
        phone.advance(1.0)
        fix = phone.fix(NOW)
        true = NETWORK.degrees(*phone.driver.place)
        error = (
            (fix["longitude"] - true[0]) * 111_320 * math.cos(math.radians(true[1])),
            (fix["latitude"] - true[1]) * 111_320,
        )
        errors.append(math.hypot(*error))
        claimed.append(fix["accuracy_m"])
        if before is not None:
            steps.append(math.dist(before, error))
        before = error
    mean = sum(errors) / len(errors)
    assert 2 < mean < 20
    assert sum(steps) / len(steps) < mean / 2
    assert sum(error <= bound for error, bound in zip(errors, claimed, strict=True)) > 0.5 * len(errors)


def test_batteries_drain_while_unplugged_and_stay_within_bounds():
    made = phones(fleet(20, city="pune", seed=1), NETWORK, seed=1)
    for _ in range(40):
        for phone in made:
            was, charged = phone.battery, phone.charging
            phone.advance(600)
            assert 0 < phone.battery <= 1
            assert (phone.battery > was) == charged or was in (1.0, 0.01)
