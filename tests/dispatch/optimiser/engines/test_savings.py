"""Plans at once: feasible where that is easy, told of where it is not, fast by counting work and not seconds."""

from dataclasses import replace

import numpy as np
import pytest

from dispatch.optimiser.check import evaluate
from dispatch.optimiser.core import Core, CoreRoute, CoreSolution, Depot, VehicleType, plain_clients
from dispatch.optimiser.engines.savings import savings
from dispatch.optimiser.stop import Iterations
from tests.dispatch.optimiser.made_up import FAMILIES, capacitated, straight, windowed


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("family", FAMILIES)
def test_a_plan_at_once_keeps_every_rule(family: str, seed: int) -> None:
    core = FAMILIES[family](seed)
    found = savings(core, Iterations(1), 0)
    assert found.feasible
    assert found == evaluate(core, found.routes)


def test_joining_saves_against_a_route_for_each() -> None:
    core = capacitated(1, 80)
    alone = evaluate(core, [CoreRoute(0, (client,)) for client in range(core.size)])
    assert savings(core, Iterations(1), 0).cost < 0.6 * alone.cost


def test_clients_of_two_depots_go_to_the_nearer_one() -> None:
    random = np.random.default_rng(1)
    matrix = straight(random, 42, 100)
    near_second = np.arange(2, 42) % 2 == 0
    matrix[0, 2:][near_second] = matrix[2:, 0][near_second] = 5000
    matrix[1, 2:][~near_second] = matrix[2:, 1][~near_second] = 5000
    clients = plain_clients(np.arange(2, 42), np.ones((40, 1), np.int64))
    kinds = (VehicleType((8,), count=10), VehicleType((8,), count=10, start=1, end=1))
    core = Core((matrix,), (matrix,), clients, (Depot(0), Depot(1)), kinds)
    found = savings(core, Iterations(1), 0)
    assert found.feasible
    for route in found.routes:
        assert {bool(near_second[client]) for client in route.visits} == {route.vehicle_type == 1}


def test_too_few_vehicles_serve_as_many_as_they_can() -> None:
    core = windowed(1)
    few = replace(core, vehicle_types=(replace(core.vehicle_types[0], count=3),))
    found = savings(few, Iterations(1), 0)
    assert not found.feasible
    assert len(found.routes) == 3
    assert evaluate(few, found.routes) == found


def test_a_start_is_kept_and_what_it_leaves_out_is_added() -> None:
    core = capacitated(2)
    whole = savings(core, Iterations(1), 0)
    first = whole.routes[0]
    part = CoreSolution((CoreRoute(0, first.visits[1:]), *whole.routes[1:]))
    found = savings(core, Iterations(1), 0, part)
    assert found.feasible
    kept = {route.visits for route in found.routes} & {route.visits for route in whole.routes[1:]}
    assert len(kept) >= len(whole.routes) - 2


def test_nobody_who_may_not_be_served_is_served() -> None:
    core = capacitated(3)
    allowed = np.ones(core.size, np.bool_)
    allowed[[4, 7]] = False
    core = replace(core, vehicle_types=(replace(core.vehicle_types[0], allowed=allowed),))
    found = savings(core, Iterations(1), 0)
    assert not found.feasible
    served = {client for route in found.routes for client in route.visits}
    assert served == set(range(core.size)) - {4, 7}
