"""What an order of stops costs and breaks, whether or not it may be driven."""

from dataclasses import replace

import numpy as np
import pytest

from dispatch.manifests.weighing import CannotBeDriven, Scales
from dispatch.optimiser.problem import Begun, Break, Place, Problem, Slot, Stop, Vehicle
from dispatch.optimiser.travel.tables import UNREACHABLE, Table, Travel

MINUTE = 60


def on_a_line(*stops: Stop, missing: bool = False, **vehicle) -> Problem:
    """Places every kilometre along a road, a minute each; the depot is at nought."""
    size = len(stops) + 1
    steps = np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(np.int64)
    metres = steps * 1000
    if missing:
        metres[:, -1] = metres[-1, :] = UNREACHABLE
        metres[-1, -1] = 0
    facts = {"start": 0, "end": 0, "shift_start_s": 0, "shift_end_s": 3600, "second_price": 1} | vehicle
    return Problem(
        places=tuple(Place(longitude=n / 100, latitude=0.0) for n in range(size)),
        travel=Travel({"default": Table(metres, (steps * MINUTE,))}),
        vehicles=(Vehicle(id="asha", **facts), Vehicle(id="ravi", **facts)),
        stops=stops,
    )


def stop(name: str, place: int, **facts) -> Stop:
    return Stop(id=name, place=place, service_s=MINUTE, **facts)


def test_a_plan_that_holds_costs_what_verification_says_and_breaks_nothing():
    scales = Scales(on_a_line(stop("a", 1), stop("b", 2)))
    weighed = scales.weigh({"asha": ["a", "b"]})
    assert weighed.violations == ()
    assert weighed.terms["distance"] == 4000
    assert [visit.stop for visit in weighed.routes["asha"].visits] == ["a", "b"]
    assert "ravi" not in weighed.routes


def test_a_better_order_costs_less_by_exactly_its_terms():
    scales = Scales(on_a_line(stop("a", 1), stop("b", 2), stop("c", 3)))
    worse, better = scales.weigh({"asha": ["c", "a", "b"]}), scales.weigh({"asha": ["a", "b", "c"]})
    assert worse.total - better.total == sum(worse.terms[name] - better.terms[name] for name in worse.terms)
    assert worse.total > better.total


def test_a_hard_slot_that_is_missed_is_named_with_its_minutes_and_still_timed():
    late = stop("b", 2, slots=(Slot(earliest_s=0, latest_s=MINUTE),))
    weighed = Scales(on_a_line(stop("a", 1), late)).weigh({"asha": ["a", "b"]})
    [broken] = weighed.violations
    assert (broken.rule, broken.stop, broken.by) == ("slot", "b", 2 * MINUTE)
    assert weighed.routes["asha"].visits[1].start_s == 3 * MINUTE


def test_load_shift_skill_and_break_are_broken_knowingly_and_named():
    problem = on_a_line(
        stop("a", 1, deliver={"kg": 5}, skills=frozenset({"lift"})),
        stop("b", 2, deliver={"kg": 6}),
        capacity={"kg": 10},
        shift_end_s=4 * MINUTE,
        breaks=(Break(earliest_s=0, latest_s=MINUTE, duration_s=10 * MINUTE),),
    )
    rules = {violation.rule for violation in Scales(problem).weigh({"asha": ["a", "b"]}).violations}
    assert {"capacity", "shift", "skill", "break"} <= rules


def test_a_vehicle_that_may_not_serve_a_stop_is_told():
    problem = on_a_line(stop("a", 1, never=frozenset({"ravi"})))
    [broken] = Scales(problem).weigh({"ravi": ["a"]}).violations
    assert (broken.rule, broken.vehicle) == ("vehicle", "ravi")


def test_what_nobody_has_costs_what_leaving_it_out_costs():
    scales = Scales(on_a_line(stop("a", 1), stop("b", 2)))
    assert scales.weigh({"asha": ["a"]}).terms["unserved"] > 0


def test_what_has_begun_stays_ahead_of_whatever_is_moved():
    begun = (Begun(stop="a", arrive_s=60, start_s=60, end_s=120),)
    problem = on_a_line(stop("a", 1), stop("b", 2))
    under_way = replace(problem.vehicles[0], begun=begun)
    problem = replace(problem, vehicles=(under_way, problem.vehicles[1]))
    route = Scales(problem).weigh({"asha": ["b"]}).routes["asha"]
    assert [visit.stop for visit in route.visits] == ["a", "b"]


def test_a_place_that_no_way_leads_to_cannot_be_weighed():
    with pytest.raises(CannotBeDriven) as refused:
        Scales(on_a_line(stop("a", 1), stop("b", 2), missing=True)).weigh({"asha": ["b"]})
    assert refused.value.stop == "b"
