"""Our counting of a compact plan against PyVRP's own, and by hand where PyVRP has no word for it."""

from dataclasses import replace

import numpy as np
import pytest
from pyvrp import Route

from dispatch.optimiser.check import drive, evaluate, left_out
from dispatch.optimiser.core import UNREACHABLE, Core, CoreRoute, Depot, VehicleType, plain_clients
from dispatch.optimiser.engines.bridge import data_of
from tests.dispatch.optimiser.made_up import rich, windowed


@pytest.mark.parametrize("seed", range(30))
def test_routes_are_timed_and_priced_as_pyvrp_does(seed: int) -> None:
    core = rich(seed) if seed % 2 else windowed(seed)
    core = replace(
        core, vehicle_types=tuple(replace(k, extra=None, allowed=None) for k in core.vehicle_types)
    )
    data = data_of(core)
    random = np.random.default_rng(seed)
    for _ in range(40):
        kind = int(random.integers(len(core.vehicle_types)))
        visits = tuple(random.permutation(core.size)[: random.integers(1, 6)].tolist())
        driven, theirs = drive(core, CoreRoute(kind, visits)), Route(data, list(visits), kind)
        assert (driven.broken == "") == theirs.is_feasible()
        if theirs.is_feasible():
            assert driven.duration == theirs.duration()
            costs = theirs.distance_cost() + theirs.duration_cost() + theirs.fixed_vehicle_cost()
            assert (driven.distance, driven.cost) == (theirs.distance(), costs)


def line(**changes: object) -> Core:
    """Three clients on a line, 10 apart, the depot at its beginning."""
    places = np.arange(4) * 10
    matrix = np.abs(places[:, None] - places[None]).astype(np.int64)
    clients = plain_clients([1, 2, 3], np.array([[1], [2], [3]]))
    core = Core((matrix,), (matrix,), clients, (Depot(0),), (VehicleType((6,), count=2),))
    return replace(core, **changes)  # type: ignore[arg-type]


def test_each_broken_rule_is_named() -> None:
    kind = VehicleType((6,))
    for change, rule in (
        ({"capacity": (5,)}, "too much load"),
        ({"max_distance": 59}, "too long a way"),
        ({"max_duration": 59}, "too long a time"),
        ({"late": 59}, "late"),
        ({"allowed": np.array([True, False, True])}, "a client that the vehicle may not serve"),
    ):
        core = line(vehicle_types=(replace(kind, **change),))
        assert drive(core, CoreRoute(0, (0, 1, 2))).broken == rule
    assert drive(line(), CoreRoute(0, (0, 1, 2))).broken == ""


def test_a_leg_nobody_can_take_breaks_a_route() -> None:
    core = line()
    core.distances[0][1, 2] = UNREACHABLE
    assert drive(core, CoreRoute(0, (0, 1))).broken == "a leg that nobody can take"
    assert drive(core, CoreRoute(0, (1, 0))).broken == ""


def test_leaving_out_serving_twice_and_too_many_vehicles_are_no_plan() -> None:
    core = line()
    assert evaluate(core, [CoreRoute(0, (0, 1, 2))]).feasible
    assert not evaluate(core, [CoreRoute(0, (0, 1))]).feasible
    assert not evaluate(core, [CoreRoute(0, (0, 1, 2)), CoreRoute(0, (2,))]).feasible
    assert not evaluate(core, [CoreRoute(0, (0,)), CoreRoute(0, (1,)), CoreRoute(0, (2,))]).feasible


def test_a_lesser_alternative_costs_what_it_falls_short_of_the_best() -> None:
    core = rich(1)
    members = np.flatnonzero(core.clients.group == 1)  # the group that may be left out
    others = [CoreRoute(3, (client,)) for client in range(core.size) if client not in members]
    prizes = core.clients.prize[members]
    without, missing = left_out(core, others)
    for member, prize in zip(members.tolist(), prizes.tolist(), strict=True):
        price, still = left_out(core, [*others, CoreRoute(3, (member,))])
        assert without - price == prize
        assert still == missing
    assert without >= prizes.max()
