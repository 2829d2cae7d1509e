"""Tiny rich problems: the plan that is found costs what the cheapest of all plans costs, by the independent count."""

from collections.abc import Iterator
from itertools import permutations, product

import pytest

from dispatch.optimiser import Iterations, solve, timetable, verify
from dispatch.optimiser.problem import Problem
from tests.dispatch.optimiser.cities import rich


def every_plan(problem: Problem) -> Iterator[dict[str, tuple[str, ...]]]:
    """Each way to give each stop to a vehicle or to nobody, in each order."""
    begun = {visit.stop for vehicle in problem.vehicles for visit in vehicle.begun}
    stops = [stop.id for stop in problem.stops if stop.id not in begun]
    vehicles = [vehicle.id for vehicle in problem.vehicles]
    for given in product([None, *vehicles], repeat=len(stops)):
        shares = [
            [stop for stop, to in zip(stops, given, strict=True) if to == vehicle] for vehicle in vehicles
        ]
        for orders in product(*(permutations(share) for share in shares)):
            yield dict(zip(vehicles, orders, strict=True))


def cheapest(problem: Problem) -> int:
    costs = []
    for orders in every_plan(problem):
        found = verify(problem, timetable(problem, orders))
        if found.feasible:
            costs.append(found.cost.total)
    return min(costs)


@pytest.mark.parametrize("seed", range(100, 114))
def test_the_plan_is_the_cheapest_there_is(seed: int) -> None:
    problem = rich(seed, size=4, crews=2)
    solution = solve(problem, Iterations(200), seed, engine="savings")
    found = verify(problem, solution)
    assert found.feasible, [str(one) for one in found.violations]
    assert found.cost.total == cheapest(problem)
