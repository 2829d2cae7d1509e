"""What the solving process says of stops that are left out: driver by driver, in short, or that there was no time."""

import pytest

from dispatch.optimiser import After, solve
from dispatch.optimiser.problem import Stop
from dispatch.planning import solving, words
from dispatch.planning.frames import LeftOut, Why
from tests.dispatch.optimiser.cities import driver, problem_of

POINTS = [(0, 0), (1000, 0)]


@pytest.fixture
def crowded():
    """Five stops that all want a skill or too much room; three vehicles."""
    stops = [
        Stop(id=f"s{n}", place=1, deliver={"kg": 7}, skills=frozenset({"cold"}), priority=9 - n)
        for n in range(5)
    ]
    vehicles = [
        driver("a", capacity={"kg": 5}, skills=frozenset({"cold"})),
        driver("b", capacity={"kg": 6}, skills=frozenset({"cold"})),
        driver("c"),
    ]
    problem = problem_of(POINTS, stops, vehicles)
    return problem, solve(problem, After(0.0), engine="savings")


def test_the_dearest_are_explained_driver_by_driver_and_the_rest_by_the_nearest(crowded, monkeypatch):
    problem, solution = crowded
    monkeypatch.setattr(solving, "MOST_EXPLAINED", 2)
    found = solving._left_out(problem, solution, 0.0)
    assert [one.stop for one in found] == ["s0", "s1", "s2", "s3", "s4"]
    assert [(len(one.vehicles), one.of) for one in found] == [(3, 0), (3, 0), (2, 3), (2, 3), (2, 3)]
    assert [(why.vehicle, why.rule) for why in found[4].vehicles] == [("b", "capacity"), ("c", "skill")]


def test_what_there_is_no_time_for_is_named_as_not_looked_at(crowded, monkeypatch):
    problem, solution = crowded
    monkeypatch.setattr(solving, "LEAST_EXPLAINED_S", 0.0)
    found = solving._left_out(problem, solution, 0.0)
    assert {one.stop for one in found} == {"s0", "s1", "s2", "s3", "s4"}
    assert not any(one.explained for one in found)


class Names(words.Names):
    def __init__(self):
        """Names without a plan behind them."""

    def driver(self, vehicle):
        return {"a": "Asha", "b": "Ravi"}[vehicle]

    def parcel(self, stop):
        return str(stop)

    def external_id(self, stop):
        return stop.upper()


def test_reasons_in_short_say_of_how_many_drivers_they_are():
    one = LeftOut("s1", vehicles=[Why("b", "capacity", 1000, "kg")], of=14)
    said = words._left_out(Names(), one)
    assert [reason.text for reason in said.reasons] == [
        "Ravi has too little room: 1 kg are missing.",
        "The nearest of 14 drivers by each rule; of so many left out, the others are not named.",
    ]
    whole = words._left_out(Names(), LeftOut("s1", vehicles=[Why("b", "capacity", 1000, "kg")]))
    assert len(whole.reasons) == 1
    [reason] = words._left_out(Names(), LeftOut("s1", explained=False)).reasons
    assert reason.text.startswith("Not looked at")
